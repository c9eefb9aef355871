/** The published files in another language: Python's jsonschema reads them and judges as TypeBox does. */
import { expect, test } from "bun:test";
import { describeWith, partPath } from "../test/real/parts.fixture.ts";
import { FOLDER } from "./generate.ts";
import { CASES } from "./published.case.ts";

const SCRIPT = `
import json, pathlib, sys
from jsonschema import Draft202012Validator

for case in json.load(sys.stdin):
    schema = json.loads((pathlib.Path(sys.argv[1]) / (case["schema"] + ".schema.json")).read_text())
    Draft202012Validator.check_schema(schema)
    valid = Draft202012Validator(schema).is_valid
    print(json.dumps({
        "schema": case["schema"],
        "good": [valid(value) for value in case["good"]],
        "bad": {why: valid(value) for why, value in case["bad"].items()},
    }))
`;

describeWith(["python-jsonschema"], "the published JSON Schemas in Python", () => {
  test("are valid by the metaschema, take what is good and refuse what is bad", async () => {
    const python = Bun.spawn([partPath("python-jsonschema"), "-c", SCRIPT, FOLDER], {
      stdin: new Blob([JSON.stringify(CASES)]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [output, errors, code] = await Promise.all([
      new Response(python.stdout).text(),
      new Response(python.stderr).text(),
      python.exited,
    ]);
    expect([code, errors]).toEqual([0, ""]);
    const verdicts: unknown[] = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(verdicts).toEqual(
      CASES.map(({ schema, good, bad }) => ({
        schema,
        good: good.map(() => true),
        bad: Object.fromEntries(Object.keys(bad).map((why) => [why, false])),
      })),
    );
  });
});

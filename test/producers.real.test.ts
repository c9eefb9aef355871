/** What docs/producers.md shows really runs: Python, kcat and Go send through Kafka and read back; Python reads the schema. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { run } from "../connect/engine.ts";
import { Telemetry } from "../schemas/telemetry.ts";
import { describeWith, partPath } from "./real/parts.ts";
import {
  type Cluster,
  createTopics,
  ready,
  type Service,
  startEmbeddedBroker,
  startService,
} from "./system.ts";
import { telemetryValues } from "./telemetry.case.ts";

describe("the producers of docs/producers/", () => {
  let broker: Cluster;
  let enrich: Service;
  beforeAll(async () => {
    broker = await startEmbeddedBroker();
    await createTopics(broker);
    enrich = startService("enrich", broker);
    await ready(enrich);
  }, 60_000);
  afterAll(async () => {
    await enrich.process.stop();
    await broker.stop();
  });

  /** Its output, once it has ended with 0. */
  async function example(command: string[], cwd?: string): Promise<string> {
    const { code, output } = await run([...command, broker.brokers], { cwd });
    expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
    return output;
  }

  describeWith(["python-kafka", "python-jsonschema"], "producer.py", () => {
    test("checks by the schema, sends both, and reads a GOOD one and a dead letter", async () => {
      const output = await example([partPath("python-jsonschema"), "docs/producers/producer.py"]);
      expect(output).toContain("by the schema: good\n");
      expect(output).toContain("by the schema: '21.4 degrees'");
      expect(output).toContain("enriched: GOOD []\n");
      expect(output).toContain("dead letter: schema /measurements ");
    }, 60_000);
  });

  describeWith(["kcat"], "kcat.sh", () => {
    test("sends both in a line each, and reads both", async () => {
      const output = await example(["bash", "docs/producers/kcat.sh"]);
      expect(output).toContain('"grade":"GOOD"');
      expect(output).toContain("iot.reason=bad_timestamp");
    }, 60_000);
  });

  describeWith(["go"], "go/main.go", () => {
    test("sends both and reads both", async () => {
      const output = await example([partPath("go"), "run", "-buildvcs=false", "."], "docs/producers/go");
      expect(output).toContain("enriched: GOOD\n");
      expect(output).toContain("dead letter: bad_timestamp /timestamp ");
    }, 300_000);
  });

  test("are named in the guide, and their lines there are those of the files", () => {
    const guide = readFileSync("docs/producers.md", "utf8");
    for (const file of ["producer.py", "kcat.sh", "go/main.go"]) expect(guide).toContain(`producers/${file}`);
  });
});

const PYTHON = `
import json, pathlib, sys
from jsonschema import Draft202012Validator

valid = Draft202012Validator(json.loads(pathlib.Path("schemas/json/telemetry.schema.json").read_text())).is_valid
for line in sys.stdin:
    print("01"[valid(json.loads(line))], end="")
`;

describeWith(["python-jsonschema"], "Python's jsonschema", () => {
  test("agrees with TypeBox on 5,000 generated messages, good and bad", async () => {
    const values = [...telemetryValues(5_000, 2)];
    const check = TypeCompiler.Compile(Telemetry);
    const lines = values.map((value) => JSON.stringify(value)).join("\n");
    const { code, output } = await run([partPath("python-jsonschema"), "-c", PYTHON], {
      input: new Blob([lines]),
    });
    expect([code, output.length]).toEqual([0, values.length]);
    const differ = values.filter((value, at) => check.Check(value) !== (output[at] === "1"));
    expect(differ.slice(0, 3)).toEqual([]);
  }, 120_000);
});

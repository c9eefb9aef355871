/** `bun run explain`: lines, tables, faults. Over 250 lines: whole outputs stand beside their inputs. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GOLDEN } from "../schemas/examples/examples.case.ts";
import { changed } from "../enrich/enrich.case.ts";
import { narrowed, run } from "./explain.fixture.ts";
import { pinnedRegistry } from "../registry/pinned.fixture.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "explain-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("the verdict line", () => {
  test("has what was decided, by which rule, and why", async () => {
    const { code, lines, err } = await run([], changed({ "/measurements/voltage/phase_a": 135 }));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(lines).toEqual([
      {
        line: 1,
        to: "enriched",
        device_id: "breaker-001",
        device_type: "smart_breaker",
        method: "declared",
        score: 100,
        runner_up: null,
        reasons: ["device_type says smart_breaker"],
        grade: "UNCERTAIN",
        completeness: 100,
        findings: [
          {
            code: "range.operating",
            path: "/measurements/voltage/phase_a",
            expected: "110..130 V",
            severity: "uncertain",
          },
        ],
      },
    ]);
  });

  test("of a dead letter has the reason, the place and our words", async () => {
    const { lines } = await run([], '{"device_id":"x","measurements":[]}');
    expect(lines).toEqual([
      {
        line: 1,
        to: "dlq",
        reason: "schema",
        path: "/measurements",
        message: "measurements is an array; expected an object",
      },
    ]);
  });

  test("of a golden message says the same as its golden file", async () => {
    for (const { raw, enriched } of GOLDEN) {
      const { lines } = await run([], raw);
      const { grade, findings } = enriched.data_quality;
      expect(lines).toMatchObject([
        { device_type: enriched.enrichment_info.device_type_detected, grade, findings },
      ]);
    }
  });
});

describe("the record that is assumed", () => {
  test("its time is the message's own: a message of last year is not late", async () => {
    const { lines } = await run([], changed({ "/timestamp": "2024-01-01T00:00:00Z" }));
    expect(lines[0].grade).toBe("GOOD");
  });

  test("without a time of its own it is now", async () => {
    const { lines } = await run([], changed({ "/timestamp": undefined }));
    expect(lines[0].findings).toMatchObject([{ code: "timestamp.missing" }]);
  });

  test("its key is the message's own id, so none is missing", async () => {
    const { lines } = await run([], changed({}));
    expect(lines[0].findings).toEqual([]);
  });

  test("without an id of its own the key is explain", async () => {
    const { lines } = await run([], changed({ "/device_id": undefined }));
    expect(lines[0].device_id).toBe("explain");
  });

  test("--key stands for the record key", async () => {
    const { lines } = await run(["--key", "plug-7"], changed({ "/device_id": undefined }));
    expect(lines[0].device_id).toBe("plug-7");
    const { lines: contradicted } = await run(["--key", "plug-7"], changed({}));
    expect(contradicted[0]).toMatchObject({ to: "dlq", reason: "key_mismatch" });
  });
});

describe("the input", () => {
  test("is newline-delimited JSON, lines counted with the empty ones", async () => {
    const { lines } = await run(["-"], `${changed({})}\n\n{"device_id":"x"\n${changed({})}\r\n`);
    expect(lines.map(({ line, to }) => `${line} ${to}`)).toEqual(["1 enriched", "3 dlq", "4 enriched"]);
  });

  test("is one message however it is laid out", async () => {
    const { lines } = await run([], `\n${JSON.stringify(JSON.parse(changed({})), null, 2)}\n`);
    expect(lines.map(({ line, to }) => `${line} ${to}`)).toEqual(["2 enriched"]);
  });

  test("is one broken message when it is none", async () => {
    const { lines } = await run([], '{\n  "device_id": "x",\n  "v": ,\n}');
    expect(lines).toMatchObject([{ line: 1, to: "dlq", reason: "not_json", path: "/v" }]);
  });

  test("may be a file", async () => {
    const { lines } = await run(["schemas/examples/breaker.raw.json"]);
    expect(lines).toMatchObject([{ device_id: "breaker-001", grade: "GOOD" }]);
  });

  test("bytes that are no UTF-8 are a dead letter of their line only", async () => {
    const input = Buffer.concat([
      Buffer.from(`${changed({})}\n{"device_id":"caf`),
      Buffer.from([0xe9]),
      Buffer.from(`"}\n${changed({})}`),
    ]);
    const { lines } = await run([], input);
    expect(lines.map(({ reason, to }) => reason ?? to)).toEqual(["enriched", "not_utf8", "enriched"]);
  });

  test("an empty one says so", async () => {
    expect(await run([], " \n")).toMatchObject({ code: 0, out: "", err: "no messages in the input\n" });
  });
});

describe("another registry", () => {
  test("--registry judges by it", async () => {
    const { lines, err } = await run(["--registry", file("narrow.json", narrowed())], changed({}));
    expect(err).toBe("");
    expect(lines[0].findings).toMatchObject([
      { code: "range.operating", path: "/measurements/temperature/value" },
    ]);
  });

  test("a bad one is refused with every fault, and nothing is judged", async () => {
    const registry = narrowed();
    const bad = file("bad.json", { ...registry, colour: 1, metadata: { ...registry.metadata, version: 7 } });
    const { code, out, err } = await run(["--registry", bad], changed({}));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("/colour");
    expect(err).toContain("/metadata/version");
  });

  test("the original's form loads", async () => {
    const original = file("original.json", {
      device_types: {
        smart_breaker: {
          name: "Smart Circuit Breaker",
          description: "x",
          category: "electrical_protection",
          capabilities: ["voltage_monitoring"],
          measurements: {
            voltage: {
              unit: "V",
              description: "Line voltage per phase",
              min_value: 110,
              max_value: 130,
              data_type: "float",
              phases: ["phase_a", "phase_b", "phase_c"],
            },
          },
          manufacturers: [],
          locations: ["electrical_room_a"],
          data_format: "json",
          update_frequency: "5_seconds",
          retention_policy: "30_days",
        },
      },
      metadata: { version: "1.0.0", last_updated: "2025-08-15", description: "x", schema_version: "1.0" },
    });
    const { lines, err } = await run(["--registry", original, "schemas/examples/breaker.raw.json"]);
    expect(err).toBe("");
    expect(lines).toMatchObject([{ device_type: "smart_breaker", grade: "GOOD" }]);
  });
});

describe("a terminal", () => {
  test("gets a table of field, value, unit, range and finding", async () => {
    const { out } = await run(
      [],
      changed({ "/measurements/voltage/phase_a": 135, "/measurements/status": undefined }),
      true,
    );
    expect(out).toContain("line 1: breaker-001 is smart_breaker (declared, score 100)");
    expect(out).toContain("grade BAD, 87 % complete");
    expect(out).toMatch(/field +value +unit +range +finding/);
    expect(out).toMatch(/voltage\.phase_a +135 +V +.* +uncertain: range\.operating, expected 110\.\.130 V/);
    expect(out).toMatch(/temperature +52\.5 +degC +20\.\.80 degC\n/);
    expect(out).toMatch(/\/measurements\/status +bad: missing/);
  });

  test("sees the time as it was sent, what it was read as, and its finding", async () => {
    const rowOf = async (timestamp: unknown) =>
      (await run([], changed({ "/timestamp": timestamp }), true)).out.match(/^ {2}timestamp .*$/m)?.[0];
    expect(await rowOf(1_764_064_800)).toMatch(
      /^ {2}timestamp +1764064800 +2025-11-25T10:00:00.000Z +info: timestamp\.unix$/,
    );
    expect(await rowOf(undefined)).toMatch(/^ {2}timestamp +uncertain: timestamp\.missing, expected /);
    expect(await rowOf("2026-11-24T14:27:08Z")).toMatch(/^ {2}timestamp +"2026-11-24T14:27:08Z"$/);
    expect(await rowOf("2026-11-24T14:27:08+01:00")).toMatch(
      /"2026-11-24T14:27:08\+01:00" +2026-11-24T13:27:08\.000Z$/,
    );
  });

  test("sees a range that hangs on the mains in volts, and of which mains", async () => {
    const meter = (phase_a: number) => ({
      device_id: "m-1",
      device_type: "smart_meter_1p",
      timestamp: "2026-11-24T14:27:08Z",
      measurements: { voltage: phase_a },
    });
    const rangeOf = async (value: number) =>
      (await run([], JSON.stringify(meter(value)), true)).out.match(/^ {2}voltage .*$/m)?.[0];
    expect(await rangeOf(231)).toMatch(/ +231 +V +207\.\.253 V \(90\.\.110 % of 230\)$/);
    expect(await rangeOf(118)).toMatch(/ +118 +V +108\.\.132 V \(90\.\.110 % of 120\)$/);
  });

  test("sees that a whole group of a vendor's message is missing", async () => {
    const shelly = pinnedRegistry()
      .shapes?.find(({ id }) => id === "shelly-em1")
      ?.examples?.at(-1)?.message;
    const { out } = await run([], JSON.stringify(shelly), true);
    expect(out).toMatch(/^ {2}energy\.\* .*info: missing\.optional, expected energy\.\*$/m);
  });

  test("sees what was sent where a vendor's value cannot be read", async () => {
    const shelly = pinnedRegistry().shapes?.find(({ id }) => id === "shelly-emdata")?.examples?.[0]?.message;
    for (const sent of ["230,4", true, { Wh: 230 }, [230]]) {
      const text = JSON.stringify(shelly, (name, value) => (name === "total_act" ? sent : value));
      const row = (await run([], text, true)).out.match(/^ {2}energy\.import .*$/m)?.[0] ?? "";
      expect(row).toContain(`${JSON.stringify(sent)} `);
      expect(row).toContain("bad: wrong_type");
    }
  });

  test("sees where everything stands in a message that nobody knows", async () => {
    const { out } = await run([], '{"sn":"T-1","m":{"a/b":[1,null],"e":{}},"timestamp":1764064800}', true);
    expect(
      out
        .split("\n")
        .slice(5, -2)
        .map((line) => line.trim().split(/ {2,}/).slice(0, 2)),
    ).toEqual([
      ["timestamp", "1764064800"],
      ["/sn", '"T-1"'],
      ["/m/a~1b/0", "1"],
      ["/m/a~1b/1", "null"],
    ]);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, index]));
    expect((await run([], JSON.stringify(many), true)).out).toContain("  and 40 more\n");
    expect((await run([], '{"device_id":"x","measurements":{"zz":1}}', true)).out).not.toContain(
      "/device_id",
    );
  });

  test("gets a sentence for a dead letter", async () => {
    const { out } = await run([], "{", true);
    expect(out).toStartWith("line 1: dead letter, not_json: not JSON: at character 2 expected");
  });

  test("is not driven by what a device sends", async () => {
    const evil = "\u001b[2J\u0007\u202e\u0085";
    const { out } = await run(
      [],
      changed({ "/device_type": evil, "/measurements/voltage/phase_a": evil, "/device_id": "a\u200fb" }),
      true,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  test("may ask for lines, and a file for a table", async () => {
    expect((await run(["--json"], changed({}), true)).lines).toHaveLength(1);
    expect((await run(["--table"], changed({}))).out).toStartWith("line 1: ");
  });
});

describe("faults of the command", () => {
  test.each([
    [["--kye", "x"], "Unknown option '--kye'"],
    [["--key"], "Option '--key <value>' argument missing"],
    [["a", "b"], "expected one file, found a b"],
    [["no-such-file.json"], "no-such-file.json: expected a file that can be read"],
    [["--registry", "no-such-file.json"], "no-such-file.json: does not exist"],
  ])("%j", async (args, fault) => {
    const { code, out, err } = await run(args, changed({}));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(fault);
  });

  test("as a program: verdict lines on stdout, nothing else, exit code 0", async () => {
    const child = Bun.spawn([process.execPath, "explain/explain.ts", "-"], {
      stdin: new Blob([changed({})]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({ line: 1, to: "enriched" });
  });

  test("as a program: a reader that goes away early is no fault", async () => {
    const input = readFileSync("schemas/examples/breaker.raw.json").toString().replaceAll("\n", "");
    const many = file("many.ndjson", `${input}\n`.repeat(3_000));
    const child = Bun.spawn(["sh", "-c", `"${process.execPath}" explain/explain.ts "${many}" | head -n 1`], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    expect({ lines: out.trimEnd().split("\n").length, err }).toEqual({ lines: 1, err: "" });
  });
});

/** `bun run explain`: lines, tables, differences, faults. Over 250 lines: whole outputs stand beside their inputs. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GOLDEN } from "../schemas/examples/examples.case.ts";
import { CASE_TIME, changed } from "./enrich.case.ts";
import { explain } from "./explain.ts";
import { shippedRegistry } from "./plan.case.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "explain-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(args: string[], input: string | Buffer = "", isTerminal = false) {
  let out = "";
  let err = "";
  const code = await explain(args, {
    stdin: async () => Buffer.from(input),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isTerminal,
    now: () => CASE_TIME + 86_400_000,
  });
  const lines = out.startsWith("{")
    ? out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
    : [];
  return { code, out, err, lines };
}

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
    expect(await run([], " \n")).toMatchObject({ code: 0, out: "", err: "no message in the input\n" });
  });
});

describe("another registry", () => {
  const narrowed = () => {
    const registry = shippedRegistry();
    registry.metadata.version = "9.9.9";
    const breaker = registry.device_types.smart_breaker;
    if (breaker)
      breaker.measurements.temperature = { quantity: "temperature", unit: "degC", operating: [20, 50] };
    // Its own examples are not what is tried here.
    for (const type of Object.values(registry.device_types)) type.examples = undefined;
    return registry;
  };

  test("--registry judges by it", async () => {
    const { lines, err } = await run(["--registry", file("narrow.json", narrowed())], changed({}));
    expect(err).toBe("");
    expect(lines[0].findings).toMatchObject([
      { code: "range.operating", path: "/measurements/temperature/value" },
    ]);
  });

  test("--diff prints only what changes, and how many of how many on stderr", async () => {
    const input = `${changed({})}\n${changed({ "/measurements/temperature": { value: 30 } })}\n{`;
    const { lines, err } = await run(["--diff", file("narrow.json", narrowed())], input);
    expect(lines).toEqual([
      {
        line: 1,
        before: { grade: "GOOD", findings: [] },
        after: { grade: "UNCERTAIN", findings: [expect.objectContaining({ code: "range.operating" })] },
      },
    ]);
    expect(err).toBe("1 of 3 messages change\n");
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
    [["--kye", "x"], "--kye: unknown option"],
    [["--key"], "--key: expected a value, found none"],
    [["a", "b"], "expected one file, found a b"],
    [["no-such-file.json"], "no-such-file.json: expected a file that can be read"],
    [["--registry", "no-such-file.json"], "no-such-file.json: does not exist"],
  ])("%j", async (args, fault) => {
    const { code, out, err } = await run(args, changed({}));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(fault);
  });

  test("as a program: verdict lines on stdout, nothing else, exit code 0", async () => {
    const child = Bun.spawn([process.execPath, "enrich/explain.ts", "-"], {
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
    const child = Bun.spawn(["sh", "-c", `"${process.execPath}" enrich/explain.ts "${many}" | head -n 1`], {
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

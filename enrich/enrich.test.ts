/** `enrich()` against golden messages, the cases of every host, arbitrary input. Over 250 lines: one function, all its rules. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { DEAD_LETTER_REASONS, LIMITS } from "../schemas/dead-letter.ts";
import { FINDING_SEVERITY } from "../schemas/enriched.ts";
import { DEAD_LETTERS, GOLDEN, goldenFile, GOLDEN_NOW } from "../schemas/examples/examples.case.ts";
import { bytesToText } from "./bytes-to-text.ts";
import { CASE_TIME, changed, ENRICH_CASES, goodMessage } from "./enrich.case.ts";
import { enrich } from "./enrich.fixture.ts";
import { mutate, seeded } from "./mutations.fixture.ts";
import { planOf, pinnedPlan, pinnedRegistry } from "../registry/pinned.fixture.ts";
import { brokenRule, unrepeatable } from "./rules.case.ts";

const plan = pinnedPlan;

/** `UPDATE_GOLDEN=1 bun test --isolate enrich/enrich.test.ts` writes what comes out now; then read the diff. */
if (process.env.UPDATE_GOLDEN) {
  for (const { name, raw, key, timestamp } of GOLDEN) {
    const { result } = run(raw, key, timestamp);
    if (result.to === "enriched")
      writeFileSync(goldenFile(name), `${JSON.stringify(JSON.parse(result.value), null, 2)}\n`);
  }
  throw new Error("golden messages written: format them, read the diff, and test without UPDATE_GOLDEN");
}

type Checks = "all" | "rules" | "cheap";
/** How many of the cases are looked at in full: all must hold, but only some are asked what the output looks like. */
const checksOf = (index: number): Checks => (index % 32 === 0 ? "all" : index % 4 === 0 ? "rules" : "cheap");

function run(
  bytes: Buffer | string | null,
  key: string | null = null,
  timestamp = CASE_TIME,
  checks: Checks = "all",
) {
  const raw = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  const sample = { text: bytesToText(raw), source: { key, timestamp, bytes: raw?.length ?? 0 } };
  const result = enrich(sample.text, sample.source, plan, GOLDEN_NOW);
  const broken =
    (checks === "cheap" && result.to === "enriched" ? undefined : brokenRule(sample, result)) ??
    (checks === "all" ? unrepeatable(sample, result, plan, GOLDEN_NOW) : undefined);
  return { result, broken };
}

describe("golden messages", () => {
  for (const { name, raw, key, timestamp, enriched } of GOLDEN) {
    test(`${name} becomes its enriched message, whole`, () => {
      const { result, broken } = run(raw, key, timestamp);
      expect(broken).toBeUndefined();
      expect(result.to === "enriched" && JSON.parse(result.value)).toEqual(enriched);
    });

    test(`${name}: the raw text stays byte for byte`, () => {
      const { result } = run(raw, key, timestamp);
      const kept = raw.subarray(0, raw.lastIndexOf("}")).toString();
      expect(result.to === "enriched" && result.value.slice(0, kept.length)).toBe(kept);
    });
  }

  test("the predecessor's sample is complete and GOOD when its record timestamp is its own time", () => {
    const breaker = GOLDEN.find(({ name }) => name === "breaker")?.enriched.data_quality;
    expect(breaker).toMatchObject({
      grade: "GOOD",
      completeness: 100,
      measurements_complete: true,
      timestamp_valid: true,
    });
  });

  for (const { what, raw, key, timestamp, ...expected } of DEAD_LETTERS) {
    test(`${what} is a dead letter: ${expected.reason}`, () => {
      expect(run(raw, key, timestamp).result).toEqual({ to: "dlq", ...expected });
    });
  }

  test("every reason that a message can have stands among them", () => {
    const shown = new Set<string>(DEAD_LETTERS.map(({ reason }) => reason));
    const needOthers = ["undecodable", "output_too_large", "internal"];
    expect(Object.keys(DEAD_LETTER_REASONS).filter((reason) => !shown.has(reason))).toEqual(needOthers);
  });
});

describe("cases that every host runs", () => {
  for (const { name, bytes, key, timestamp, expected } of ENRICH_CASES) {
    test(name, () => {
      const { result, broken } = run(bytes, key, timestamp);
      expect(broken).toBeUndefined();
      if (expected.to === "either") return;
      if (expected.to === "dlq" || result.to === "dlq") expect(result).toMatchObject(expected);
      else {
        const { device_type, detection, grade, findings } = result.verdict;
        const said = findings.map(({ code, path }) => `${code} ${path}`);
        expect({ to: result.to, device_type, method: detection.method, grade, findings: said }).toMatchObject(
          expected,
        );
      }
    });
  }

  test("every finding code is met by one of them", () => {
    const met = new Set<string>();
    for (const { bytes, key, timestamp } of ENRICH_CASES) {
      const { result } = run(bytes, key, timestamp);
      if (result.to === "enriched") for (const { code } of result.verdict.findings) met.add(code);
    }
    expect(Object.keys(FINDING_SEVERITY).filter((code) => !met.has(code))).toEqual([]);
    expect([...met].some((code) => code.startsWith("check."))).toBe(true);
  });
});

describe("what no message can cause", () => {
  const source = (text: string) => ({ key: null, timestamp: CASE_TIME, bytes: Buffer.byteLength(text) });

  test("a type whose metadata would pass 1,000,000 bytes makes output_too_large", () => {
    const registry = pinnedRegistry();
    const breaker = registry.device_types.smart_breaker;
    if (breaker) breaker.capabilities = Array(200).fill("€".repeat(2_000));
    const text = changed({});
    const result = enrich(text, source(text), planOf(registry), GOLDEN_NOW);
    expect(result).toEqual({
      to: "dlq",
      reason: "output_too_large",
      path: "",
      message: expect.stringContaining("1000000 bytes"),
    });
  });

  test("bytes are counted, not characters: 999,999 pass and 1,000,001 do not", () => {
    const text = changed({});
    const sizeWith = (description: string, longest = 490) => {
      const registry = pinnedRegistry();
      const breaker = registry.device_types.smart_breaker;
      if (breaker)
        Object.assign(breaker, { description, capabilities: Array(longest).fill("x".repeat(2_000)) });
      return enrich(text, source(text), planOf(registry), GOLDEN_NOW);
    };
    const roomWith = (longest: number) => {
      const small = sizeWith("", longest);
      return LIMITS.outputBytes - (small.to === "enriched" ? Buffer.byteLength(small.value) : 0);
    };
    const longest = 490 + Math.floor(roomWith(490) / 2_003);
    const room = roomWith(longest);
    const full = sizeWith("x".repeat(room), longest);
    expect(full.to === "enriched" && Buffer.byteLength(full.value)).toBe(LIMITS.outputBytes);
    expect(sizeWith(`é${"x".repeat(room - 1)}`, longest)).toMatchObject({ reason: "output_too_large" });
  });

  test("a bug becomes internal, in our words, and is handed to the host", () => {
    const broken = { ...plan, shapes: null as unknown as typeof plan.shapes };
    const text = changed({});
    const result = enrich(text, source(text), broken, GOLDEN_NOW);
    expect(result).toEqual({
      to: "dlq",
      reason: "internal",
      path: "",
      message: expect.any(String),
      bug: expect.any(Error),
    });
    expect(result.to === "dlq" && result.message).not.toContain("null");
  });

  test("a clock that gives no time is a bug too, and no exception", () => {
    const text = changed({});
    expect(enrich(text, source(text), plan, Number.NaN)).toMatchObject({ reason: "internal" });
  });
});

describe("headers", () => {
  test("a path is cut to 256 bytes between two characters, and stays a JSON Pointer", () => {
    for (const name of [
      "x".repeat(400),
      "é".repeat(200),
      "😀".repeat(100),
      `${"y".repeat(254)}~/`,
      `${"y".repeat(253)}~/`,
    ]) {
      const { result, broken } = run(`{"device_id":"a","${name}":1e400}`);
      expect(broken).toBeUndefined();
      expect(result).toMatchObject({ reason: "not_json" });
      expect(result.to === "dlq" && Buffer.byteLength(result.path)).toBeGreaterThan(250);
    }
  });

  test("a message is cut to 512 bytes", () => {
    const { result, broken } = run(changed({ "/timestamp": "€".repeat(400) }));
    expect(broken).toBeUndefined();
    expect(result).toMatchObject({ reason: "bad_timestamp" });
  });
});

describe("any input", () => {
  const anyTime = fc.oneof(fc.integer({ min: -1, max: 4e12 }), fc.constant(CASE_TIME));
  const anyKey = fc.option(fc.string({ unit: "binary", maxLength: 140 }));

  test("arbitrary JSON keeps every rule", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 20 }), anyKey, anyTime, (text, key, timestamp) => {
        expect(run(text, key, timestamp).broken).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  test("arbitrary members and measurements keep every rule, and never change the type for the better", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const groups = fc.dictionary(
      fc.oneof(fc.constantFrom(...Object.keys(goodMessage().measurements)), fc.string()),
      value,
    );
    fc.assert(
      fc.property(
        groups,
        fc.dictionary(fc.string(), value),
        anyKey,
        anyTime,
        (measurements, extra, key, timestamp) => {
          const text = JSON.stringify({
            ...extra,
            device_id: "a",
            device_type: "smart_breaker",
            measurements,
          });
          expect(run(text, key, timestamp).broken).toBeUndefined();
        },
      ),
      { numRuns: 2_000 },
    );
  }, 30_000);

  test("arbitrary bytes keep every rule", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(run(Buffer.from(bytes)).broken).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  test("neither the order of the members nor an unknown field changes the verdict", () => {
    const shuffled = fc.shuffledSubarray(Object.entries(goodMessage()), { minLength: 5 });
    const { result: plain } = run(changed({}));
    fc.assert(
      fc.property(shuffled, fc.string(), (entries, name) => {
        const text = JSON.stringify({ ...Object.fromEntries(entries), [`x-${name}`]: 1 });
        const { result } = run(text);
        expect(result.to === "enriched" && result.verdict).toEqual(plain.to === "enriched" && plain.verdict);
      }),
      { numRuns: 200 },
    );
  });

  test("a dead letter leaves its neighbours as they would be alone", () => {
    const texts = ENRICH_CASES.slice(0, 120);
    const alone = texts.map(({ bytes, key, timestamp }) => run(bytes, key, timestamp).result);
    const backwards = texts
      .toReversed()
      .map(({ bytes, key, timestamp }) => run(bytes, key, timestamp).result);
    expect(backwards.toReversed()).toEqual(alone);
  });

  test("200,000 mutations of good messages keep every rule", () => {
    const good = [...GOLDEN.map(({ raw }) => JSON.stringify(JSON.parse(raw.toString()))), changed({})];
    const seed = Date.now() % 4_294_967_296;
    const random = seeded(seed);
    const outcomes = new Set<string>();
    for (let index = 0; index < 200_000; index++) {
      const bytes = mutate(good, random);
      const { result, broken } = run(bytes, null, GOLDEN_NOW, checksOf(index));
      if (broken !== undefined)
        throw new Error(`seed ${seed}, mutation ${index}: ${broken}\n${bytes.toString()}`);
      outcomes.add(result.to === "dlq" ? result.reason : result.verdict.grade);
    }
    // The mutations reach far: all grades, and all reasons but those of size, of the record key and not_object (five in a run:
    // one run in a hundred has none).
    const reached = ["not_utf8", "not_json", "too_deep", "duplicate_key", "schema", "bad_timestamp"];
    expect([...outcomes]).toEqual(expect.arrayContaining(["GOOD", "UNCERTAIN", "BAD", ...reached]));
  }, 120_000);
});

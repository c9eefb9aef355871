/** What holds for every type and every shape of the shipped registry, not for samples of them. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FINDING_SEVERITY } from "../schemas/enriched.ts";
import type { RegistryExample } from "../schemas/registry.ts";
import { scoreTypes } from "./detect.ts";
import { presenceOf } from "./fields.ts";
import { judgeExample } from "./examples.ts";
import { judge } from "./judge.ts";
import { parsePointer, pointerOf, readPointer } from "./pointer.ts";
import { type Message, planOf, pinnedPlan, pinnedRegistry } from "./pinned.case.ts";
import type { Judged, Verdict } from "./verdict.ts";

const registry = pinnedRegistry();
const types = Object.entries(registry.device_types);
const shapes = registry.shapes ?? [];
interface Case {
  of: string;
  example: RegistryExample;
}
const ofTypes: Case[] = types.flatMap(([of, { examples }]) =>
  (examples ?? []).map((example) => ({ of, example })),
);
const ofShapes: Case[] = shapes.flatMap(({ id, examples }) =>
  (examples ?? []).map((example) => ({ of: id, example })),
);
const all = [...ofTypes, ...ofShapes];
const titles = (cases: Case[]) => cases.map((one) => [`${one.of}: ${one.example.name}`, one] as const);

const judgedExample = (
  example: RegistryExample,
  message: Message = example.message,
  plan = pinnedPlan,
): Judged => {
  const verdict = judgeExample({ ...example, message }, plan);
  if (!verdict.ok) throw new Error(`${verdict.reason}: ${verdict.message}`);
  return verdict;
};
const presenceIn = (measurements: Record<string, unknown>) =>
  presenceOf(measurements, pinnedPlan.groups, pinnedPlan.field_count, pinnedPlan.types.length);
const RANK = { GOOD: 2, UNCERTAIN: 1, BAD: 0 };
const rank = (verdict: Verdict) => (verdict.ok ? RANK[verdict.grade] : -1);

describe("the shipped registry", () => {
  test("has examples for each type and each shape, and a page for each shape", () => {
    for (const [key, type] of types) expect([key, type.examples?.length]).not.toEqual([key, undefined]);
    for (const shape of shapes) {
      expect([shape.id, (shape.examples ?? []).length > 0]).toEqual([shape.id, true]);
      expect([shape.id, shape.documentation]).toEqual([shape.id, expect.stringMatching(/^https:\/\//)]);
    }
  });
  test("has a quantity and a description for each leaf, and a unit for each number", () => {
    for (const type of pinnedPlan.types)
      for (const leaf of type.leaves) {
        const isText = leaf.value === "string";
        expect([type.key, leaf.path, leaf.quantity !== null || isText]).toEqual([type.key, leaf.path, true]);
        expect([type.key, leaf.path, leaf.unit !== null || isText]).toEqual([type.key, leaf.path, true]);
      }
    for (const [, type] of types)
      for (const measurement of Object.values(type.measurements))
        expect(measurement.description ?? "").not.toBe("");
  });
  test("gives the vendors' types the mains of both halves of the world, and smart_breaker 120 V only", () => {
    const electrical = pinnedPlan.types.filter(({ nominals }) => nominals.length > 0);
    for (const { key, nominals } of electrical)
      expect([key, nominals.map(({ voltage }) => voltage)]).toEqual([
        key,
        key === "smart_breaker" ? [120] : [120, 230],
      ]);
  });
});

describe("an example", () => {
  test.each(titles(ofTypes))("%s: no other type ties on it", (_title, { of, example }) => {
    const measurements = example.message.measurements as Record<string, unknown>;
    const [first, second] = scoreTypes(presenceIn(measurements), pinnedPlan).filter(
      ({ eligible }) => eligible,
    );
    const own = first?.type.key === of || example.message.device_type === of;
    expect(own).toBe(true);
    if (first?.type.key === of && second !== undefined)
      expect(second.score).toBeLessThan(first.score - 20 + 1);
  });

  test.each(titles(all))("%s: the order of its keys does not change the type", (_title, { example }) => {
    const before = judgedExample(example);
    const after = judgedExample(example, reversed(example.message) as Message);
    expect(after.device_type).toBe(before.device_type);
    expect(after.detection).toEqual(before.detection);
    expect(after.grade).toBe(before.grade);
  });

  test.each(titles(all))("%s: fields that nobody knows do not change the type", (_title, { example }) => {
    const before = judgedExample(example);
    const message = structuredClone(example.message);
    Object.assign(message, { zz_firmware: "1.2.3", zz_nested: { a: [1, { b: 2 }] }, zz_: null });
    if (typeof message.measurements === "object")
      Object.assign(message.measurements ?? {}, { zz_vibration: 3 });
    const after = judgedExample(example, message);
    expect(after.device_type).toBe(before.device_type);
    expect(after.grade).toBe(before.grade);
  });

  test.each(titles(all))("%s: dropping a field never raises the grade", (_title, { example }) => {
    const declared = { ...example.message };
    // An undeclared message of which too much is gone is unknown, and unknown is never BAD.
    if (typeof declared.measurements === "object")
      declared.device_type ??= example.expect.device_type ?? _title.split(":")[0];
    const before = judgedExample(example, declared);
    for (const [smaller, dropped] of withoutOne(declared)) {
      const source = { key: before.device_id, timestamp: before.timestamp ?? 0 };
      const after = judge(smaller, source, pinnedPlan);
      if (rank(after) <= rank(before)) continue;
      // Only an optional field that was itself the trouble.
      expect(after.ok && after.findings.some(({ code }) => code === "missing")).toBe(false);
      expect(
        before.findings.some(({ path, severity }) => severity !== "info" && path.startsWith(dropped)),
      ).toBe(true);
    }
  });

  test.each(titles(all))(
    "%s: each finding points at what is there, or where it is missing",
    (_title, { example }) => {
      const smaller = withoutOne(example.message).map(([message]) => message);
      for (const message of [example.message, ...smaller, ...spoilt(example.message)]) {
        const source = { key: example.key ?? null, timestamp: Date.UTC(2026, 0, 1) };
        const verdict = judge(message, source, pinnedPlan);
        if (!verdict.ok) continue;
        for (const { code, path } of verdict.findings) {
          expect(code in FINDING_SEVERITY || code.startsWith("check.")).toBe(true);
          const tokens = parsePointer(path);
          const found = tokens === undefined ? undefined : readPointer(message, tokens);
          // A group without members is missing where it stands.
          const isEmpty = found === undefined || found === null || JSON.stringify(found) === "{}";
          const isAbsent = code.startsWith("missing") || code === "timestamp.missing" || code === "null";
          expect([code, path, tokens !== undefined, isEmpty]).toEqual([code, path, true, isAbsent]);
        }
      }
    },
  );
});

describe("ranges", () => {
  test("widening one never adds a finding", () => {
    const wide = pinnedRegistry();
    for (const type of Object.values(wide.device_types))
      for (const measurement of Object.values(type.measurements)) {
        const { components } = measurement;
        const leaves = components === undefined || Array.isArray(components) ? [] : Object.values(components);
        for (const leaf of [measurement, ...leaves]) {
          leaf.physical &&= [(leaf.physical[0] ?? 0) - 1e6, (leaf.physical[1] ?? 0) + 1e6];
          if (leaf.min_value !== undefined) leaf.min_value -= 20;
          if (leaf.max_value !== undefined) leaf.max_value += 20;
          if (leaf.operating_of_nominal !== undefined) leaf.operating_of_nominal = [0.8, 1.2];
        }
      }
    // The examples of the narrow registry need not hold any more.
    for (const { examples = [] } of [...Object.values(wide.device_types), ...(wide.shapes ?? [])])
      for (const example of examples) example.expect = {};
    const plan = planOf(wide);
    for (const { example } of all) {
      for (const message of [example.message, ...spoilt(example.message)]) {
        const source = { key: example.key ?? null, timestamp: Date.UTC(2026, 0, 1) };
        const narrow = judge(message, source, pinnedPlan);
        const widened = judge(message, source, plan);
        if (!narrow.ok || !widened.ok) continue;
        const before = new Set(narrow.findings.map(({ code, path }) => `${code} ${path}`));
        for (const { code, path } of widened.findings) {
          // What was beyond physical may now be beyond operating at the same place.
          const place = code === "range.operating" ? before.has(`range.physical ${path}`) : false;
          expect([code, path, place || before.has(`${code} ${path}`)]).toEqual([code, path, true]);
        }
      }
    }
  });
});

describe("judge", () => {
  const anyMessage = fc.dictionary(
    fc.oneof(
      fc.constantFrom("measurements", "device_id", "timestamp", "device_type", "params", "Time", "trends"),
      fc.string(),
    ),
    fc.jsonValue({ maxDepth: 4 }),
  );
  const mutated = fc
    .tuple(fc.constantFrom(...all), fc.nat(), fc.jsonValue({ maxDepth: 2 }))
    .map(([{ example }, at, value]) => {
      const paths = placesIn(example.message);
      const message = structuredClone(example.message);
      setAt(message, paths[at % paths.length] ?? [], value);
      return message;
    });
  test("is total and deterministic, and its fragments are JSON", () => {
    const source = fc.record({ key: fc.option(fc.string()), timestamp: fc.integer({ min: 0, max: 4e12 }) });
    fc.assert(
      fc.property(fc.oneof(anyMessage, mutated), source, (message, from) => {
        const verdict = judge(message, from, pinnedPlan);
        expect(judge(structuredClone(message), from, pinnedPlan)).toEqual(verdict);
        if (!verdict.ok) {
          expect(["schema", "key_mismatch", "bad_timestamp"]).toContain(verdict.reason);
          return;
        }
        JSON.parse(verdict.device_metadata);
        JSON.parse(verdict.measurement_metadata);
        expect(JSON.parse(verdict.detection_json)).toEqual(JSON.parse(JSON.stringify(verdict.detection)));
        if (verdict.normalized !== undefined) JSON.parse(verdict.normalized);
        const worst = verdict.findings.some(({ severity }) => severity === "bad");
        expect(verdict.grade === "BAD").toBe(worst);
        expect(verdict.measurements_complete).toBe(verdict.completeness === 100);
        expect(verdict.completeness).toBeWithin(0, 101);
        expect(verdict.enrichment_success).toBe(verdict.type !== undefined);
        const untimely = verdict.findings.some(
          ({ code }) => code === "timestamp.missing" || code === "timestamp.ahead",
        );
        expect(verdict.timestamp_valid).toBe(!untimely);
      }),
      { numRuns: 2_000 },
    );
  });
});

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
};

/** Paths of every member of a message below its top level, and of its measurements. */
function placesIn(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [at];
  const below = Object.entries(value).flatMap(([key, member]) => placesIn(member, [...at, key]));
  return at.length === 0 ? below : [at, ...below];
}

function setAt(message: Message, path: string[], value: unknown): void {
  const holder = readPointer(message, path.slice(0, -1)) as Record<string, unknown>;
  const last = path.at(-1);
  if (last === undefined) return;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
}

const IDENTITY = ["device_id", "src", "device_type", "end_device_ids", "event_type"];

/** The message without each of its fields in turn, but those that say whose it is; and which field that was. */
function withoutOne(message: Message): [Message, string][] {
  return placesIn(message)
    .filter(([top]) => !IDENTITY.includes(top ?? ""))
    .map((path) => {
      const smaller = structuredClone(message);
      setAt(smaller, path, undefined);
      return [smaller, pointerOf(path)];
    });
}

/** The message with each of its numbers far out, null or a text, in turn. */
function spoilt(message: Message): Message[] {
  return placesIn(message)
    .filter((path) => typeof readPointer(message, path) === "number")
    .flatMap((path) =>
      [1e7, -1e7, null, "x"].map((value) => {
        const other = structuredClone(message);
        setAt(other, path, value);
        return other;
      }),
    );
}

/** What holds for every type and every shape of the registry that tests pin, not for samples of them. */
import { describe, expect, test } from "bun:test";
import { scoreTypes } from "../judge/detect.ts";
import { createPresence } from "../judge/fields.ts";
import { judge } from "../judge/judge.fixture.ts";
import { planOf, pinnedPlan, pinnedRegistry } from "./pinned.fixture.ts";
import { casesOf, judgedExample, rulesOfAny, spoilt, titles, withoutOne } from "./rules.case.ts";
import type { Verdict } from "../judge/verdict.ts";

const registry = pinnedRegistry();
const { ofTypes, all } = casesOf(registry);
const types = Object.entries(registry.device_types);
const shapes = registry.shapes ?? [];
const presenceIn = createPresence(pinnedPlan);
const RANK = { GOOD: 2, UNCERTAIN: 1, BAD: 0 };
const rank = (verdict: Verdict) => (verdict.ok ? RANK[verdict.grade] : -1);

describe("the pinned registry", () => {
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

  test.each(titles(all))("%s: dropping a field never raises the grade", (_title, { example }) => {
    const declared = { ...example.message };
    // An undeclared message of which too much is gone is unknown, and unknown is never BAD.
    if (typeof declared.measurements === "object")
      declared.device_type ??= example.expect.device_type ?? _title.split(":")[0];
    const before = judgedExample(example, pinnedPlan, declared);
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

rulesOfAny(registry);

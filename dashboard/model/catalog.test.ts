import { describe, expect, test } from "bun:test";
import { loadRegistry } from "../../config/registry-file.ts";
import {
  alarmWords,
  type Catalog,
  checkWords,
  detectRules,
  intervalsOf,
  measurementRows,
  rhythmWords,
  typeOf,
} from "./catalog.ts";

const loaded = await loadRegistry("config/device-registry.json");
const catalog: Catalog = { ...loaded, refusal: () => null };
const type = (key: string) => {
  const found = typeOf(catalog, key);
  if (found === undefined) throw new Error(`no ${key}`);
  return found;
};

describe("the catalog", () => {
  test("phases share a row, and a range relative to nominal is written for the nominal that the type knows", () => {
    const [voltage] = measurementRows(type("smart_breaker"));
    expect(voltage).toMatchObject({
      group: "voltage",
      leaves: "phase_a, phase_b, phase_c",
      unit: "V",
      operating: "110 to 130",
      physical: "0 to 1,000",
    });
  });

  test("two kinds of mains are two ranges", () => {
    const [voltage] = measurementRows(type("smart_plug"));
    expect(voltage?.operating).toMatch(/^\d+ to \d+ or \d+ to \d+$/);
  });

  test("every leaf of every type stands in exactly one row", () => {
    for (const { key, leaves } of catalog.plan.types) {
      const shown = measurementRows(type(key)).flatMap(({ group, leaves: names }) =>
        names.split(", ").map((name) => `${group}.${name}`),
      );
      const expected = leaves.map(({ path, name }) => (path.endsWith(`.${name}`) ? path : `${path}.${name}`));
      expect(shown.toSorted()).toEqual(expected.toSorted());
    }
  });

  test("rules, checks, alarms and rhythm are in words", () => {
    const breaker = type("smart_breaker");
    expect(detectRules(breaker)[0]).toEqual({
      name: "Needs",
      paths: ["voltage.*", "current.*", "status.breaker"],
    });
    expect(checkWords(breaker)[0]).toContain(
      "power_triangle: hypot(power.active, power.reactive), within 3 %",
    );
    expect(alarmWords(breaker).find(({ id }) => id === "tripped")?.when).toBe("status.breaker = 0");
    expect(rhythmWords(breaker)).toBe("A message every 5 s, offline after 30 s.");
    expect(intervalsOf(catalog).get("smart_meter")).toBe(60_000);
  });

  test("a name that every object has is no type", () => {
    for (const key of ["constructor", "__proto__", "toString", ""])
      expect(typeOf(catalog, key)).toBeUndefined();
    expect(typeOf(undefined, "smart_breaker")).toBeUndefined();
  });
});

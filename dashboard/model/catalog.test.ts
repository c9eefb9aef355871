import { describe, expect, test } from "bun:test";
import { loadRegistry } from "../../config/registry-file.ts";
import {
  alarmWords,
  type Catalog,
  checkWords,
  detectRules,
  rhythmsOf,
  measurementRows,
  rhythmWords,
  shapeRules,
  typeOf,
} from "./catalog.ts";

const loaded = await loadRegistry("test/registry/device-registry.json");
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
    expect(rhythmWords({ ...breaker, plan: { ...breaker.plan, heartbeat: null } })).toBe(
      "No interval is expected, so a device is never called silent.",
    );
    expect(rhythmsOf(catalog).get("smart_meter")).toEqual({ expected_ms: 60_000, offline_after_ms: 300_000 });
  });

  test("a vendor's shape is told by what must hold, in words", () => {
    expect(shapeRules(type("smart_meter_3p")).find(({ id }) => id === "shelly-emdata")?.paths).toEqual([
      "/params/emdata:0",
      "no /params/em:0",
    ]);
    const when = [{ path: "/kind", op: "in" as const, value: ["a", 2] }];
    expect(shapeRules({ ...type("smart_meter"), shapes: [{ id: "x", when, measurements: {} }] })).toEqual([
      { id: "x", name: "x", paths: ["/kind in a, 2"] },
    ]);
    const shapes = catalog.registry.shapes?.filter(({ device_type }) => device_type !== undefined) ?? [];
    const told = catalog.plan.types.flatMap(({ key }) => shapeRules(type(key)));
    expect(told.map(({ id }) => id).toSorted()).toEqual(shapes.map(({ id }) => id).toSorted());
    expect(told.filter(({ paths }) => paths.length === 0)).toEqual([]);
  });

  test("a name that every object has is no type", () => {
    for (const key of ["constructor", "__proto__", "toString", ""])
      expect(typeOf(catalog, key)).toBeUndefined();
    expect(typeOf(undefined, "smart_breaker")).toBeUndefined();
  });
});

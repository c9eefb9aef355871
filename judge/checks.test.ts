import { describe, expect, test } from "bun:test";
import { planOf, judged, judgedSample, faultsIn } from "../registry/pinned.fixture.ts";

describe("checks", () => {
  const registry = {
    metadata: { version: "1" },
    device_types: {
      thing: {
        name: "Thing",
        measurements: {
          p: {
            components: {
              a: { quantity: "active_power", unit: "kW" },
              b: { quantity: "active_power", unit: "W" },
              total: { quantity: "active_power", unit: "W" },
            },
          },
          level: { components: ["low", "middle", "high"] },
          pf: {},
        },
        checks: [
          {
            id: "adds",
            kind: "sum",
            of: ["p.a", "p.b"],
            equals: "p.total",
            tolerance: 0.1,
            tolerance_absolute: 5,
          },
          { id: "rises", kind: "order", of: ["level.low", "level.middle", "level.high"] },
          { id: "ratio", kind: "ratio", of: ["p.b", "p.total"], equals: "pf", tolerance: 0.02 },
        ],
      },
    },
  };
  const things = planOf(registry);
  const checked = (measurements: object) =>
    faultsIn(
      judged(
        {
          device_id: "t",
          device_type: "thing",
          timestamp: "2026-11-24T14:27:08Z",
          measurements: { p: {}, level: {}, pf: null, ...measurements },
        },
        things,
      ),
    ).filter((finding) => finding.startsWith("check"));

  test("values are brought to one unit before they are compared", () => {
    expect(checked({ p: { a: 1, b: 500, total: 1500 } })).toEqual([]);
    expect(checked({ p: { a: 1, b: 500, total: 1300 } })).toEqual([
      "check.adds /measurements/p/total (sum(p.a, p.b) = 1500 W within 10 %)",
    ]);
  });
  test("near zero the absolute tolerance holds", () => {
    expect(checked({ p: { a: 0, b: 1, total: 5 } })).toEqual([]);
    expect(checked({ p: { a: 0, b: 1, total: 7 } })).toHaveLength(1);
  });
  test("a value that is not there, null or no number says nothing", () => {
    for (const total of [undefined, null, "1500"]) expect(checked({ p: { a: 9, b: 9, total } })).toEqual([]);
    expect(checked({ p: { b: 0, total: 0 }, pf: 1 })).toEqual([]);
  });
  test("order names the first that is too small, ratio the quotient", () => {
    expect(checked({ level: { low: 1, middle: 3, high: 2 } })).toEqual([
      "check.rises /measurements/level/high (level.low <= level.middle <= level.high)",
    ]);
    expect(checked({ p: { b: 50, total: 100 }, pf: { value: 0.7 } })).toEqual([
      "check.ratio /measurements/pf/value (p.b / p.total = 0.5 within 2 %)",
    ]);
  });
  test("the power triangle of the sample holds, and a wrong apparent power does not", () => {
    expect(
      judgedSample(({ power }) => Object.assign(power ?? {}, { apparent: 9000 })).findings,
    ).toContainEqual({
      code: "check.power_triangle",
      path: "/measurements/power/apparent",
      expected: "hypot(power.active, power.reactive) = 6967.52 VA within 3 %",
      severity: "uncertain",
    });
  });
});

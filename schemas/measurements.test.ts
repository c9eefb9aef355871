import { describe, expect, test } from "bun:test";
import { canonicalUnit, QUANTITIES, type Quantity, UNIT_ALIASES } from "./measurements.ts";

const quantities: [string, Quantity][] = Object.entries(QUANTITIES);
const inBase = (name: string, value: number, unit: string) => {
  const { factor, offset = 0 } = (QUANTITIES as Record<string, Quantity>)[name]?.units[unit] ?? { factor: 0 };
  return value * factor + offset;
};

describe("the vocabulary", () => {
  test("every quantity has its base among its units, as it is", () => {
    for (const [name, { base, units }] of quantities)
      expect([name, units[base]]).toEqual([name, { factor: 1 }]);
  });

  test("every unit has a factor above 0, and only temperatures an offset", () => {
    for (const [name, { units }] of quantities)
      for (const [unit, { factor, offset }] of Object.entries(units)) {
        expect([name, unit, factor > 0]).toEqual([name, unit, true]);
        if (offset !== undefined) expect(name).toBe("temperature");
      }
  });

  test("every other spelling is of a unit that there is, and is no unit itself", () => {
    const units = new Set(quantities.flatMap(([, quantity]) => Object.keys(quantity.units)));
    for (const [alias, unit] of Object.entries(UNIT_ALIASES)) {
      expect([alias, unit, units.has(unit)]).toEqual([alias, unit, true]);
      expect([alias, units.has(alias)]).toEqual([alias, false]);
      expect(canonicalUnit(alias)).toBe(unit);
    }
  });

  test.each([
    ["temperature", 212, "degF", 100],
    ["temperature", 273.15, "K", 0],
    ["pressure", 29.9213, "inHg", 101_325],
    ["pressure", 760, "mmHg", 101_325],
    ["pressure", 14.69595, "psi", 101_325],
    ["speed", 60, "mph", 26.8224],
    ["speed", 36, "km/h", 10],
    ["speed", 1.943844, "kn", 1],
    ["distance", 5280, "ft", 1609.344],
    ["distance", 12, "in", 0.3048],
    ["precipitation_rate", 1, "in/h", 25.4],
    ["acceleration", 1000, "mg", 9.80665],
    ["plane_angle", Math.PI, "rad", 180],
    ["rotational_speed", 2 * Math.PI, "rad/s", 60],
    ["electrical_conductivity", 1000, "uS/cm", 0.1],
    ["electrical_conductivity", 1, "dS/m", 0.1],
    ["volume", 264.172, "gal", 1],
    ["volume_flow", 4.402868, "gal/min", 1],
    ["active_energy", 3.6, "MJ", 1000],
    ["mass", 2.2046226, "lb", 1],
  ])("%s: %d %s is %d in its base unit", (quantity, value, unit, base) => {
    expect(Math.abs(inBase(quantity, value, unit) - base)).toBeLessThan(1e-5 * Math.max(1, base));
  });
});

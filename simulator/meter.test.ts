import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MAX_DEMAND_KW, meter } from "./meter.ts";
import { seededRandom } from "./random.ts";

const START_MS = Date.UTC(2026, 10, 25);

function run(seed: number, steps: number, dt: number) {
  const random = seededRandom(String(seed));
  let state = meter.start(START_MS, 2_000, random);
  return Array.from({ length: steps }, (_, i) => {
    const step = meter.next(state, i === 0 ? 0 : dt, random);
    state = step.state;
    const { energy, demand, power_factor } = step.measurements;
    return {
      energy: energy?.value ?? Number.NaN,
      demand: demand?.value ?? Number.NaN,
      factor: power_factor?.value ?? Number.NaN,
    };
  });
}

const runs = fc.record({
  seed: fc.integer({ min: 0, max: 1_000_000 }),
  dt: fc.constantFrom(0.01, 1, 60, 900),
});

describe("a simulated meter", () => {
  test("its energy is the integral of the demand that it sent", () => {
    fc.assert(
      fc.property(runs, ({ seed, dt }) => {
        const readings = run(seed, 2_000, dt);
        let integral = readings[0]?.energy ?? 0;
        for (const { energy, demand } of readings.slice(1)) {
          integral += (demand * dt) / 3600;
          // Half a digit of the first reading and of this one.
          expect(Math.abs(energy - integral)).toBeLessThanOrEqual(0.0011);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("its counter never goes back, and a later run starts above where an earlier one ended", () => {
    fc.assert(
      fc.property(runs, ({ seed, dt }) => {
        const readings = run(seed, 2_000, dt);
        readings.slice(1).forEach(({ energy }, i) => {
          expect(energy).toBeGreaterThanOrEqual(readings[i]?.energy ?? 0);
        });
        const hours = 2_000 + (2_000 * dt) / 3600;
        const later = meter.start(START_MS, hours, seededRandom("another"));
        expect(later.energy).toBeGreaterThanOrEqual(readings.at(-1)?.energy ?? 0);
      }),
      { numRuns: 30 },
    );
  });

  test("demand and power factor stay in their ranges, and the evening takes more than the night", () => {
    for (const { demand, factor } of run(4, 20_000, 60)) {
      expect(demand).toBeGreaterThan(0);
      expect(demand).toBeLessThanOrEqual(MAX_DEMAND_KW);
      expect(factor).toBeGreaterThanOrEqual(0.8);
      expect(factor).toBeLessThanOrEqual(1);
    }
    const mean = (hour: number) => {
      const days = Array.from({ length: 30 }, (_, seed) => run(seed, 24, 3600)[hour]?.demand ?? 0);
      return days.reduce((sum, demand) => sum + demand, 0) / days.length;
    };
    expect(mean(19)).toBeGreaterThan(2 * mean(3));
  });
});

import { describe, expect, test } from "bun:test";
import { drift } from "./drift.ts";
import { normal, seededRandom } from "./random.ts";

describe("seeded random numbers", () => {
  test("one seed gives one stream, another seed another", () => {
    const take = (seed: string) => Array.from({ length: 20 }, seededRandom(seed));
    expect(take("42/breaker-001")).toEqual(take("42/breaker-001"));
    expect(take("42/breaker-001")).not.toEqual(take("42/breaker-002"));
  });

  test("are spread evenly over [0, 1), for a thousand similar seeds", () => {
    const buckets = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 1_000; seed += 1) {
      const random = seededRandom(`1/breaker-${seed}`);
      for (let i = 0; i < 20; i += 1) {
        const bucket = Math.floor(random() * 10);
        buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      }
    }
    // 2,000 expected in each; the 0.1 % point of chi squared with 9 degrees of freedom.
    const chi2 = buckets.reduce((sum, n) => sum + (n - 2_000) ** 2 / 2_000, 0);
    expect(chi2).toBeLessThan(27.9);
  });

  test("normal deviates have mean 0 and standard deviation 1", () => {
    const random = seededRandom("normal");
    const values = Array.from({ length: 50_000 }, () => normal(random));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
  });

  test("a drift has the same spread in steps of 1 s and of 1 min, and stands still without time", () => {
    const wander = { mean: 5, spread: 2, memory: 300 };
    const spread = (dt: number) => {
      const random = seededRandom(`drift ${dt}`);
      let value = wander.mean;
      let sum = 0;
      const steps = 2_000_000 / dt;
      for (let i = 0; i < steps; i += 1) {
        value = drift(value, dt, wander, random);
        sum += (value - wander.mean) ** 2;
      }
      return Math.sqrt(sum / steps);
    };
    expect(spread(1)).toBeCloseTo(2, 0);
    expect(spread(60)).toBeCloseTo(2, 0);
    expect(drift(7, 0, wander, seededRandom("x"))).toBe(7);
  });
});

import { describe, expect, test } from "bun:test";
import { seededRandom } from "./random.ts";
import { relativeHumidity, sensor } from "./sensor.ts";

function run(seed: number, steps: number, dt: number) {
  const random = seededRandom(String(seed));
  let state = sensor.start(Date.UTC(2026, 10, 25), 0, random);
  return Array.from({ length: steps }, () => {
    const step = sensor.next(state, dt, random);
    state = step.state;
    return step.measurements;
  });
}

describe("a simulated environmental sensor", () => {
  test("a year of weather stays inside the operating ranges of design.md section 5", () => {
    for (const { temperature, humidity, pressure } of run(1, 365 * 144, 600)) {
      expect(temperature?.value).toBeWithin(-40, 85);
      // toBeWithin excludes its upper bound, and 100 %RH is fog.
      expect(humidity?.value).toBeWithin(0, 100.01);
      expect(pressure?.value).toBeWithin(300, 1100);
    }
  });

  test("weather drifts: no reading jumps within 30 s, and the day is warmer than the night", () => {
    const readings = run(2, 2_880 * 4, 30);
    readings.slice(1).forEach(({ temperature, pressure }, i) => {
      expect(Math.abs((temperature?.value ?? 0) - (readings[i]?.temperature?.value ?? 0))).toBeLessThan(1);
      expect(Math.abs((pressure?.value ?? 0) - (readings[i]?.pressure?.value ?? 0))).toBeLessThan(2);
    });
    const mean = (hour: number) => {
      const days = Array.from(
        { length: 60 },
        (_, seed) => run(seed, 24, 3600)[hour]?.temperature?.value ?? 0,
      );
      return days.reduce((sum, value) => sum + value, 0) / days.length;
    };
    expect(mean(14) - mean(2)).toBeGreaterThan(3);
  });

  test("humidity follows the Magnus formula: 20 degC with a dew point of 10 degC is 52.5 %RH", () => {
    expect(relativeHumidity(20, 10)).toBeCloseTo(52.5, 0);
    expect(relativeHumidity(10, 10)).toBe(100);
    expect(relativeHumidity(10, 12)).toBe(100);
  });
});

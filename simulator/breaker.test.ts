import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { breaker, RATED_CURRENT_A } from "./breaker.ts";
import type { Step } from "./device.ts";
import { seededRandom } from "./random.ts";

type State = ReturnType<typeof breaker.start>;
const START_MS = Date.UTC(2026, 10, 25);
const seeds = fc.integer({ min: 0, max: 1_000_000 });

/** So many steps of `dt` seconds from a seed. */
function run(seed: number, steps: number, dt: number): Step<State>[] {
  const random = seededRandom(String(seed));
  const result: Step<State>[] = [];
  let state = breaker.start(START_MS, 1_000, random);
  for (let i = 0; i < steps; i += 1) {
    const step = breaker.next(state, i === 0 ? 0 : dt, random);
    state = step.state;
    result.push(step);
  }
  return result;
}

/** The value at `group.leaf`; a leaf that is not there is a fault of the test. */
function at({ measurements }: Step<State>, group: string, leaf: string): number {
  const value = measurements[group]?.[leaf];
  if (value === undefined) throw new Error(`${group}.${leaf} is not there`);
  return value;
}

const phases = ["phase_a", "phase_b", "phase_c"];
const isOpen = (step: Step<State>) => at(step, "status", "breaker") === 0;
/** Every kind of step length that a fleet asks for: a load test's and a slow interval's. */
const runs = fc.record({ seed: seeds, dt: fc.constantFrom(0.0007, 1, 5, 60, 3_600) });

describe("a simulated breaker", () => {
  test("keeps S = sum of V x I, P² + Q² = S² and factor = P/S, to the digits sent", () => {
    fc.assert(
      fc.property(runs, ({ seed, dt }) => {
        for (const step of run(seed, 500, dt)) {
          const sum = phases.reduce((va, p) => va + at(step, "voltage", p) * at(step, "current", p), 0);
          const { active = -1, reactive = -1, apparent = -1, factor } = step.measurements.power ?? {};
          expect(Math.abs(apparent - sum)).toBeLessThanOrEqual(0.0051);
          expect(Math.abs(Math.hypot(active, reactive) - apparent)).toBeLessThanOrEqual(0.011);
          if (factor !== undefined)
            expect(Math.abs(factor - active / apparent)).toBeLessThanOrEqual(0.000051);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("sends finite numbers only, and neither power factor nor THD without a load", () => {
    fc.assert(
      fc.property(runs, ({ seed, dt }) => {
        for (const step of run(seed, 500, dt)) {
          const leaves = Object.values(step.measurements).flatMap((group) => Object.values(group));
          expect(leaves.every((leaf) => Number.isFinite(leaf) && !Object.is(leaf, -0))).toBe(true);
          const power = step.measurements.power ?? {};
          expect("factor" in power).toBe(power.apparent !== 0);
          expect("harmonic_distortion" in (step.measurements.protection ?? {})).toBe(power.apparent !== 0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("carries no current while open, and names what the fullest phase carries as its load", () => {
    for (const step of run(11, 20_000, 5)) {
      const currents = phases.map((phase) => at(step, "current", phase));
      if (isOpen(step)) expect(currents).toEqual([0, 0, 0]);
      const load = (100 * Math.max(...currents)) / RATED_CURRENT_A;
      expect(Math.abs(at(step, "operational", "load_percentage") - load)).toBeLessThan(0.06);
      expect(at(step, "status", "position")).toBe(at(step, "status", "breaker"));
    }
  });

  test("a protection event opens it, then comes telemetry without current, then one reclose", () => {
    const trips = ["overload", "ground_fault", "arc_fault", "overvoltage"];
    const seen = new Set<string>();
    fc.assert(
      fc.property(seeds, (seed) => {
        let open = false;
        for (const step of run(seed, 4_000, 5)) {
          const event = step.event_type;
          if (trips.includes(event)) {
            expect(open).toBe(false);
            open = true;
            seen.add(event);
          } else if (event === "reclose") {
            expect(open).toBe(true);
            open = false;
          }
          expect(isOpen(step)).toBe(open);
        }
      }),
      { numRuns: 30 },
    );
    expect([...seen].sort()).toEqual(trips.sort());
  });

  test("shows what tripped it: current over rated before, ground current, arc, voltage", () => {
    const steps = run(5, 40_000, 5);
    for (const [index, step] of steps.entries()) {
      const before = steps[index - 1];
      if (step.event_type === "overload" && before)
        expect(at(before, "operational", "load_percentage")).toBeGreaterThan(100);
      if (step.event_type === "overvoltage") expect(at(step, "voltage", "phase_a")).toBeGreaterThan(130);
      expect(at(step, "protection", "arc_fault")).toBe(step.event_type === "arc_fault" ? 1 : 0);
      const leak = at(step, "protection", "ground_fault_current");
      if (step.event_type === "ground_fault") expect(leak).toBeGreaterThan(5);
      else expect(leak).toBeLessThan(0.03);
    }
  });

  test("counts a trip for each event and never counts back; its hours pass only while closed", () => {
    fc.assert(
      fc.property(runs, ({ seed, dt }) => {
        const steps = run(seed, 1_000, dt);
        for (const [index, step] of steps.entries()) {
          const before = steps[index - 1];
          if (!before) continue;
          const tripped = isOpen(step) && !isOpen(before) ? 1 : 0;
          expect(at(step, "protection", "trip_count") - at(before, "protection", "trip_count")).toBe(tripped);
          const hours = step.state.hours - before.state.hours;
          expect(Math.abs(hours - (isOpen(before) ? 0 : dt / 3600))).toBeLessThan(1e-9);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("its temperature follows the load with inertia: even an overload moves it by less than 0.6 K in 5 s", () => {
    const steps = run(3, 17_280, 5);
    const temperatures = steps.map((step) => at(step, "temperature", "value"));
    temperatures.slice(1).forEach((value, index) => {
      expect(Math.abs(value - (temperatures[index] ?? 0))).toBeLessThan(0.6);
    });
    const night = temperatures[2 * 720] ?? 0;
    const noon = temperatures[12 * 720] ?? 0;
    expect(noon - night).toBeGreaterThan(5);
  });

  test("stays inside the operating ranges of design.md section 5 in 99 of 100 messages while closed", () => {
    const ranges: [string, string, number, number][] = [
      ...phases.map((p): [string, string, number, number] => ["voltage", p, 110, 130]),
      ...phases.map((p): [string, string, number, number] => ["current", p, 0, 100]),
      ["power", "active", 0, 39_000],
      ["power", "reactive", -20_000, 20_000],
      ["power", "apparent", 0, 39_000],
      ["power", "factor", 0.7, 1],
      ["frequency", "value", 59, 61],
      ["temperature", "value", 20, 80],
    ];
    const closed = [1, 2, 3, 4].flatMap((seed) => run(seed, 17_280, 5)).filter((step) => !isOpen(step));
    const healthy = closed.filter((step) =>
      ranges.every(([group, leaf, low, high]) => {
        const value = at(step, group, leaf);
        return value >= low && value <= high;
      }),
    );
    expect(healthy.length / closed.length).toBeGreaterThan(0.99);
  });

  test("a step changes neither the state that it starts from nor, without time passing, the load", () => {
    const random = seededRandom("pure");
    const state = breaker.start(START_MS, 1_000, random);
    const copy = structuredClone(state);
    const first = breaker.next(state, 0, random);
    expect(state).toEqual(copy);
    expect(breaker.next(state, 0, random).measurements.current).toEqual(first.measurements.current ?? {});
  });
});

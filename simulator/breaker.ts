/**
 * A three-phase smart breaker on a 120 V (line to neutral) supply, with its protection.
 *
 * In: state, seconds, random. Out: the state then, what it measures, and what happened.
 * Invariants, within rounding: S = sum of V x I, P² + Q² = S², factor = P/S; open means no current; operating hours
 * and trips only grow; each trip is followed by telemetry without current, then by one reclose.
 * Source: quantities as in IEEE 1459 (arithmetic apparent power); trip delay of an I²t long-time protection.
 */
import { type DeviceModel, type EventType, type Measured, round, type Step } from "./device.ts";
import { clamp, dayWave, drift, follow, settled, timeOfDay, type Wander } from "./drift.ts";
import { between, pick, type Random } from "./random.ts";

export const RATED_CURRENT_A = 100;
const NOMINAL_V = 120;
/** Fall of the voltage along the feeder for each ampere. */
const FEEDER_OHM = 0.02;

/** A fault begins, on average, this often in each breaker: often enough to be seen, rare enough to be an exception. */
const SECONDS_BETWEEN_FAULTS = 1_800;
const FAULTS = ["overload", "ground_fault", "arc_fault", "overvoltage"] as const;
type Fault = (typeof FAULTS)[number];
/** How often it tripped before the run, of which nothing is remembered: `boot_id` tells that it counts anew. */
const HOURS_BETWEEN_EARLIER_TRIPS = 1_000;
/** An overload of ratio r trips after this / (r² - 1) seconds: 45 s at 120 %, 16 s at 150 %. */
const OVERLOAD_HEAT_S = 20;

const SUPPLY: Wander = { mean: NOMINAL_V + 1, spread: 1, memory: 300 };
const FREQUENCY: Wander = { mean: 60, spread: 0.02, memory: 120 };
/** Part by which the load differs from the usual one at this time of day. */
const LOAD: Wander = { mean: 0, spread: 0.1, memory: 600 };
const FACTOR: Wander = { mean: 0.91, spread: 0.025, memory: 900 };
/** Seconds in which the case takes 63 % of a change of temperature, and its rise at rated current. */
const THERMAL_INERTIA_S = 900;
const RISE_AT_RATED_K = 38;

/** Share of its daily peak at each hour UTC: a commercial building. */
const HOURLY_LOAD = [
  0.34, 0.32, 0.31, 0.31, 0.33, 0.4, 0.52, 0.68, 0.84, 0.93, 0.97, 1, 0.96, 0.97, 1, 0.98, 0.94, 0.88, 0.78,
  0.68, 0.58, 0.49, 0.42, 0.37,
];

type Mode =
  | { is: "closed" }
  /** Still closed; `ratio` is the current of the fullest phase over the rated one, `heat` the sum of (r² - 1) dt. */
  | { is: "overloaded"; ratio: number; heat: number }
  /** `left`: seconds to the reclose; `swell`: the supply over the usual one until then. */
  | { is: "open"; left: number; swell: number };

export interface BreakerState {
  /** Unix ms. */
  at: number;
  mode: Mode;
  /** Current of the fullest phase over the rated one, at the daily peak. */
  peak: number;
  /** Each phase's part of the fullest one. */
  balance: readonly number[];
  supply: readonly number[];
  load: number;
  factor: number;
  frequency: number;
  temperature: number;
  hours: number;
  trips: number;
}

const PHASES = ["phase_a", "phase_b", "phase_c"] as const;

function start(atMs: number, hoursInService: number, random: Random): BreakerState {
  const full = Math.floor(random() * 3);
  const state: BreakerState = {
    at: atMs,
    mode: { is: "closed" },
    peak: between(0.45, 0.75, random),
    balance: PHASES.map((_, phase) => (phase === full ? 1 : between(0.7, 0.98, random))),
    supply: PHASES.map(() => settled(SUPPLY, random)),
    load: settled(LOAD, random),
    factor: settled(FACTOR, random),
    frequency: settled(FREQUENCY, random),
    temperature: 0,
    hours: hoursInService,
    trips: Math.floor(hoursInService / HOURS_BETWEEN_EARLIER_TRIPS),
  };
  return { ...state, temperature: warmTo(state, utilisation(state)) };
}

function next(before: BreakerState, dt: number, random: Random): Step<BreakerState> {
  const { mode, event } = protect(before.mode, dt, random);
  const tripped = mode.is === "open" && before.mode.is !== "open";
  const state: BreakerState = {
    ...before,
    at: before.at + dt * 1000,
    mode,
    supply: before.supply.map((volts) => drift(volts, dt, SUPPLY, random)),
    load: drift(before.load, dt, LOAD, random),
    factor: drift(before.factor, dt, FACTOR, random),
    frequency: drift(before.frequency, dt, FREQUENCY, random),
    hours: before.hours + (before.mode.is === "open" ? 0 : dt / 3600),
    trips: before.trips + (tripped ? 1 : 0),
  };
  const used = utilisation(state);
  state.temperature = follow(before.temperature, warmTo(state, used), dt, THERMAL_INERTIA_S);
  return { state, measurements: measure(state, used, event, random), event_type: event };
}

/** What the protection makes of this step. */
function protect(mode: Mode, dt: number, random: Random): { mode: Mode; event: EventType } {
  switch (mode.is) {
    case "open": {
      const left = mode.left - dt;
      return left > 0
        ? { mode: { ...mode, left }, event: "telemetry" }
        : { mode: { is: "closed" }, event: "reclose" };
    }
    case "overloaded": {
      const heat = mode.heat + (mode.ratio ** 2 - 1) * dt;
      return heat < OVERLOAD_HEAT_S
        ? { mode: { ...mode, heat }, event: "telemetry" }
        : { mode: open("overload", random), event: "overload" };
    }
    case "closed": {
      const begins = random() < 1 - Math.exp(-dt / SECONDS_BETWEEN_FAULTS);
      if (!begins) return { mode, event: "telemetry" };
      const fault = pick(FAULTS, random);
      return fault === "overload"
        ? { mode: { is: "overloaded", ratio: between(1.15, 1.5, random), heat: 0 }, event: "telemetry" }
        : { mode: open(fault, random), event: fault };
    }
  }
}

function open(fault: Fault, random: Random): Mode {
  return {
    is: "open",
    left: between(20, 60, random),
    swell: fault === "overvoltage" ? between(1.12, 1.18, random) : 1,
  };
}

/** Current of the fullest phase over the rated one. */
function utilisation({ mode, at, peak, load }: BreakerState): number {
  if (mode.is === "open") return 0;
  if (mode.is === "overloaded") return mode.ratio;
  return clamp(peak * timeOfDay(HOURLY_LOAD, at) * (1 + load), 0.05, 0.95);
}

/** Where the temperature (degC) is heading: the cabinet's, and the losses, which go with the square of the current. */
function warmTo({ at }: BreakerState, used: number): number {
  return 27 + 3 * dayWave(at, 15) + RISE_AT_RATED_K * used ** 2;
}

function measure(state: BreakerState, used: number, event: EventType, random: Random): Measured {
  const { mode } = state;
  const closed = mode.is === "open" ? 0 : 1;
  const swell = mode.is === "open" ? mode.swell : 1;
  const leakageA = closed * between(0, 0.01, random);
  const amps = state.balance.map((part) => round(used * part * RATED_CURRENT_A, 2));
  const volts = state.supply.map((supply, phase) =>
    round(supply * swell - FEEDER_OHM * (amps[phase] ?? 0), 2),
  );
  return {
    voltage: byPhase(volts),
    current: byPhase(amps),
    power: power(volts, amps, clamp(state.factor, 0.75, 0.99)),
    frequency: { value: round(state.frequency, 2) },
    temperature: { value: round(state.temperature, 2) },
    status: { breaker: closed, position: closed, communication: 1 },
    protection: {
      trip_count: state.trips,
      // The message of the trip shows what the protection saw; with the contacts open it is over.
      ground_fault_current: round(event === "ground_fault" ? between(6, 30, random) : leakageA, 3),
      arc_fault: event === "arc_fault" ? 1 : 0,
      // The distortion is the current's, so there is none without a load.
      ...(used > 0 ? { harmonic_distortion: round(9 - 5 * used + between(-0.5, 0.5, random), 2) } : {}),
    },
    operational: {
      load_percentage: round(100 * used, 1),
      operating_hours: round(state.hours, 3),
    },
  };
}

/** Computes power from the values as they go on the wire, so that a reader's sums agree. Without a load there is no power factor. */
function power(volts: number[], amps: number[], factor: number): Record<string, number> {
  const apparent = round(
    volts.reduce((sum, voltage, phase) => sum + voltage * (amps[phase] ?? 0), 0),
    2,
  );
  if (apparent === 0) return { active: 0, reactive: 0, apparent: 0 };
  const active = round(apparent * factor, 2);
  const reactive = round(Math.sqrt(apparent ** 2 - active ** 2), 2);
  return { active, reactive, apparent, factor: round(active / apparent, 4) };
}

function byPhase(values: number[]): Record<string, number> {
  return Object.fromEntries(PHASES.map((phase, index) => [phase, values[index] ?? 0]));
}

export const breaker: DeviceModel<BreakerState> = {
  manufacturer: "ElectroCorp",
  models: ["SB-2000", "SB-3000", "SB-5000"],
  interval: 5,
  start,
  next,
};

/**
 * A smart electricity meter in a household.
 *
 * In: state, seconds, random. Out: the state then and what it measures.
 * Invariant: the energy counter grows by demand x time, where demand is the mean over the time since the last message.
 */
import { type DeviceModel, round, type Step } from "./device.ts";
import { clamp, drift, settled, timeOfDay, type Wander } from "./drift.ts";
import { between, type Random } from "./random.ts";

/** The main fuse blows beyond this; the counter of a new run starts from this rate (device.ts says why). */
export const MAX_DEMAND_KW = 6;
/** Demand over the usual one at this time of day, as a logarithm, so that it stays positive. */
const HABIT: Wander = { mean: 0, spread: 0.3, memory: 1_800 };
const FACTOR: Wander = { mean: 0.94, spread: 0.02, memory: 1_200 };

/** Share of its evening peak at each hour UTC: a household. */
const HOURLY_DEMAND = [
  0.24, 0.2, 0.18, 0.17, 0.18, 0.24, 0.42, 0.58, 0.52, 0.44, 0.4, 0.42, 0.5, 0.46, 0.4, 0.42, 0.55, 0.8, 0.97,
  1, 0.92, 0.76, 0.54, 0.36,
];

export interface MeterState {
  /** Unix ms. */
  at: number;
  /** kW at the daily peak on a usual day. */
  peak: number;
  habit: number;
  factor: number;
  /** kW at this moment. */
  demand: number;
  /** kWh since the meter was put into service. */
  energy: number;
}

function start(atMs: number, hoursInService: number, random: Random): MeterState {
  const state: MeterState = {
    at: atMs,
    peak: between(1.2, 2.5, random),
    habit: settled(HABIT, random),
    factor: settled(FACTOR, random),
    demand: 0,
    energy: hoursInService * MAX_DEMAND_KW,
  };
  return { ...state, demand: demandOf(state) };
}

function next(before: MeterState, dt: number, random: Random): Step<MeterState> {
  const state: MeterState = {
    ...before,
    at: before.at + dt * 1000,
    habit: drift(before.habit, dt, HABIT, random),
    factor: drift(before.factor, dt, FACTOR, random),
  };
  state.demand = demandOf(state);
  // Trapezoidal mean, rounded before it is summed: a reader who integrates what was sent gets the counter.
  const demand = round((before.demand + state.demand) / 2, 3);
  state.energy = before.energy + (demand * dt) / 3600;
  return {
    state,
    measurements: {
      energy: { value: round(state.energy, 3) },
      demand: { value: demand },
      power_factor: { value: round(clamp(state.factor, 0.82, 0.99), 3) },
    },
    event_type: "telemetry",
  };
}

function demandOf({ at, peak, habit }: MeterState): number {
  return clamp(peak * timeOfDay(HOURLY_DEMAND, at) * Math.exp(habit), 0.05, MAX_DEMAND_KW);
}

export const meter: DeviceModel<MeterState> = {
  manufacturer: "GridMetrics",
  models: ["GM-100", "GM-300"],
  interval: 60,
  start,
  next,
};

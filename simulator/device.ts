/** What each kind of simulated device gives: how it starts, and a pure step in time. */
import type { Random } from "./random.ts";

export type EventType = "telemetry" | "overload" | "ground_fault" | "arc_fault" | "overvoltage" | "reclose";

/** Measurements as on the wire: {group: {leaf: value}}, rounded as a device rounds. */
export type Measured = Record<string, Record<string, number>>;

export interface Step<State> {
  state: State;
  measurements: Measured;
  event_type: EventType;
}

export interface DeviceModel<State> {
  manufacturer: string;
  models: readonly [string, ...string[]];
  /** Seconds between two messages. */
  interval: number;
  /**
   * The state at `atMs` (Unix ms), before its first measurement. A counter starts from `hoursInService` at its highest
   * rate: so a new run never starts below what an earlier one reached, nor further ahead than the rate allows.
   */
  start(atMs: number, hoursInService: number, random: Random): State;
  /** The state `dt` seconds later and what the device measures then. */
  next(state: State, dt: number, random: Random): Step<State>;
}

export function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  // `+ 0` turns -0, which JSON would lose, into 0.
  return Math.round(value * scale) / scale + 0;
}

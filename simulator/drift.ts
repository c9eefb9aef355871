/**
 * How a quantity wanders: values that drift about a mean, values that follow another with inertia, the time of day.
 *
 * Each takes the time step, so that a run in steps of 1 s and one in steps of 1 min have the same spread.
 * Source: Uhlenbeck and Ornstein (1930); the exact discrete form, Gillespie, Phys. Rev. E 54 (1996) 2084.
 */
import { normal, type Random } from "./random.ts";

export interface Wander {
  mean: number;
  /** Standard deviation in the long run. */
  spread: number;
  /** Time in which a deviation falls to 1/e, seconds. */
  memory: number;
}

/** `value` after `dt` seconds of random drift that is pulled back to the mean. */
export function drift(value: number, dt: number, { mean, spread, memory }: Wander, random: Random): number {
  const kept = Math.exp(-dt / memory);
  return mean + (value - mean) * kept + spread * Math.sqrt(1 - kept * kept) * normal(random);
}

/** A first value, as if the drift had gone on for ever. */
export function settled({ mean, spread }: Wander, random: Random): number {
  return mean + spread * normal(random);
}

/** `value` after `dt` seconds on its way to `target`, of which it covers 63 % in `inertia` seconds. */
export function follow(value: number, target: number, dt: number, inertia: number): number {
  return target + (value - target) * Math.exp(-dt / inertia);
}

const HOUR_MS = 3_600_000;

/** Value of a table of 24 hourly figures at a moment (ms, UTC), straight between the hours. */
export function timeOfDay(hourly: readonly number[], atMs: number): number {
  const hours = (atMs / HOUR_MS) % 24;
  const before = Math.floor(hours);
  const low = hourly[before] ?? 0;
  const high = hourly[(before + 1) % 24] ?? 0;
  return low + (high - low) * (hours - before);
}

/** A wave of one day (-1 to 1) with its peak at `peakHour` UTC. */
export function dayWave(atMs: number, peakHour: number): number {
  return Math.cos((2 * Math.PI * (atMs / HOUR_MS - peakHour)) / 24);
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

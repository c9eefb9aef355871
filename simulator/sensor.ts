/**
 * An environmental sensor outdoors: a day's course of temperature, under weather that drifts.
 *
 * In: state, seconds, random. Out: the state then and what it measures.
 * Source: relative humidity from temperature and dew point by the Magnus formula, WMO No. 8 (CIMO Guide), annex 4.B.
 */
import { type DeviceModel, round, type Step } from "./device.ts";
import { clamp, dayWave, drift, settled, type Wander } from "./drift.ts";
import { between, type Random } from "./random.ts";

const HOUR_S = 3_600;
/** Mean temperature of the air mass, degC. */
const AIR: Wander = { mean: 12, spread: 4, memory: 48 * HOUR_S };
/** Gusts, clouds, draughts, K. */
const LOCAL: Wander = { mean: 0, spread: 0.3, memory: 600 };
/** How far the dew point of the air mass lies below its temperature, K. */
const DEPRESSION: Wander = { mean: 6, spread: 2, memory: 24 * HOUR_S };
/** hPa at the station. */
const PRESSURE: Wander = { mean: 1013, spread: 8, memory: 36 * HOUR_S };

export interface SensorState {
  /** Unix ms. */
  at: number;
  air: number;
  local: number;
  depression: number;
  pressure: number;
  /** K between mean and highest temperature of a day. */
  swing: number;
}

function start(atMs: number, _hoursInService: number, random: Random): SensorState {
  return {
    at: atMs,
    air: settled(AIR, random),
    local: settled(LOCAL, random),
    depression: settled(DEPRESSION, random),
    pressure: settled(PRESSURE, random),
    swing: between(2, 5, random),
  };
}

function next(before: SensorState, dt: number, random: Random): Step<SensorState> {
  const state: SensorState = {
    ...before,
    at: before.at + dt * 1000,
    air: drift(before.air, dt, AIR, random),
    local: drift(before.local, dt, LOCAL, random),
    depression: drift(before.depression, dt, DEPRESSION, random),
    pressure: drift(before.pressure, dt, PRESSURE, random),
  };
  const temperature = state.air + state.swing * dayWave(state.at, 15) + state.local;
  const dewPoint = Math.min(state.air - state.depression, temperature);
  return {
    state,
    measurements: {
      temperature: { value: round(temperature, 2) },
      humidity: { value: round(relativeHumidity(temperature, dewPoint), 1) },
      pressure: { value: round(state.pressure, 1) },
    },
    event_type: "telemetry",
  };
}

/** %RH from degC. */
export function relativeHumidity(temperature: number, dewPoint: number): number {
  return clamp((100 * vapourPressure(dewPoint)) / vapourPressure(temperature), 0, 100);
}

/** The vapour pressure of saturated air over water, hPa. */
function vapourPressure(temperature: number): number {
  return 6.112 * Math.exp((17.62 * temperature) / (243.12 + temperature));
}

export const sensor: DeviceModel<SensorState> = {
  manufacturer: "AirSense",
  models: ["AS-1", "AS-2"],
  interval: 30,
  start,
  next,
};

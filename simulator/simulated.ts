/** One simulated device: its identity, its memory, and the message that it sends when it measures. */
import type { Telemetry } from "../schemas/telemetry.ts";
import { breaker } from "./breaker.ts";
import type { DeviceModel } from "./device.ts";
import { meter } from "./meter.ts";
import { between, hex, pick, seededRandom } from "./random.ts";
import { sensor } from "./sensor.ts";

export const DEVICE_TYPES = ["smart_breaker", "smart_meter", "environmental_sensor"] as const;
export type DeviceType = (typeof DEVICE_TYPES)[number];

export interface Identity {
  id: string;
  type: DeviceType;
}

export interface SimulatedDevice extends Identity {
  /** Seconds between two messages, if nothing else is asked for. */
  interval: number;
  /** What it sends when it measures at `atMs` (Unix ms). */
  sample(atMs: number): Telemetry;
}

/** The youngest device was put into service a little before this. */
const LAST_INSTALLED_MS = Date.UTC(2026, 9, 1);

export function simulate({ id, type }: Identity, seed: number, startMs: number): SimulatedDevice {
  switch (type) {
    case "smart_breaker":
      return modelled(breaker, id, type, seed, startMs);
    case "smart_meter":
      return modelled(meter, id, type, seed, startMs);
    case "environmental_sensor":
      return modelled(sensor, id, type, seed, startMs);
  }
}

function modelled<State>(
  kind: DeviceModel<State>,
  id: string,
  type: DeviceType,
  seed: number,
  startMs: number,
): SimulatedDevice {
  // Each device has a stream of its own, so that a device more or less changes nothing for the others.
  const random = seededRandom(`${seed}/${id}`);
  // The seed is the id alone: a device keeps its make and its age over restarts.
  const identity = seededRandom(id);
  const head = {
    device_id: id,
    device_type: type,
    manufacturer: kind.manufacturer,
    model: pick(kind.models, identity),
  };
  const hoursInService =
    Math.max(0, (startMs - LAST_INSTALLED_MS) / 3_600_000) + between(100, 8_000, identity);
  const boot_id = hex(8, seededRandom(`${seed}/${id}/${startMs}`));
  let state = kind.start(startMs, hoursInService, random);
  let lastMs = startMs;
  let sequence = 0;
  return {
    id,
    type,
    interval: kind.interval,
    sample(atMs) {
      // Where the host's clock was set back, no time passes for the device.
      const step = kind.next(state, Math.max(0, atMs - lastMs) / 1000, random);
      state = step.state;
      lastMs = atMs;
      const timestamp = new Date(atMs).toISOString();
      const { event_type, measurements } = step;
      return { ...head, timestamp, event_type, boot_id, sequence: sequence++, measurements };
    },
  };
}

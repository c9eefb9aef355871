/**
 * The simulated devices together: what they send, in the order in which it falls due.
 *
 * In: which devices, the seed, the time. Out: keys and values for `iot.raw`.
 * No clock and no Kafka here: the same seed and the same times give the same messages.
 */
import { breakMessage, PRODUCER_FAULTS, type ProducerFault, type RawMessage } from "./faults.ts";
import { seededRandom } from "./random.ts";
import { byInterval, byRate, type Schedule } from "./schedule.ts";
import { DEVICE_TYPES, type Identity, type SimulatedDevice, simulate } from "./simulated.ts";

export interface FleetSettings {
  devices: Identity[];
  seed: number;
  /** Seconds between two messages of a device; undefined = each type's own. */
  intervalS?: number;
  /** Messages per second over the whole fleet, in place of the intervals. */
  ratePerS?: number;
  /** Share of messages broken on purpose, 0 to 1. */
  faults: number;
}

export interface Sent {
  message: RawMessage;
  /** How it was broken on purpose. */
  fault?: ProducerFault;
}

export interface Fleet {
  /** What fell due until `nowMs`. */
  take(nowMs: number): Sent[];
  /** When something falls due next, Unix ms. */
  nextMs(): number;
}

/** `breaker-001`, …, `meter-001`, …, `sensor-001`, … */
export function numbered(count: { breakers: number; meters: number; sensors: number }): Identity[] {
  const some = (name: string, type: Identity["type"], length: number) =>
    Array.from({ length }, (_, i) => ({ id: `${name}-${String(i + 1).padStart(3, "0")}`, type }));
  return [
    ...some("breaker", "smart_breaker", count.breakers),
    ...some("meter", "smart_meter", count.meters),
    ...some("sensor", "environmental_sensor", count.sensors),
  ];
}

export function createFleet(settings: FleetSettings, startMs: number): Fleet {
  const { seed, faults } = settings;
  const devices = settings.devices.map((identity) => simulate(identity, seed, startMs));
  const schedule = scheduleOf(devices, settings, startMs);
  const random = seededRandom(`${seed}/faults`);
  let turn = 0;
  let due = 0;

  /** Random, but never long without one: who asked for one in 20 sees some in the first minute. */
  const isFaultDue = (): boolean => {
    due += 2 * faults * random();
    if (due < 1) return false;
    due -= 1;
    return true;
  };
  // The faults go round, so that each kind has its turn.
  const send = (device: SimulatedDevice, atMs: number): Sent => {
    const good = device.sample(atMs);
    const fault = isFaultDue() ? PRODUCER_FAULTS[turn++ % PRODUCER_FAULTS.length] : undefined;
    return fault === undefined
      ? { message: { key: good.device_id, value: JSON.stringify(good) } }
      : { message: breakMessage(fault, good, random), fault };
  };
  return {
    take: (nowMs) =>
      schedule.due(nowMs).flatMap(({ device: index, atMs }) => {
        const device = devices[index];
        return device === undefined ? [] : [send(device, atMs)];
      }),
    nextMs: () => schedule.nextMs(),
  };
}

function scheduleOf(devices: SimulatedDevice[], settings: FleetSettings, startMs: number): Schedule {
  const { intervalS, ratePerS } = settings;
  if (ratePerS !== undefined) return byRate(devices.length, ratePerS, startMs);
  const place = new Map(DEVICE_TYPES.map((type) => [type, 0]));
  const peers = Map.groupBy(devices, ({ type }) => type);
  return byInterval(
    devices.map(({ type, interval }) => {
      const before = place.get(type) ?? 0;
      place.set(type, before + 1);
      return {
        intervalMs: 1000 * (intervalS ?? interval),
        part: (before + 1) / (peers.get(type)?.length ?? 1),
      };
    }),
    startMs,
  );
}

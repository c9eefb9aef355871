/**
 * The devices that were heard, each with its latest verdict by measured time.
 *
 * In: enriched rows. Out: a bounded map. Late data never becomes the latest, but shows that a device is alive; a clock
 * that runs ahead never blocks what comes after it.
 */
import type { Finding, Grade, Method } from "../../schemas/enriched.ts";
import type { Facts, Row } from "./row.ts";

const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Devices seen at once; beyond it the longest silent ones leave, and the page says so. */
export const MAX_DEVICES = 10_000;
/** Expected interval of a device whose type tells none. */
const DEFAULT_EVERY_MS = MINUTE_MS;
/** A device is silent after this many intervals. */
const SILENT_AFTER = 3;

export interface Device {
  id: string;
  type: string;
  method?: Method;
  score?: number;
  grade?: Grade;
  findings: Finding[];
  reasons: string[];
  /** Of the latest by measured time. */
  measured: number;
  /** Of the last that arrived, late or not. */
  arrived: number;
  everyMs: number;
  partition: number;
  offset: number;
}

export type Devices = Map<string, Device>;

/** Which time a message counts as in the order of measuring: a missing or impossible claim is its arrival. */
export function measuredTime(row: Row, facts: Facts): number {
  const wrong = facts.findings.some(({ code }) => code === "timestamp.missing" || code === "timestamp.ahead");
  return wrong ? row.time : Math.min(facts.measured ?? row.time, row.time + 5 * MINUTE_MS);
}

/** Returns how many devices had to leave for it. `intervals`: of types whose messages do not tell theirs, ms. */
export function seeDevice(devices: Devices, row: Row, facts: Facts, intervals: Map<string, number>): number {
  const id = facts.device ?? "none";
  const known = devices.get(id);
  const measured = measuredTime(row, facts);
  const arrived = Math.max(known?.arrived ?? 0, row.time);
  if (known !== undefined) devices.delete(id);
  if (known !== undefined && measured < known.measured) {
    devices.set(id, { ...known, arrived });
    return 0;
  }
  devices.set(id, {
    id,
    type: facts.type ?? "unknown",
    method: facts.method,
    score: facts.score,
    grade: facts.grade,
    findings: facts.findings,
    reasons: facts.reasons,
    measured,
    arrived,
    everyMs: facts.everyMs ?? intervals.get(facts.type ?? "unknown") ?? DEFAULT_EVERY_MS,
    partition: row.partition,
    offset: row.offset,
  });
  return dropLongestSilent(devices);
}

/** The map is in order of arrival at this process, so the first is a good enough longest silent. */
function dropLongestSilent(devices: Devices): number {
  let dropped = 0;
  for (const id of devices.keys()) {
    if (devices.size <= MAX_DEVICES) break;
    if (devices.delete(id)) dropped++;
  }
  return dropped;
}

export const isSilent = (device: Device, now: number): boolean =>
  now - device.arrived > SILENT_AFTER * device.everyMs;

/** Forgets devices that have not been heard for an hour (one that sends daily: for four days). True if one was. */
export function forgetDevices(devices: Devices, now: number): boolean {
  const before = devices.size;
  for (const [id, device] of devices)
    if (now - device.arrived > Math.max(HOUR_MS, (SILENT_AFTER + 1) * device.everyMs)) devices.delete(id);
  return devices.size < before;
}

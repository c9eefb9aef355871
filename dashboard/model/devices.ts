/**
 * The devices that were heard, each with its latest verdict by measured time.
 *
 * In: enriched rows. Out: a bounded map. Late data never becomes the latest, but shows that a device is alive; a wrong clock
 * never blocks what comes after it: one that runs ahead, one at an impossible time, and one that fell back, as the third
 * message in a row tells that is behind.
 */
import { MISSED_MESSAGES } from "../../judge/plan.ts";
import type { PlanType } from "../../judge/plan.ts";
import type { Finding, Grade, Method } from "../../schemas/enriched.ts";
import type { Facts, Row } from "./row.ts";

const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Devices seen at once; beyond it the longest silent ones leave, and the page says so. */
export const MAX_DEVICES = 10_000;

/** How often devices of a type send, and after which silence they are offline. */
export type Rhythm = NonNullable<PlanType["heartbeat"]>;
/** How often each type of the registry sends; null for one that sends at no regular interval. */
export type Rhythms = Map<string, Rhythm | null>;

export interface Device {
  id: string;
  type: string;
  method?: Method;
  score?: number;
  grade?: Grade;
  findings: Finding[];
  reasons: string[];
  /** The measured time of the latest message. */
  measured: number;
  /** Messages in a row that were measured before it. */
  behind: number;
  /** When the last message arrived, late or not. */
  arrived: number;
  /** How often the device sends, as its messages tell it. */
  everyMs?: number;
  partition: number;
  offset: number;
}

export type Devices = Map<string, Device>;

/** No device has measured before: its clock was never set. The same for times that are numbers, see judge/time.ts. */
const FIRST_POSSIBLE = Date.UTC(2000, 0);
/** How many messages in a row are no longer late data: the clock fell back. */
const FELL_BACK = 3;

/** Which time a message counts as in the order of measuring: a missing or impossible claim is its arrival. */
export function measuredTime(row: Row, { measured = row.time, findings }: Facts): number {
  const wrong = findings.some(({ code }) => code === "timestamp.missing" || code === "timestamp.ahead");
  if (wrong || measured < FIRST_POSSIBLE) return row.time;
  return Math.min(measured, row.time + 5 * MINUTE_MS);
}

/** Returns how many devices had to leave for it. */
export function seeDevice(devices: Devices, row: Row, facts: Facts): number {
  const id = facts.device ?? "none";
  const known = devices.get(id);
  const measured = measuredTime(row, facts);
  const arrived = Math.max(known?.arrived ?? 0, row.time);
  if (known !== undefined) devices.delete(id);
  const behind = known !== undefined && measured < known.measured ? known.behind + 1 : 0;
  if (known !== undefined && behind > 0 && behind < FELL_BACK) {
    devices.set(id, { ...known, arrived, behind });
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
    behind: 0,
    arrived,
    everyMs: facts.everyMs,
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

/** What is expected of it: as the registry here says, else as its messages do; null where nobody knows a pace. */
export function rhythmOf({ type, everyMs }: Device, rhythms: Rhythms): Rhythm | null {
  const known = rhythms.get(type);
  if (known !== undefined) return known;
  return everyMs === undefined ? null : { expected_ms: everyMs, offline_after_ms: MISSED_MESSAGES * everyMs };
}

/** `until`: up to when what the devices sent is known (view.ts, judgedUntil). */
export function isSilent(device: Device, until: number, rhythms: Rhythms): boolean {
  const rhythm = rhythmOf(device, rhythms);
  return rhythm !== null && until - device.arrived > rhythm.offline_after_ms;
}

/** Forgets devices that have not been heard for an hour (one that sends daily: for a week). True if one was. */
export function forgetDevices(devices: Devices, until: number, rhythms: Rhythms): boolean {
  const before = devices.size;
  for (const [id, device] of devices) {
    const { expected_ms = 0, offline_after_ms = 0 } = rhythmOf(device, rhythms) ?? {};
    if (until - device.arrived > Math.max(HOUR_MS, offline_after_ms + expected_ms)) devices.delete(id);
  }
  return devices.size < before;
}

/**
 * Folds messages into the bounded view model that every page and API answer is made from.
 *
 * In: batches of raw, enriched, dlq and services, in any order between partitions. Out: the ViewModel, changed in place.
 * Errors: none; what cannot be read counts and is shown as it is. No I/O and no clock: `now` is passed.
 * A repeat (its `iot.source.offset` was seen) and a message read twice count once; late data never becomes the latest.
 */
import type { ApiTopic } from "../schemas/api.ts";
import { API_TOPICS } from "../schemas/api.ts";
import type { Finding, Grade, Method } from "../schemas/enriched.ts";
import type { Heartbeat } from "../schemas/service.ts";
import { createNewest, keep, type Newest } from "./newest.ts";
import { asObject, type Facts, factsOf, type InMessage, type Row, toRow } from "./row.ts";
import {
  type Buckets,
  countAt,
  createBuckets,
  createTally,
  LATENCY_COLUMNS,
  latencyColumn,
} from "./window.ts";
import { type Tally, tally } from "./window.ts";

export const HOUR_MS = 3_600_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Devices seen at once; beyond it the longest silent ones leave, and the page says so. */
export const MAX_DEVICES = 10_000;
/** Expected interval of a device whose type tells none. */
export const DEFAULT_EVERY_MS = MINUTE_MS;
/** A device is silent after this many intervals. */
export const SILENT_AFTER = 3;

/** Rows kept for feeds and search: how many, and how many bytes of values. */
const KEPT: Record<ApiTopic, [rows: number, bytes: number]> = {
  raw: [2_000, 2 << 20],
  enriched: [2_000, 4 << 20],
  dlq: [1_000, 1 << 20],
};
/** Column of each topic in the rate buckets. */
export const COLUMN: Record<ApiTopic, number> = { raw: 0, enriched: 1, dlq: 2 };

export interface TopicState {
  newest: Newest<Row>;
  /** By partition. `end`: next offset to be written; `next`: next to be read; `source`: highest source offset seen. */
  partitions: Map<number, { end: number; next: number; source: number }>;
  /** ms; of the newest message by arrival, for enriched by enrichment. */
  last?: number;
}

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

export interface Service extends Heartbeat {
  /** Record timestamp of the heartbeat, ms. */
  beat: number;
}

export interface ViewModel {
  /** Rises with every change, so that a page knows when to render. */
  version: number;
  serial: number;
  topics: Record<ApiTopic, TopicState>;
  /** Messages by second for 15 minutes, and by ten seconds for 6 hours. */
  seconds: Buckets;
  tens: Buckets;
  /** Raw record to enrichment, by ten seconds for 6 hours. */
  latency: Buckets;
  /** Over the last hour. */
  tallies: Record<"type" | "event" | "grade" | "code" | "reason", Tally>;
  devices: Map<string, Device>;
  devicesDropped: number;
  repeats: number;
  registry?: string;
  services: Map<string, Service>;
  kafka: {
    connected: boolean;
    /** When it became so, ms. */
    since: number;
    /** When the brokers last answered, ms. */
    answered: number;
    reason?: string;
  };
  /** From when on every message is known, ms; undefined before the first read. */
  coveredFrom?: number;
  /** The read-back at the start has reached the end of every partition. */
  caughtUp: boolean;
}

export function createView(now: number): ViewModel {
  const topic = (name: ApiTopic): TopicState => ({
    newest: createNewest(...KEPT[name]),
    partitions: new Map(),
  });
  const hour = (names: number) => createTally(MINUTE_MS, HOUR_MS, names);
  return {
    version: 1,
    serial: 0,
    topics: { raw: topic("raw"), enriched: topic("enriched"), dlq: topic("dlq") },
    seconds: createBuckets(SECOND_MS, 15 * MINUTE_MS, API_TOPICS.length),
    tens: createBuckets(10 * SECOND_MS, 6 * HOUR_MS, API_TOPICS.length),
    latency: createBuckets(10 * SECOND_MS, 6 * HOUR_MS, LATENCY_COLUMNS),
    tallies: { type: hour(256), event: hour(64), grade: hour(8), code: hour(128), reason: hour(32) },
    devices: new Map(),
    devicesDropped: 0,
    repeats: 0,
    services: new Map(),
    kafka: { connected: false, since: now, answered: 0, reason: "not connected yet" },
    caughtUp: false,
  };
}

export interface Batch {
  topic: ApiTopic;
  partition: number;
  messages: InMessage[];
  /** Next offset to be written. */
  highWatermark: number;
}

export function fold(view: ViewModel, batch: Batch, now: number): void {
  const topic = view.topics[batch.topic];
  const partition = partitionOf(topic, batch.partition);
  partition.end = Math.max(partition.end, batch.highWatermark);
  for (const message of batch.messages) {
    if (message.offset < partition.next) continue;
    partition.next = message.offset + 1;
    const row = toRow(batch.topic, batch.partition, message, now, view.serial + 1);
    if (row.source !== undefined) {
      if (row.source <= partition.source) {
        view.repeats++;
        continue;
      }
      partition.source = row.source;
    }
    view.serial++;
    count(view, topic, row, now);
    keep(topic.newest, row);
  }
  view.version++;
}

export function partitionOf(topic: TopicState, partition: number) {
  let state = topic.partitions.get(partition);
  if (state === undefined) {
    state = { end: 0, next: 0, source: -1 };
    topic.partitions.set(partition, state);
  }
  return state;
}

function count(view: ViewModel, topic: TopicState, row: Row, now: number): void {
  let at = row.time;
  if (row.topic === "enriched") {
    const facts = factsOf(row);
    // An outage of the enrichment must show as one, so its rate goes by when it was enriched.
    at = Math.min(facts.enrichedAt ?? row.time, now);
    countEnriched(view, row, facts, at);
  } else if (row.topic === "dlq") {
    tally(view.tallies.reason, row.time, row.reason ?? "unnamed");
  }
  countAt(view.seconds, at, COLUMN[row.topic]);
  countAt(view.tens, at, COLUMN[row.topic]);
  topic.last = Math.max(topic.last ?? 0, at);
  if (row.registry !== undefined && row.topic !== "raw" && at >= (topic.last ?? 0))
    view.registry = row.registry;
}

function countEnriched(view: ViewModel, row: Row, facts: Facts, at: number): void {
  const { type, event, grade, code } = view.tallies;
  tally(type, row.time, facts.type ?? "unknown");
  tally(event, row.time, facts.event ?? "none");
  if (facts.grade !== undefined) tally(grade, row.time, facts.grade);
  for (const finding of facts.findings) tally(code, row.time, finding.code);
  countAt(view.latency, at, latencyColumn(at - row.time));
  seeDevice(view.devices, row, facts);
  while (view.devices.size > MAX_DEVICES) {
    dropLongestSilent(view.devices);
    view.devicesDropped++;
  }
}

/** Which time a message counts as in the order of measuring: a missing or impossible claim is its arrival. */
export function measuredTime(row: Row, facts: Facts): number {
  const wrong = facts.findings.some(({ code }) => code === "timestamp.missing" || code === "timestamp.ahead");
  return wrong ? row.time : Math.min(facts.measured ?? row.time, row.time + 5 * MINUTE_MS);
}

function seeDevice(devices: Map<string, Device>, row: Row, facts: Facts): void {
  const id = facts.device ?? "none";
  const known = devices.get(id);
  const measured = measuredTime(row, facts);
  const arrived = Math.max(known?.arrived ?? 0, row.time);
  if (known !== undefined) devices.delete(id);
  if (known !== undefined && measured < known.measured) {
    devices.set(id, { ...known, arrived });
    return;
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
    everyMs: facts.everyMs ?? DEFAULT_EVERY_MS,
    partition: row.partition,
    offset: row.offset,
  });
}

/** The map is in order of arrival at this process, so the first is a good enough longest silent. */
function dropLongestSilent(devices: Map<string, Device>): void {
  for (const id of devices.keys()) {
    devices.delete(id);
    return;
  }
}

export const isSilent = (device: Device, now: number): boolean =>
  now - device.arrived > SILENT_AFTER * device.everyMs;

/** Forgets devices that have not been heard for an hour; a device that sends daily stays for its three days. */
export function forgetDevices(view: ViewModel, now: number): void {
  for (const [id, device] of view.devices) {
    const limit = Math.max(HOUR_MS, (SILENT_AFTER + 1) * device.everyMs);
    if (now - device.arrived > limit && view.devices.delete(id)) view.version++;
  }
}

/** The offset to be read next, by partition. */
export function nextOffsets(view: ViewModel, topic: ApiTopic): Map<number, number> {
  return new Map([...view.topics[topic].partitions].map(([partition, { next }]) => [partition, next]));
}

/**
 * End offsets as the brokers tell them: topics without news have some too. False if a topic was made anew: it ends
 * before `next`, what had been read when they were asked (while they answer, the reader goes on).
 */
export function setEnds(
  view: ViewModel,
  topic: ApiTopic,
  ends: { partition: number; high: number }[],
  next = nextOffsets(view, topic),
): boolean {
  for (const { partition, high } of ends) {
    const state = partitionOf(view.topics[topic], partition);
    if (high < (next.get(partition) ?? 0)) return false;
    const end = Math.max(high, state.end);
    if (end !== state.end) view.version++;
    state.end = end;
  }
  return true;
}

export function total(view: ViewModel, topic: ApiTopic): number {
  let sum = 0;
  for (const { end } of view.topics[topic].partitions.values()) sum += end;
  return sum;
}

export function setKafka(view: ViewModel, connected: boolean, now: number, reason?: string): void {
  const changed = view.kafka.connected !== connected;
  view.kafka = {
    connected,
    since: changed ? now : view.kafka.since,
    answered: connected ? now : view.kafka.answered,
    reason: connected ? undefined : reason,
  };
  if (changed) view.version++;
}

/** A heartbeat of `iot.services`; one that is not of its form is left out. */
export function foldService(view: ViewModel, message: InMessage): void {
  let beat: unknown;
  try {
    beat = JSON.parse(message.value?.toString() ?? "");
  } catch {
    return;
  }
  const fields = asObject(beat);
  if (fields === undefined || typeof fields.service !== "string" || typeof fields.instance !== "string")
    return;
  const key = `${fields.service}/${fields.instance}`;
  if ((view.services.get(key)?.beat ?? 0) > message.timestamp) return;
  view.services.set(key, { ...(fields as unknown as Heartbeat), beat: message.timestamp });
  view.version++;
}

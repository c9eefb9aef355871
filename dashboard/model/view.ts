/**
 * The view model: all that the pages and the API know, bounded, in memory. fold.ts fills it, reader.ts tells it of Kafka.
 */
import { API_TOPICS, type ApiTopic } from "../../schemas/api.ts";
import type { Heartbeat } from "../../schemas/service.ts";
import { topicName } from "../../schemas/topics.ts";
import { type Catalog, rhythmsOf } from "./catalog.ts";
import { type Devices, HOUR_MS, type Rhythms } from "./devices.ts";
import { createNewest, type Newest } from "./newest.ts";
import { nothingSeen, type Seen } from "./repeats.ts";
import type { Row } from "./row.ts";
import type { Watch } from "./filters.ts";
import { type Buckets, createBuckets, createTally, LATENCY_COLUMNS, type Tally } from "./window.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** How far back the buckets and the outages go. */
const KEPT_MS = 6 * HOUR_MS;

/** Rows kept for feeds and search: how many, and how many bytes of values. */
const KEPT: Record<ApiTopic, [rows: number, bytes: number]> = {
  raw: [2_000, 2 << 20],
  enriched: [2_000, 4 << 20],
  dlq: [1_000, 1 << 20],
};
/** Column of each topic in the rate buckets. */
export const COLUMN: Record<ApiTopic, number> = { raw: 0, enriched: 1, dlq: 2 };

export interface PartitionState {
  /** Next offset to be written. */
  end: number;
  /** Next offset to be read. */
  next: number;
  /** The last offset that held a message; -1 before the first. */
  last: number;
  /** For an output topic: which raw messages have an output here. */
  seen: Seen;
}

export interface TopicState {
  newest: Newest<Row>;
  /** How many came, since the start: most of them are no longer kept. */
  folded: number;
  partitions: Map<number, PartitionState>;
  /** ms; of the newest message by arrival, for enriched by enrichment. */
  last?: number;
}

export interface Service extends Heartbeat {
  /** Record timestamp of the heartbeat, ms. */
  beat: number;
  /** When it came, by the clock here, ms; of one from before the start its record timestamp. */
  heard: number;
}

/** An outage lasts from the last answer to the next, ms. */
export interface Outage {
  from: number;
  to: number;
}

export interface ViewModel {
  /** The topics as the brokers know them. */
  names: Record<ApiTopic, string>;
  /** Rises with every change, so that a page knows when to render. */
  version: number;
  /** Rises when a step of the charts changed that frames no longer repeat, so that all of them have to be sent again. */
  past: number;
  serial: number;
  topics: Record<ApiTopic, TopicState>;
  /** Messages by second for 15 minutes, and by ten seconds for 6 hours. */
  seconds: Buckets;
  tens: Buckets;
  /** Raw record to enrichment, by ten seconds for 6 hours. */
  latency: Buckets;
  /** Over the last hour. */
  tallies: Record<"type" | "event" | "grade" | "code" | "reason" | "typed", Tally>;
  devices: Devices;
  devicesDropped: number;
  repeats: number;
  /** What open pages with a filter look for: told of each message. */
  watches: Set<Watch>;
  /** The registry that judged the newest message, from its header. */
  judgedBy?: string;
  /** The registry that is loaded here; undefined in a dashboard without one. */
  catalog?: Catalog;
  /** What the registry here expects of the devices of each type. */
  rhythms: Rhythms;
  /** For each partition, the first raw message without a verdict, and since when one waits there, ms. */
  backlog: Map<number, { first: number; since: number }>;
  services: Map<string, Service>;
  kafka: {
    connected: boolean;
    /** When it became so, ms: away since they last answered, not since that was noticed. */
    since: number;
    /** When the brokers last answered, ms. */
    answered: number;
    reason?: string;
    /** Times in which they did not answer, oldest first. */
    outages: Outage[];
  };
  /** Since when every message is known, ms; undefined before the first read. */
  coveredFrom?: number;
  /** No topic held anything before that: what there is begins with the first message. */
  emptyBefore: boolean;
  /** The earliest record timestamp since then, ms. */
  first?: number;
  /** False while the past is read back: until the end of every partition is reached, what is newest is not known. */
  caughtUp: boolean;
}

const NAMES = { raw: topicName("raw"), enriched: topicName("enriched"), dlq: topicName("dlq") };

export function createView(now: number, names: Record<ApiTopic, string> = NAMES): ViewModel {
  const topic = (name: ApiTopic): TopicState => ({
    newest: createNewest(...KEPT[name]),
    folded: 0,
    partitions: new Map(),
  });
  const hour = (names: number) => createTally(MINUTE_MS, HOUR_MS, names);
  return {
    names,
    version: 1,
    past: 0,
    serial: 0,
    topics: { raw: topic("raw"), enriched: topic("enriched"), dlq: topic("dlq") },
    seconds: createBuckets(SECOND_MS, 15 * MINUTE_MS, API_TOPICS.length),
    tens: createBuckets(10 * SECOND_MS, KEPT_MS, API_TOPICS.length),
    latency: createBuckets(10 * SECOND_MS, KEPT_MS, LATENCY_COLUMNS),
    tallies: {
      type: hour(256),
      event: hour(64),
      grade: hour(8),
      code: hour(128),
      reason: hour(32),
      typed: hour(2_048),
    },
    devices: new Map(),
    devicesDropped: 0,
    repeats: 0,
    watches: new Set(),
    services: new Map(),
    rhythms: new Map(),
    backlog: new Map(),
    kafka: { connected: false, since: now, answered: 0, reason: "not connected yet", outages: [] },
    emptyBefore: false,
    caughtUp: true,
  };
}

export function partitionOf(topic: TopicState, partition: number): PartitionState {
  let state = topic.partitions.get(partition);
  if (state === undefined) {
    state = { end: 0, next: 0, last: -1, seen: nothingSeen() };
    topic.partitions.set(partition, state);
  }
  return state;
}

/** Gives since when there is something to know, ms: a flow that has just begun had no silence before. */
export const knownFrom = ({
  coveredFrom = Number.POSITIVE_INFINITY,
  emptyBefore,
  first,
}: ViewModel): number =>
  emptyBefore ? Math.max(coveredFrom, first ?? Number.POSITIVE_INFINITY) : coveredFrom;

/** The newest iot.raw that the outputs of a partition tell of. */
export const epochIn = ({ enriched, dlq }: ViewModel["topics"], partition: number): number =>
  Math.max(
    enriched.partitions.get(partition)?.seen.epoch ?? 0,
    dlq.partitions.get(partition)?.seen.epoch ?? 0,
  );

/** Tells, as far as it is known, whether the raw message of a verdict belongs to the topic that is there now. */
export function isOfThisRaw({ topics }: ViewModel, { topic, partition, offset, epoch = 0 }: Row): boolean {
  const begin = topics[topic].partitions.get(partition)?.seen.begin ?? 0;
  return offset >= begin && epoch >= epochIn(topics, partition);
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

export function setCatalog(view: ViewModel, catalog: Catalog): void {
  if (view.catalog?.version !== catalog.version) view.rhythms = rhythmsOf(catalog);
  view.catalog = catalog;
  view.version++;
}

/** While they answer it is every few seconds: an older answer says nothing of now, whatever the socket says. */
const TRUST_MS = 5_000;
const MAX_OUTAGES = 100;

export function setKafka(view: ViewModel, connected: boolean, now: number, reason?: string): void {
  const { kafka } = view;
  const wasReached = kafka.answered > 0;
  const changed = kafka.connected !== connected;
  const away = wasReached ? kafka.answered : now;
  const outages = connected && wasReached ? withOutage(view, now) : kafka.outages;
  // What the charts leave out as unknown is another part of them now.
  if (changed || outages !== kafka.outages) view.past++;
  view.kafka = {
    connected,
    since: changed ? (connected ? now : away) : kafka.since,
    answered: connected ? now : kafka.answered,
    reason: connected ? undefined : reason,
    outages,
  };
  if (changed) view.version++;
}

/** The brokers answer at `now`: was there an outage before, also one that ended before it was said? */
function withOutage({ kafka }: ViewModel, now: number): Outage[] {
  const from = kafka.answered;
  const isOutage = now > from && (!kafka.connected || now - from > TRUST_MS);
  if (!isOutage) return kafka.outages;
  const shown = kafka.outages.filter(({ to }) => now - to < KEPT_MS);
  return [...shown, { from, to: now }].slice(-MAX_OUTAGES);
}

/** Until when silence is known to be silence: while the brokers do not answer, a device may well be sending. */
export function lastHeard({ kafka }: ViewModel, now: number): number {
  return kafka.connected && now - kafka.answered <= TRUST_MS ? now : kafka.answered;
}

/** Raw messages that have no verdict yet; what stands at the end and is no message, a transaction's marker, waits for none. */
export function waiting({ topics: { raw }, backlog }: ViewModel): number {
  let sum = 0;
  for (const [partition, { first }] of backlog)
    sum += (raw.partitions.get(partition)?.last ?? first) + 1 - first;
  return sum;
}

/**
 * Until when a device's silence is known to be its own: whoever is not heard after that may be among what waits. While the
 * past is read back nothing is known of anybody.
 */
export function judgedUntil(view: ViewModel, now: number): number {
  if (!view.caughtUp) return 0;
  let until = lastHeard(view, now);
  for (const { since } of view.backlog.values()) until = Math.min(until, since);
  return until;
}

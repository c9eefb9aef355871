/**
 * Folds messages into the bounded view model that every page and API answer is made from.
 *
 * In: batches of raw, enriched, dlq and services, in any order between partitions. Out: the ViewModel, changed in place.
 * Errors: none; what cannot be read counts and is shown as it is. No I/O and no clock: `now` is passed.
 * A repeat (repeats.ts) and a message read twice count once; late data never becomes the latest.
 */
import type { ApiTopic } from "../../schemas/api.ts";
import { Value } from "@sinclair/typebox/value";
import { Heartbeat } from "../../schemas/service.ts";
import { seeDevice } from "./devices.ts";
import { keep } from "./newest.ts";
import type { InMessage } from "../../kafka/message.ts";
import { isRepeat, type Seen } from "./repeats.ts";
import { type Facts, factsOf, type Row, toRow } from "./row.ts";
import { REPEATED_STEPS } from "./series.ts";
import { COLUMN, epochIn, partitionOf, type TopicState, type ViewModel } from "./view.ts";
import { tell } from "./watch.ts";
import { countAt, latencyColumn, tally } from "./window.ts";

export interface Batch {
  topic: ApiTopic;
  partition: number;
  messages: InMessage[];
  /** Up to here offsets hold no further message; absent: up to the last message. */
  next?: number;
  /** Next offset to be written. */
  highWatermark: number;
}

/** How many rows the watches are told at once, so that what one batch holds is not kept twice as a whole. */
const TOLD_AT_ONCE = 256;

export function fold(view: ViewModel, batch: Batch, now: number): void {
  const topic = view.topics[batch.topic];
  const partition = partitionOf(topic, batch.partition);
  partition.end = Math.max(partition.end, batch.highWatermark);
  let untold: Row[] = [];
  for (const message of batch.messages) {
    if (message.offset < partition.next) continue;
    partition.next = message.offset + 1;
    partition.last = message.offset;
    const row = toRow(batch.topic, batch.partition, message, now, view.serial + 1);
    if (isRepeat(partition.seen, row, view.topics.raw.partitions.get(batch.partition)?.end)) {
      view.repeats++;
      continue;
    }
    follow(view, row);
    view.serial++;
    count(view, topic, row, now);
    keep(topic.newest, row);
    topic.folded++;
    if (view.watches.size > 0) untold.push(row);
    if (untold.length >= TOLD_AT_ONCE) {
      tell(view, topic, untold);
      untold = [];
    }
  }
  if (untold.length > 0) tell(view, topic, untold);
  partition.next = Math.max(partition.next, batch.next ?? 0);
  view.version++;
}

/** Frames repeat steps of a second for so long, so that what comes a little late is still in the lines. */
const REPEATED_MS = (REPEATED_STEPS - 1) * 1_000;

function count(view: ViewModel, topic: TopicState, row: Row, now: number): void {
  let at = row.time;
  if (at >= (view.coveredFrom ?? 0) && at < (view.first ?? Number.POSITIVE_INFINITY)) {
    view.first = at;
    view.past++;
  }
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
  if (at < now - REPEATED_MS) view.past++;
  topic.last = Math.max(topic.last ?? 0, at);
  if (row.registry !== undefined && row.topic !== "raw" && at >= (topic.last ?? 0))
    view.judgedBy = row.registry;
}

/** A grade or a finding's code, of one type. A type has no line break in its name: the registry forbids it. */
export const typedName = (type: string, what: string): string => `${type}\n${what}`;

function countEnriched(view: ViewModel, row: Row, facts: Facts, at: number): void {
  const { type, event, grade, code, typed } = view.tallies;
  const typeName = facts.type ?? "unknown";
  tally(type, row.time, typeName);
  tally(event, row.time, facts.event ?? "none");
  if (facts.grade !== undefined) {
    tally(grade, row.time, facts.grade);
    tally(typed, row.time, typedName(typeName, facts.grade));
  }
  for (const finding of facts.findings) {
    tally(code, row.time, finding.code);
    tally(typed, row.time, typedName(typeName, finding.code));
  }
  countAt(view.latency, at, latencyColumn(at - row.time));
  view.devicesDropped += seeDevice(view.devices, row, facts);
}

/** A raw message waits until its verdict, or that of a later one in its partition, is there. */
function follow({ topics, backlog }: ViewModel, { topic, partition, offset, time }: Row): void {
  const first = backlog.get(partition)?.first;
  const judged = judgedIn(topics, partition);
  if (topic === "raw") {
    if (first === undefined && offset > judged) backlog.set(partition, { first: offset, since: time });
  } else if (first !== undefined && judged >= first) {
    // The next one is not older than this one, whose record time the verdict has.
    const next = judged + 1;
    if (next <= (topics.raw.partitions.get(partition)?.last ?? -1))
      backlog.set(partition, { first: next, since: time });
    else backlog.delete(partition);
  }
}

/** The highest offset of the raw partition that has a verdict; verdicts on an iot.raw that is gone are none. */
function judgedIn(topics: ViewModel["topics"], partition: number): number {
  const { raw, enriched, dlq } = topics;
  const end = raw.partitions.get(partition)?.end ?? 0;
  const good = enriched.partitions.get(partition)?.seen;
  const dead = dlq.partitions.get(partition)?.seen;
  const epoch = epochIn(topics, partition);
  const upTo = (seen: Seen | undefined) => (seen?.epoch === epoch && seen.source < end ? seen.source : -1);
  return Math.max(upTo(good), upTo(dead));
}

const MAX_SERVICES = 500;

/** A heartbeat of `iot.services`, and when it was heard; one that is not of its form is left out. */
export function foldService(view: ViewModel, message: InMessage, heard = message.timestamp): void {
  let beat: unknown;
  try {
    beat = JSON.parse(message.value?.toString() ?? "");
  } catch {
    return;
  }
  if (!Value.Check(Heartbeat, beat)) return;
  const key = `${beat.service}/${beat.instance}`;
  if ((view.services.get(key)?.beat ?? 0) > message.timestamp) return;
  view.services.delete(key);
  view.services.set(key, { ...beat, beat: message.timestamp, heard });
  // The services are in the order of their last heartbeat: the first is the longest silent.
  for (const old of view.services.keys()) {
    if (view.services.size <= MAX_SERVICES) break;
    view.services.delete(old);
  }
  view.version++;
}

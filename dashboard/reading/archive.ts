/**
 * One message by its place, however old: from memory, else from the broker; and what became of a raw message.
 *
 * Enriched messages and dead letters keep the partition of their raw message and name its offset, which rises from one to
 * the next but for repeats, that begin again lower. So the verdict on an old one is searched by it; its time only tells
 * where to begin, since a clock may be wrong and a thousand messages may be of one millisecond. Verdicts on an iot.raw that
 * was deleted since are passed over: its offsets are those of other messages now.
 * Errors: the brokers' own, passed on; no answer in time; a search given up. A place where nothing is, is undefined.
 */
import type { ApiTopic } from "../../schemas/api.ts";
import type { InMessage } from "../../kafka/message.ts";
import { epochOf, type Row, sourceOf, toRow } from "../model/row.ts";
import { epochIn, isOfThisRaw, type ViewModel } from "../model/view.ts";
import { within } from "./within.ts";

/** What the brokers are asked; archive-brokers.ts binds it to kafka/. */
export interface ArchiveBrokers {
  /** What stands at an offset and behind it, some messages at once; [] if there is nothing (any more, or yet). */
  from(topic: ApiTopic, partition: number, offset: number): Promise<InMessage[]>;
  /** The offsets of a partition; undefined if there is none of this number. */
  span(topic: ApiTopic, partition: number, timestamp: number): Promise<Span | undefined>;
}

export interface Span {
  /** The first offset that is still there, and the one that the next message gets. */
  low: number;
  high: number;
  /** The first one whose record timestamp is not before the one asked for. */
  near: number;
}

export interface Archive {
  get(topic: ApiTopic, partition: number, offset: number): Promise<Row | undefined>;
  /** The enriched message or dead letter of a raw message; undefined if there is none. */
  verdictOf(raw: Row): Promise<Row | undefined>;
  /** The raw message of an enriched message or dead letter; undefined if it is gone. */
  rawOf(verdict: Row): Promise<Row | undefined>;
}

/** The brokers answer, but what was searched was not found in as many reads: nothing is known. */
export class GivenUp extends Error {
  override name = "GivenUp";
}

/** The brokers' own client would wait for a minute; a page must be there before its reader has left. */
const PATIENCE_MS = 5_000;
/** A search takes larger steps, then halves what is left: twenty reads find one among millions. */
const MAX_READS = 60;
/** The first step: about as many messages as come at once. */
const STEP = 64;

export function createArchive(
  view: ViewModel,
  brokers: ArchiveBrokers,
  now: () => number,
  patienceMs = PATIENCE_MS,
): Archive {
  const kept = (topic: ApiTopic, partition: number, is: (row: Row) => boolean) =>
    view.topics[topic].newest.rows.findLast((row) => row.partition === partition && is(row));

  async function get(topic: ApiTopic, partition: number, offset: number): Promise<Row | undefined> {
    const row = kept(topic, partition, (candidate) => candidate.offset === offset);
    if (row !== undefined) return row;
    const messages = await within(brokers.from(topic, partition, offset), patienceMs);
    const message = messages.find((one) => one.offset === offset);
    return message && toRow(topic, partition, message, now(), 0);
  }

  async function bySource(topic: ApiTopic, raw: Row): Promise<Row | undefined> {
    const row = kept(topic, raw.partition, (one) => one.source === raw.offset && isOfThisRaw(view, one));
    if (row !== undefined) return row;
    const span = await within(brokers.span(topic, raw.partition, raw.timestamp), patienceMs);
    if (span === undefined) return undefined;
    span.low = Math.max(span.low, view.topics[topic].partitions.get(raw.partition)?.seen.begin ?? 0);
    const epoch = epochIn(view.topics, raw.partition);
    const sourceIn = (message: InMessage) => {
      const of = epochOf(message) ?? 0;
      if (of !== epoch) return of < epoch ? -1 : Number.POSITIVE_INFINITY;
      return sourceOf(message);
    };
    const until = performance.now() + 2 * patienceMs;
    const found = await searchSource(span, raw.offset, sourceIn, async (offset, reads) => {
      if (reads > MAX_READS || performance.now() > until)
        throw new GivenUp(`The search in ${topic}[${raw.partition}] was given up after ${reads - 1} reads.`);
      return within(brokers.from(topic, raw.partition, offset), patienceMs);
    });
    return found && toRow(topic, raw.partition, found, now(), 0);
  }

  return {
    get,
    verdictOf: async (raw) => (await bySource("enriched", raw)) ?? (await bySource("dlq", raw)),
    rawOf: async (verdict) =>
      verdict.source === undefined || !isOfThisRaw(view, verdict)
        ? undefined
        : await get("raw", verdict.partition, verdict.source),
  };
}

/**
 * The message whose source is `wanted`. Before `low` sources are lower, from `high` on they are higher (or nothing is
 * there): somewhere between they rise over `wanted`, and no repeat leaves one out, so there it stands or nowhere.
 */
async function searchSource(
  span: Span,
  wanted: number,
  sourceIn: (message: InMessage) => number | undefined,
  read: (offset: number, reads: number) => Promise<InMessage[]>,
): Promise<InMessage | undefined> {
  let { low, high } = span;
  let begin = Math.min(Math.max(span.near, low), high - 1);
  let at = begin;
  let step = 0;
  for (let reads = 1; low < high; reads++) {
    const messages = await read(at, reads);
    const hit = messages.find((message) => sourceIn(message) === wanted);
    if (hit !== undefined) return hit;
    const sources = messages.map(sourceIn).filter((source) => source !== undefined);
    const next = (messages.at(-1)?.offset ?? high) + 1;
    const [first] = sources;
    const last = sources.at(-1);
    if ((first === undefined || last === undefined) && next < high) {
      // These messages have another producer and tell nothing.
      at = next;
      continue;
    }
    if (last !== undefined && last < wanted) {
      low = next;
      begin = Math.min(low + step, middle(low, high));
    } else if (first !== undefined && first < wanted) return undefined;
    else {
      high = begin;
      begin = Math.max(high - Math.max(step, STEP), middle(low, high));
    }
    at = begin;
    step = step * 4 + STEP;
  }
  return undefined;
}

const middle = (low: number, high: number): number => Math.floor((low + high) / 2);

/**
 * One message by its place, however old: from memory, else from the broker; and what became of a raw message.
 *
 * Enriched messages and dead letters keep the partition and the record timestamp of their raw message, so the verdict on
 * an old one is found by its time. Errors: the brokers' own, passed on; a place where nothing is, is undefined.
 */
import type { ApiTopic } from "../../schemas/api.ts";
import type { ViewModel } from "../model/view.ts";
import { type InMessage, type Row, toRow } from "../model/row.ts";

/** What the brokers are asked; main.ts binds it to kafka/. */
export interface Places {
  message(topic: ApiTopic, partition: number, offset: number): Promise<InMessage | undefined>;
  /** The first offset of a partition whose record timestamp is not before a time. */
  offsetAt(topic: ApiTopic, partition: number, timestamp: number): Promise<number | undefined>;
}

export interface Archive {
  get(topic: ApiTopic, partition: number, offset: number): Promise<Row | undefined>;
  /** The enriched message or dead letter of a raw message. */
  verdictOf(raw: Row): Promise<Row | undefined>;
}

/** Messages of the same millisecond, or repeats, that may stand before the one that is looked for. */
const MAX_STEPS = 12;

export function createArchive(view: ViewModel, places: Places, now: () => number): Archive {
  const kept = (topic: ApiTopic, partition: number, is: (row: Row) => boolean) =>
    view.topics[topic].newest.rows.findLast((row) => row.partition === partition && is(row));

  async function get(topic: ApiTopic, partition: number, offset: number): Promise<Row | undefined> {
    const row = kept(topic, partition, (candidate) => candidate.offset === offset);
    if (row !== undefined) return row;
    const message = await places.message(topic, partition, offset);
    return message && toRow(topic, partition, message, now(), 0);
  }

  async function bySource(topic: ApiTopic, raw: Row): Promise<Row | undefined> {
    const row = kept(topic, raw.partition, (candidate) => candidate.source === raw.offset);
    if (row !== undefined) return row;
    const first = await places.offsetAt(topic, raw.partition, raw.timestamp);
    if (first === undefined) return undefined;
    for (let offset = first; offset < first + MAX_STEPS; offset++) {
      const message = await places.message(topic, raw.partition, offset);
      if (message === undefined || message.timestamp > raw.timestamp) return undefined;
      const found = toRow(topic, raw.partition, message, now(), 0);
      if (found.source === raw.offset) return found;
    }
    return undefined;
  }

  return {
    get,
    verdictOf: async (raw) => (await bySource("enriched", raw)) ?? (await bySource("dlq", raw)),
  };
}

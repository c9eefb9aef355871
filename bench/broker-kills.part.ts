/** What bench/broker-kills.ts finds at the end: every record by a client, every batch by its bytes, and what is wrong with them. */
import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { batchHeader } from "../batches/header.ts";
import { isSound } from "../broker/protocol/batch.ts";
import { createKafka } from "../kafka/client.ts";
import { endOffsets } from "../kafka/admin.ts";
import { fetchFrom } from "../kafka/fetch-one.ts";

export interface Found {
  partition: number;
  offset: number;
  value: string;
}

/** `offset`: undefined where the client does not tell. */
export type Acked = Omit<Found, "offset"> & { offset: number | undefined };

/** Each value names its writer and rises: writer/run/number/padding. */
const VALUE = /^(kafkajs\/\d+|kcat\/\d+|kafka-python\/\d+)\/(\d+)\/(x*|y*)$/;
const FETCH_BYTES = 4_000_000;

export async function readAll(brokers: string, topic: string): Promise<Found[]> {
  const kafka = createKafka({ brokers: [brokers], clientId: "reader" }, { info() {}, warn() {}, error() {} });
  const found: Found[] = [];
  for (const { partition, high } of await endOffsets(kafka, topic)) {
    for (let at = 0; at < high;) {
      const { messages, next } = await fetchFrom(kafka, topic, partition, at, FETCH_BYTES);
      if (messages.length === 0)
        throw new Error(`${topic}[${partition}]@${at}: nothing to read, the end is ${high}`);
      for (const { offset, value } of messages) found.push({ partition, offset, value: String(value) });
      at = next;
    }
  }
  return found;
}

/** All that is wrong, one line each. */
export function faultsIn(found: Found[], acked: Acked[]): string[] {
  const faults: string[] = [];
  const byPlace = new Map<string, string>();
  const values = new Set<string>();
  const last = new Map<string, number>();
  const next = new Map<number, number>();
  for (const { partition, offset, value } of found) {
    const place = `t[${partition}]@${offset}`;
    byPlace.set(place, value);
    if (offset !== (next.get(partition) ?? 0))
      faults.push(`${place}: expected offset ${next.get(partition)}`);
    next.set(partition, offset + 1);
    const [, writer = "", number = ""] = value.match(VALUE) ?? [];
    if (writer === "") faults.push(`${place}: torn: ${value.slice(0, 60)}`);
    if (values.has(value)) faults.push(`${place}: twice: ${value.slice(0, 60)}`);
    values.add(value);
    if (Number(number) <= (last.get(writer) ?? -1))
      faults.push(`${place}: out of order: ${value.slice(0, 60)}`);
    last.set(writer, Number(number));
  }
  for (const { partition, offset, value } of acked) {
    const isThere =
      offset === undefined ? values.has(value) : byPlace.get(`t[${partition}]@${offset}`) === value;
    if (!isThere) faults.push(`t[${partition}]@${offset}: lost: ${value.slice(0, 60)}`);
  }
  return faults;
}

/** Checks a stopped broker's folder: every batch must be whole and follow the one before it. */
export function batchFaults(dataDir: string): { batches: number; faults: string[] } {
  type Row = {
    topicId: number;
    partition: number;
    baseOffset: number;
    lastOffset: number;
    data: Uint8Array | null;
  };
  using database = new Database(join(dataDir, "broker.db"), { readonly: true });
  const rows = database.query<Row, []>("SELECT * FROM batch ORDER BY topicId, partition, lastOffset");
  const next = new Map<number, number>();
  const faults: string[] = [];
  let batches = 0;
  for (const { topicId, partition, baseOffset, lastOffset, data } of rows.iterate()) {
    batches++;
    const file = join(dataDir, "batches", `${topicId}-${partition}-${lastOffset}`);
    const batch = Buffer.from(data ?? readFileSync(file));
    const header = batchHeader(batch);
    const isInPlace = header.baseOffset === baseOffset && header.lastOffset === lastOffset;
    if (!isSound(batch)) faults.push(`t[${partition}]@${baseOffset}: a batch that is damaged`);
    else if (!isInPlace || baseOffset !== (next.get(partition) ?? 0))
      faults.push(`t[${partition}]@${baseOffset}: a batch that is not in its place`);
    next.set(partition, lastOffset + 1);
  }
  return { batches, faults };
}

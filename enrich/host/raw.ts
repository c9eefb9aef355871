/**
 * What iot.raw still holds, asked when messages are missing before a batch; and which iot.raw it is.
 *
 * Undefined while the brokers do not tell in time: accounting must not hold the flow.
 */
import { endOffsets } from "../../kafka/admin.ts";
import { sleep } from "../../kafka/backoff.ts";
import type { Kafka } from "../../kafka/client.ts";
import type { InMessage } from "../../kafka/consume.ts";
import { fetchFrom } from "../../kafka/fetch-one.ts";

export interface RawTopic {
  /** Where the partition begins now. */
  start(partition: number): Promise<number | undefined>;
  /** What tells the topic's partition from another one of the same name. */
  mark(partition: number): Promise<Mark | undefined>;
  /** Whether the partition holds this very message still; undefined where that cannot be told (any more). */
  holds(partition: number, message: InMessage): Promise<boolean | undefined>;
  /** How many messages, and batches that cannot be read, stand from one offset up to another. */
  count(partition: number, from: number, to: number): Promise<number | undefined>;
}

/** The first message that the partition holds: only retention takes it away, and then the next one is the first. */
export interface Mark {
  offset: number;
  /** The digest of its time, key and value. */
  sum: number;
}

/** Stored beside each commit: whoever has the partition next knows which one the offset is of. */
export const markText = ({ offset, sum }: Mark): string => `first ${offset} ${sum}`;

/** Undefined for what is no mark: another kind of enricher has committed. */
export function readMark(text: string): Mark | undefined {
  const [, offset, sum] = /^first (\d+) (\d+)$/.exec(text) ?? [];
  return offset === undefined ? undefined : { offset: Number(offset), sum: Number(sum) };
}

/** A partition's first offset never falls, and its first message stays the same as long as it is there. */
export const isOther = (before: Mark, now: Mark): boolean =>
  now.offset < before.offset || (now.offset === before.offset && now.sum !== before.sum);

export async function findMark(
  kafka: Kafka,
  topic: string,
  partition: number,
  low: number,
): Promise<Mark | undefined> {
  // Batch by batch: the first ones may hold no message for a reader.
  for (let at = low, batches = 0; batches < MOST_BATCHES; batches++) {
    const { messages, next } = await fetchFrom(kafka, topic, partition, at, 1);
    const [first] = messages;
    if (first !== undefined) return markOf(first);
    if (next === at) return undefined;
    at = next;
  }
  return undefined;
}

const MOST_BATCHES = 20;

function markOf({ offset, timestamp, key, value }: InMessage): Mark {
  const parts = [`${timestamp}`, key ?? "", value ?? ""];
  return { offset, sum: parts.reduce((sum, part) => Bun.hash.crc32(part, sum), 0) };
}

const WITHIN_MS = 4_000;
const FETCH_BYTES = 1_048_576;

export function createRawTopic(kafka: Kafka, topic: string, withinMs = WITHIN_MS): RawTopic {
  const inTime = <T>(answer: Promise<T>): Promise<T | undefined> =>
    Promise.race([answer.catch(() => undefined), sleep(withinMs).then(() => undefined)]);

  async function countAll(partition: number, from: number, to: number): Promise<number> {
    const until = performance.now() + withinMs;
    let count = 0;
    for (let at = from; at < to;) {
      if (performance.now() > until) throw new Error(`${topic}[${partition}]: not counted in ${withinMs} ms`);
      const { messages, undecodable, next } = await fetchFrom(kafka, topic, partition, at, FETCH_BYTES);
      if (next === at) break;
      count += messages.filter(({ offset }) => offset < to).length;
      count += undecodable.filter(({ first }) => first < to).length;
      at = next;
    }
    return count;
  }

  const ends = async (partition: number) =>
    (await endOffsets(kafka, topic)).find((one) => one.partition === partition);
  const low = async (partition: number): Promise<number | undefined> => (await ends(partition))?.low;

  async function holds(partition: number, message: InMessage): Promise<boolean | undefined> {
    const { offset } = message;
    const { low, high } = (await ends(partition)) ?? { low: 0, high: 0 };
    if (offset >= high) return false;
    if (offset < low) return undefined;
    const { messages } = await fetchFrom(kafka, topic, partition, offset, 1);
    const there = messages.find((one) => one.offset === offset);
    return there && markOf(there).sum === markOf(message).sum;
  }

  async function mark(partition: number): Promise<Mark | undefined> {
    const at = await low(partition);
    return at === undefined ? undefined : findMark(kafka, topic, partition, at);
  }

  return {
    start: (partition) => inTime(low(partition)),
    mark: (partition) => inTime(mark(partition)),
    holds: (partition, message) => inTime(holds(partition, message)),
    count: (partition, from, to) => inTime(countAll(partition, from, to)),
  };
}

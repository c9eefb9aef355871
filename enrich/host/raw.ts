/**
 * What iot.raw still holds, asked when messages are missing before a batch.
 *
 * Undefined while the brokers do not tell in time: accounting must not hold the flow.
 */
import { endOffsets } from "../../kafka/admin.ts";
import { sleep } from "../../kafka/backoff.ts";
import type { Kafka } from "../../kafka/client.ts";
import { fetchFrom } from "../../kafka/fetch-one.ts";

export interface RawTopic {
  /** Where the partition begins now. */
  start(partition: number): Promise<number | undefined>;
  /** How many messages, and batches that cannot be read, stand from one offset up to another. */
  count(partition: number, from: number, to: number): Promise<number | undefined>;
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

  return {
    start: async (partition) =>
      (await inTime(endOffsets(kafka, topic)))?.find((one) => one.partition === partition)?.low,
    count: (partition, from, to) => inTime(countAll(partition, from, to)),
  };
}

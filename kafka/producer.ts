/**
 * The producer: acks=all, zstd, sends capped by bytes, one send in flight for an output partition.
 *
 * In: messages of one topic. Out: when every one of them is acknowledged, how many that are: counted here, below whoever sends.
 * Errors: an unreachable broker is tried again until the deadline, then KafkaUnavailable (part of the messages may be
 *   in the topic, in order and without a hole); a message over the topic's limit is MessageTooLarge, at once; what the topic
 *   refuses for another reason, or has no partition for, is OutputRefused, at once: only an operator can mend it.
 * Not idempotent in kafkajs's sense: a repeated send after a lost acknowledgement stands twice, and readers drop the second
 *   by `iot.source.offset`. With one send in flight a repeat never overtakes what follows it.
 */

import {
  CompressionTypes,
  type Kafka,
  Partitioners,
  type Producer as KafkajsProducer,
  type RecordMetadata,
} from "kafkajs";
import { backoff, sleep } from "./backoff.ts";
import { METADATA_MAX_AGE_MS } from "./client.ts";
import {
  KafkaUnavailable,
  MessageTooLarge,
  OutputRefused,
  isOutage,
  protocolType,
  reasonOf,
} from "./errors.ts";

export interface OutMessage {
  key: Buffer | string | null;
  /** A list: its parts, one behind the other; they are copied once, into the batch. */
  value: Buffer | string | null | (Buffer | string)[];
  headers?: Record<string, string | Buffer>;
  /** Undefined: by the key, as Java's producer does. */
  partition?: number;
  /** ms; undefined: now; a decimal text where a number cannot hold it */
  timestamp?: number | string;
}

export interface Producer {
  /** Resolves with the number of messages that are acknowledged: all of them. */
  send(topic: string, messages: OutMessage[]): Promise<number>;
  stop(): Promise<void>;
}

export interface ProducerOptions {
  /**
   * Uncompressed bytes of one send; a single larger message goes alone. Brokers refuse 1 to 2 MB, but count what is compressed,
   * a tenth and less of it; what is refused all the same goes in halves.
   */
  maxBytes?: number;
  /** How long a send is tried. */
  deadlineMs?: number;
}

/** Bytes of a record beside key, value and headers: lengths, deltas, its share of the batch's header. */
const OVERHEAD = 40;
/** How long the brokers may take for the replicas' acknowledgements. */
const ACK_MS = 10_000;
const STOP_MS = 1_500;
/** Over the topic's `max.message.bytes`, or over its `segment.bytes`. */
const TOO_LARGE = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);

export async function createProducer(kafka: Kafka, options: ProducerOptions = {}): Promise<Producer> {
  const { maxBytes = 2_200_000, deadlineMs = 30_000 } = options;
  const stopping = new AbortController();
  /** The tail of each output partition's queue of sends. */
  const queues = new Map<string, Promise<unknown>>();
  let connected: Promise<KafkajsProducer> | undefined;

  async function send(topic: string, messages: OutMessage[]): Promise<number> {
    if (stopping.signal.aborted) throw new KafkaUnavailable(`${topic}: the producer is stopped`);
    const sends = [...byPartition(messages)].map(([partition, group]) =>
      enqueue(`${topic}/${partition}`, () => sendInOrder(topic, group)),
    );
    const failed = (await Promise.allSettled(sends)).find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
    return sum(await Promise.all(sends));
  }

  function enqueue(queue: string, task: () => Promise<number>): Promise<number> {
    const before = queues.get(queue) ?? Promise.resolve();
    const result = before.then(task);
    const tail = result.catch(() => {}).then(() => void (queues.get(queue) === tail && queues.delete(queue)));
    queues.set(queue, tail);
    return result;
  }

  async function sendInOrder(topic: string, messages: OutMessage[]): Promise<number> {
    const deadline = performance.now() + deadlineMs;
    let acknowledged = 0;
    for (const part of splitByBytes(messages, maxBytes))
      acknowledged += await sendPart(topic, part, deadline);
    return acknowledged;
  }

  async function sendPart(topic: string, part: OutMessage[], deadline: number): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await sendOnce(topic, part, deadline);
      } catch (error) {
        if (TOO_LARGE.has(protocolType(error) ?? "")) return sendHalves(topic, part, deadline);
        if (error instanceof OutputRefused) throw error;
        if (!isOutage(error)) throw refused(topic, part, error);
        if (stopping.signal.aborted || performance.now() >= deadline)
          throw new KafkaUnavailable(`${place(topic, part)}: not acknowledged (${reasonOf(error)})`, {
            cause: error,
          });
        await backoff(attempt, stopping.signal);
      }
    }
  }

  /** The topic's limit may be below our cap: only a message that is too large by itself is an error. */
  async function sendHalves(topic: string, part: OutMessage[], deadline: number): Promise<number> {
    const [only] = part;
    if (part.length === 1 && only)
      throw new MessageTooLarge(
        `${place(topic, part)}: the broker refuses a message of ${sizeOf(only)} bytes, key ${only.key ?? "null"} (see the topic's max.message.bytes)`,
      );
    const half = Math.ceil(part.length / 2);
    const first = await sendPart(topic, part.slice(0, half), deadline);
    return first + (await sendPart(topic, part.slice(half), deadline));
  }

  async function sendOnce(topic: string, part: OutMessage[], deadline: number): Promise<number> {
    connected ??= connect(kafka);
    const used = connected;
    const attempt = used.then((producer) =>
      producer.send({ topic, messages: part, acks: -1, timeout: ACK_MS, compression: CompressionTypes.ZSTD }),
    );
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(late.resolve, Math.max(0, deadline - performance.now()), "late");
    let answer: RecordMetadata[] | "late";
    try {
      answer = await Promise.race([attempt, late.promise]);
    } catch (error) {
      // Another partition's send may have found the connections dead, and thrown them away under ours.
      const thrownAway = connected !== used;
      const isDead = isOutage(error) && protocolType(error) === undefined;
      if (isDead) await throwAway(used);
      throw thrownAway ? new KafkaUnavailable(reasonOf(error), { cause: error }) : error;
    } finally {
      clearTimeout(timer);
    }
    if (answer !== "late") return acknowledgedIn(answer, topic, part);
    attempt.catch(() => {});
    await throwAway(used);
    throw new KafkaUnavailable(`${place(topic, part)}: no acknowledgement in ${deadlineMs} ms`);
  }

  /** Connections that failed are not repaired: the next attempt makes new ones, from the broker list. */
  async function throwAway(used: Promise<KafkajsProducer> | undefined): Promise<void> {
    if (connected === used) connected = undefined;
    const disconnected = used?.then((producer) => producer.disconnect()).catch(() => {});
    await Promise.race([disconnected, sleep(STOP_MS)]);
  }

  async function stop(): Promise<void> {
    await Promise.race([Promise.all(queues.values()), sleep(STOP_MS)]);
    stopping.abort();
    await throwAway(connected);
  }

  return { send, stop };
}

async function connect(kafka: Kafka): Promise<KafkajsProducer> {
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    // Ours are the retries: they have a deadline and can be stopped.
    retry: { retries: 0 },
  });
  await producer.connect();
  return producer;
}

/** Cuts a list where the next message would pass the cap; keeps the order; no part is empty. */
export function splitByBytes(messages: OutMessage[], maxBytes: number): OutMessage[][] {
  const parts: OutMessage[][] = [];
  let part: OutMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = sizeOf(message);
    if (part.length > 0 && bytes + size > maxBytes) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += size;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

/** Messages without a partition share a queue: kafkajs spreads them, still one send at a time. */
function byPartition(messages: OutMessage[]): Map<number | "by key", OutMessage[]> {
  const groups = new Map<number | "by key", OutMessage[]>();
  for (const message of messages) {
    const partition = message.partition ?? "by key";
    const group = groups.get(partition);
    if (group) group.push(message);
    else groups.set(partition, [message]);
  }
  return groups;
}

function sum(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

export function sizeOf({ key, value, headers }: OutMessage): number {
  let bytes = OVERHEAD + lengthOf(key) + lengthOf(value);
  for (const name in headers) bytes += OVERHEAD / 4 + lengthOf(name) + lengthOf(headers[name] ?? null);
  return bytes;
}

/** The bytes that a value is in the topic. */
export function wholeValue({ value }: Pick<OutMessage, "value">): Buffer | null {
  if (value === null || Buffer.isBuffer(value)) return value;
  const parts = typeof value === "string" ? [value] : value;
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

function lengthOf(part: OutMessage["value"]): number {
  if (part === null) return 0;
  if (typeof part === "string") return byteLength(part);
  if (Buffer.isBuffer(part)) return part.length;
  let bytes = 0;
  for (const one of part) bytes += lengthOf(one);
  return bytes;
}

/** A native call costs more than a few characters one by one. */
function byteLength(text: string): number {
  if (text.length > 32) return Buffer.byteLength(text);
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return Buffer.byteLength(text);
  return text.length;
}

/** kafkajs leaves out a partition that the topic lacks and says nothing: acknowledged is what the brokers' answer names. */
function acknowledgedIn(answer: RecordMetadata[], topic: string, part: OutMessage[]): number {
  const partition = part[0]?.partition;
  if (partition === undefined || answer.some((one) => one.partition === partition)) return part.length;
  throw new OutputRefused(
    `${place(topic, part)}: the topic has no such partition; expected as many as the topic that is read has: kafka-topics --alter --topic ${topic} --partitions N`,
  );
}

/** What to look at for an answer that no repetition heals. */
const LOOK_AT: Record<string, string> = {
  INVALID_TIMESTAMP: "message.timestamp.before.max.ms and message.timestamp.after.max.ms of the topic",
  INVALID_RECORD: "cleanup.policy of the topic: a compacted one takes no message without a key",
  TOPIC_AUTHORIZATION_FAILED: "the right to Write to the topic",
  CLUSTER_AUTHORIZATION_FAILED: "the rights of our principal in the cluster",
  POLICY_VIOLATION: "the cluster's policies",
};

/** The brokers' own answer keeps the messages waiting, named; anything else is a bug and stays as it is. */
function refused(topic: string, part: OutMessage[], error: unknown): unknown {
  const type = protocolType(error);
  if (type === undefined) return error;
  const hint = LOOK_AT[type] === undefined ? "" : `; look at ${LOOK_AT[type]}`;
  return new OutputRefused(`${place(topic, part)}: refused with ${type}, ${reasonOf(error)}${hint}`);
}

function place(topic: string, [first]: OutMessage[]): string {
  return `${topic}[${first?.partition ?? "by key"}]`;
}

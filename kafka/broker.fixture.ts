/** What the tests of this folder share: an embedded broker, clients on it, waiting for a condition. */

import { afterEach } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningBroker } from "../broker/broker.ts";
import { startBroker } from "../broker/broker.ts";
import { type Topic, ensureTopics } from "./admin.ts";
import { type Kafka, type KafkaLog, createKafka } from "./client.ts";
import { type Consumer, type ConsumeOptions, consume } from "./consume.ts";
import { groupLag } from "./lag.ts";
import { type Producer, type ProducerOptions, createProducer } from "./producer.ts";

export { until } from "../test/processes.fixture.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

export interface Lines extends KafkaLog {
  lines: string[];
}

export function collectLog(): Lines {
  const lines: string[] = [];
  const say = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { lines, info: say("info"), warn: say("warn"), error: say("error") };
}

export async function aBroker(options: { port?: number; dataDir?: string } = {}): Promise<RunningBroker> {
  const broker = await startBroker({ ...options, firstRebalanceDelayMs: 0 });
  afterwards(() => broker.stop());
  return broker;
}

export function aFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "kafka-test-"));
  afterwards(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A client of its own for each consumer, as each program has one. */
export function aClient(port: number, log: KafkaLog = collectLog()): Kafka {
  return createKafka({ brokers: [`127.0.0.1:${port}`], clientId: "test" }, log);
}

export async function aTopic(
  kafka: Kafka,
  partitions = 1,
  configs: Record<string, string> = {},
): Promise<string> {
  const topic: Topic = { name: `t-${crypto.randomUUID()}`, partitions, configs };
  await ensureTopics(kafka, [topic]);
  return topic.name;
}

export async function aProducer(kafka: Kafka, options?: ProducerOptions): Promise<Producer> {
  const producer = await createProducer(kafka, options);
  afterwards(() => producer.stop());
  return producer;
}

/** A broker, a topic with so many messages in its first partition, and who can read and write it. */
export async function aStream(messages: number, partitions = 1) {
  const { port } = await aBroker();
  const kafka = aClient(port);
  const topic = await aTopic(kafka, partitions);
  const producer = await aProducer(kafka);
  if (messages > 0) await producer.send(topic, numbered(messages));
  return { port, kafka, topic, producer };
}

/** What group `g` has committed, by partition. */
export async function committed(kafka: Kafka, topic: string): Promise<(number | null)[]> {
  return (await groupLag(kafka, "g", topic)).map((one) => one.committed);
}

export const isFine = (consumer: Consumer) => (): boolean => consumer.health().length === 0;

export type Minimal = Pick<ConsumeOptions, "topics" | "handle"> & Partial<ConsumeOptions>;

/** A crash fails the test unless it is expected. */
export async function aConsumer(kafka: Kafka, options: Minimal): Promise<Consumer> {
  const consumer = await consume(kafka, {
    groupId: "g",
    from: "earliest",
    commit: true,
    log: collectLog(),
    onCrash: (error) => {
      throw error;
    },
    ...options,
  });
  afterwards(() => consumer.stop());
  return consumer;
}

/** The offsets as texts: `numbered(3)` is 0, 1, 2 as messages for partition 0. */
export function numbered(count: number, first = 0, partition = 0) {
  return Array.from({ length: count }, (_, index) => ({ key: "k", value: `${first + index}`, partition }));
}

export function texts(messages: { value: Buffer | null }[]): string[] {
  return messages.map(({ value }) => String(value));
}

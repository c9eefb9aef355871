import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { type BrokerOptions, type RunningBroker, startBroker } from "./broker.ts";

process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: BrokerOptions = {}): Promise<RunningBroker> {
  const broker = await startBroker(options);
  cleanups.push(() => broker.stop());
  return broker;
}

function client(broker: RunningBroker): Kafka {
  return new Kafka({
    brokers: [`127.0.0.1:${broker.port}`],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20 },
  });
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "broker-"));
  cleanups.push(() => rmSync(path, { recursive: true }));
  return path;
}

async function collect(kafka: Kafka, topic: string, count: number, groupId = "g"): Promise<string[]> {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const values: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(String(message.value));
      if (values.length >= count) resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  return values;
}

describe("with kafkajs", () => {
  test("what is produced to a topic is consumed from it in order", async () => {
    const kafka = client(await start());
    const admin = kafka.admin();
    await admin.connect();
    cleanups.push(() => admin.disconnect());
    await admin.createTopics({ topics: [{ topic: "t", numPartitions: 1 }] });
    const producer = kafka.producer();
    await producer.connect();
    cleanups.push(() => producer.disconnect());
    await producer.send({ topic: "t", messages: [{ value: "1" }, { value: "2" }] });
    await producer.send({ topic: "t", messages: [{ value: "3" }] });
    expect(await collect(kafka, "t", 3)).toEqual(["1", "2", "3"]);
    expect(await admin.fetchOffsets({ groupId: "g", topics: ["t"] })).toEqual([
      { topic: "t", partitions: [{ partition: 0, offset: "3", metadata: null }] },
    ]);
  });

  test("messages, committed offsets and the cluster id outlive a restart on the same data folder", async () => {
    const dataDir = folder();
    const first = await startBroker({ dataDir });
    const admin = client(first).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "t", numPartitions: 1 }] });
    const producer = client(first).producer();
    await producer.connect();
    await producer.send({ topic: "t", messages: [{ value: "1" }, { value: "2" }] });
    expect(await collect(client(first), "t", 2)).toEqual(["1", "2"]);
    await producer.disconnect();
    await admin.disconnect();
    await first.stop();

    const second = await start({ dataDir });
    expect(second.clusterId).toBe(first.clusterId);
    const producerAgain = client(second).producer();
    await producerAgain.connect();
    await producerAgain.send({ topic: "t", messages: [{ value: "3" }] });
    await producerAgain.disconnect();
    expect(await collect(client(second), "t", 1)).toEqual(["3"]);
    expect(await collect(client(second), "t", 3, "other")).toEqual(["1", "2", "3"]);
  });
});

/** What the patch of kafkajs (patches/) must do with connections that break: found by the faults here, told by their cause. */
import { afterEach, describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { CompressionTypes, Kafka, logLevel, Partitioners } from "kafkajs";
import { startBroker } from "../../broker/broker.ts";
import { ensureTopics, endOffsets } from "../../kafka/admin.ts";
import { until } from "../processes.fixture.ts";
import { startProxy } from "./proxy.ts";

const kafkajs = createRequire(Bun.resolveSync("kafkajs", import.meta.dir));
const BrokerPool: new (options: object) => {
  seedBroker: object | undefined;
  removeBroker(address: object): void;
} = kafkajs("./src/cluster/brokerPool.js");
const TOPIC = "t";
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Bare kafkajs, so that nothing of ours mends what it breaks. */
async function scene() {
  const proxy = await startProxy();
  const broker = await startBroker({ advertisedPort: proxy.port });
  proxy.aim(broker.port);
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${proxy.port}`],
    requestTimeout: 300,
    logLevel: logLevel.NOTHING,
    retry: { retries: 4, initialRetryTime: 20 },
  });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  cleanups.push(
    () => broker.stop(),
    () => proxy.stop(),
    () => producer.disconnect(),
  );
  await ensureTopics(kafka, [{ name: TOPIC, partitions: 1, configs: {} }]);
  await producer.connect();
  const send = (value: string) =>
    producer.send({ topic: TOPIC, messages: [{ value }], compression: CompressionTypes.None });
  await send("first");
  return { proxy, kafka, send };
}

describe("kafkajs, patched", () => {
  test("gives up a connection on which a request got no answer", async () => {
    const { proxy, send } = await scene();
    proxy.halfOpen();
    expect(await send("second")).toHaveLength(1);
  });

  test("begins a new connection's answers anew after a cut in the middle of one", async () => {
    const { proxy, kafka, send } = await scene();
    proxy.trap({ api: "Produce", effect: "cut within" });
    expect(await send("second")).toHaveLength(1);
    expect((await endOffsets(kafka, TOPIC))[0]?.high).toBe(3);
  });

  test("joins again after a sync without an answer, instead of going on with what it had", async () => {
    const { proxy, kafka, send } = await scene();
    let got = 0;
    const members = [1, 2].map(() => ({
      consumer: kafka.consumer({ groupId: "g", heartbeatInterval: 100, maxWaitTimeInMs: 50 }),
      partitions: -1,
    }));
    for (const member of members) {
      const { consumer } = member;
      consumer.on("consumer.group_join", ({ payload }) => {
        member.partitions = payload.memberAssignment[TOPIC]?.length ?? 0;
      });
      await consumer.connect();
      await consumer.subscribe({ topics: [TOPIC] });
      await consumer.run({ eachMessage: async () => void got++ });
    }
    const counts = () => members.map(({ partitions }) => partitions).sort();
    await until("one has the partition, the other none", () => `${counts()}` === "0,1");
    const [idle, busy] = members.toSorted((a, b) => a.partitions - b.partitions);
    cleanups.push(() => idle?.consumer.disconnect());
    proxy.trap({ api: "SyncGroup", effect: "cut after" });
    await busy?.consumer.disconnect();
    got = 0;
    const reads = async () => (await send("x")) && got > 0;
    await until("the idle one reads", reads, { withinMs: 4_000 });
  });

  test("says that no broker has answered for its topics, instead of meeting null", async () => {
    const { proxy, kafka } = await scene();
    const admin = kafka.admin();
    await admin.connect();
    cleanups.push(() => admin.disconnect());
    // It asks twice; the first answer tells it which brokers there are.
    proxy.trap({ api: "Metadata", effect: "delay", delayMs: 1 });
    proxy.trap({ api: "Metadata", effect: "cut before" });
    expect(await admin.listTopics().catch((error: Error) => error.name)).toEqual("KafkaJSMetadataNotLoaded");
  });

  test("keeps an address to go back to when its only broker has closed the connection", () => {
    const pool = new BrokerPool({ connectionPoolBuilder: {}, logger: { namespace() {} } });
    const only = { nodeId: 1, connectionPool: { host: "127.0.0.1", port: 1 } };
    Object.assign(pool, { brokers: { 1: only }, seedBroker: only });
    pool.removeBroker(only.connectionPool);
    expect(pool.seedBroker).toBe(only);
  });
});

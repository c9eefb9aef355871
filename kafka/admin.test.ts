import { describe, expect, test } from "bun:test";
import { startBroker } from "../broker/broker.ts";
import {
  TopicFaults,
  checkTopics,
  clusterId,
  endOffsets,
  ensureTopics,
  offsetsAt,
  withAdmin,
} from "./admin.ts";
import {
  aBroker,
  aClient,
  aConsumer,
  aProducer,
  aStream,
  aTopic,
  afterwards,
  collectLog,
  numbered,
  until,
} from "./broker.fixture.ts";
import { createKafka } from "./client.ts";
import { fetchMessage } from "./fetch-one.ts";
import { groupLag } from "./lag.ts";

const topic = (name: string, partitions = 3, configs: Record<string, string> = {}) => ({
  name,
  partitions,
  configs,
});

describe("ensureTopics", () => {
  test("creates what is missing with its partitions and configs, and only that", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const wanted = [topic("a", 2, { "retention.ms": "1000" }), topic("b", 4)];
    expect(await checkTopics(kafka, wanted)).toEqual(["a: missing", "b: missing"]);
    expect(await ensureTopics(kafka, wanted)).toEqual({ created: ["a", "b"] });
    expect(await ensureTopics(kafka, wanted)).toEqual({ created: [] });
    expect(await checkTopics(kafka, wanted)).toEqual([]);
    expect((await endOffsets(kafka, "b")).length).toBe(4);
  });

  test("two programs that start at the same time both succeed", async () => {
    const { port } = await aBroker();
    const wanted = ["a", "b", "c"].map((name) => topic(name));
    await Promise.all([aClient(port), aClient(port)].map((kafka) => ensureTopics(kafka, wanted)));
    expect(await checkTopics(aClient(port), wanted)).toEqual([]);
  });

  test("unequal counts among topics that must match are a fault that says what to do", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    await ensureTopics(kafka, [topic("raw", 6), topic("enriched", 3)]);
    const rules = { partitionsMustMatch: ["raw", "enriched", "dlq"] };
    const error = await ensureTopics(kafka, [topic("raw"), topic("enriched"), topic("dlq")], rules).catch(
      (thrown) => thrown as unknown,
    );
    expect(error).toBeInstanceOf(TopicFaults);
    expect(error instanceof TopicFaults && error.faults).toEqual([
      "enriched: 3 partitions, but raw has 6; give it 6 (kafka-topics --alter --partitions 6), or delete and create the topics of the flow again",
    ]);
    expect(await checkTopics(kafka, [topic("dlq")])).toEqual(["dlq: missing"]);
  });

  test("beside topics that exist the missing ones get as many partitions", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    await ensureTopics(kafka, [topic("raw", 2)]);
    await ensureTopics(kafka, [topic("raw", 6), topic("enriched", 6), topic("other", 6)], {
      partitionsMustMatch: ["raw", "enriched"],
    });
    expect((await endOffsets(kafka, "enriched")).length).toBe(2);
    expect((await endOffsets(kafka, "other")).length).toBe(6);
  });

  test("a config that the broker refuses names the topic", async () => {
    const { port } = await aBroker();
    const created = ensureTopics(aClient(port), [topic("a", 1, { "retention.ms": "soon" })]);
    expect(created).rejects.toThrow(/^a: cannot be created: /);
  });
});

test("checkTopics says which config differs, with expected and found", async () => {
  const { port } = await aBroker();
  const kafka = aClient(port);
  await ensureTopics(kafka, [topic("a", 1, { "retention.ms": "1000" })]);
  expect(await checkTopics(kafka, [topic("a", 1, { "retention.ms": "2000" })])).toEqual([
    "a retention.ms: expected 2000, found 1000",
  ]);
  expect(await checkTopics(kafka, [topic("a", 2)])).toEqual(["a: expected 2 partitions, found 1"]);
});

test("offsets: the ends of each partition, and the first message that is not before a time", async () => {
  const { port } = await aBroker();
  const kafka = aClient(port);
  const name = await aTopic(kafka, 2);
  await (
    await aProducer(kafka)
  ).send(
    name,
    numbered(5).map((one, i) => ({ ...one, timestamp: 1_000 * i })),
  );
  expect(await endOffsets(kafka, name)).toEqual([
    { partition: 0, low: 0, high: 5 },
    { partition: 1, low: 0, high: 0 },
  ]);
  expect(await offsetsAt(kafka, name, 1_500)).toEqual([
    { partition: 0, offset: 2 },
    { partition: 1, offset: 0 },
  ]);
  expect(await offsetsAt(kafka, name, 99_000)).toEqual([
    { partition: 0, offset: 5 },
    { partition: 1, offset: 0 },
  ]);
});

test("offsets of an unreachable cluster or of a missing topic fail instead of waiting", async () => {
  const { port, stop } = await aBroker();
  expect(endOffsets(aClient(port), "nowhere")).rejects.toThrow("does not host this topic-partition");
  await stop();
  expect(endOffsets(aClient(port), "nowhere")).rejects.toThrow("ECONNREFUSED");
});

test("the lag of a group: all messages before its first commit, then what is behind its offset", async () => {
  const { kafka, topic: name, producer } = await aStream(5, 2);
  expect(await groupLag(kafka, "g", name)).toEqual([
    { partition: 0, committed: null, end: 5, lag: 5 },
    { partition: 1, committed: null, end: 0, lag: 0 },
  ]);
  const consumer = await aConsumer(kafka, { topics: [name], handle: async () => {} });
  await until("all is read", async () => (await groupLag(kafka, "g", name))[0]?.lag === 0);
  await consumer.stop();
  await producer.send(name, numbered(3));
  expect((await groupLag(kafka, "g", name))[0]).toEqual({ partition: 0, committed: 5, end: 8, lag: 3 });
});

test("fetchMessage finds one message inside a batch, and nothing where nothing is", async () => {
  const { port } = await aBroker();
  const log = collectLog();
  const kafka = aClient(port, log);
  const name = await aTopic(kafka, 2);
  await (await aProducer(kafka)).send(name, numbered(100, 0, 1));
  expect(String((await fetchMessage(kafka, name, 1, 42))?.value)).toBe("42");
  expect(await fetchMessage(kafka, name, 1, 100)).toBeUndefined();
  expect(await fetchMessage(kafka, name, 1, 5_000)).toBeUndefined();
  expect(await fetchMessage(kafka, name, 7, 0)).toBeUndefined();
  expect(await fetchMessage(kafka, "nowhere", 0, 0)).toBeUndefined();
  expect(await withAdmin(kafka, async (admin) => (await admin.listGroups()).groups)).toEqual([]);
});

test("the cluster's id is the broker's", async () => {
  const broker = await aBroker();
  expect(await clusterId(aClient(broker.port))).toBe(broker.clusterId);
});

test("a broker is reached by its IPv6 address in brackets", async () => {
  const broker = await startBroker({ host: "::1" });
  afterwards(() => broker.stop());
  const kafka = createKafka({ brokers: [`[::1]:${broker.port}`], clientId: "test" }, collectLog());
  expect(await clusterId(kafka)).toBe(broker.clusterId);
});

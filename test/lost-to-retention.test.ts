/** Messages with an old record timestamp, deleted while the enricher is away: it says so, and counts them as that. */
import { afterEach, expect, test } from "bun:test";
import { startBroker } from "../broker/broker.ts";
import { endOffsets, ensureTopics, withAdmin } from "../kafka/admin.ts";
import { createKafka } from "../kafka/client.ts";
import { groupLag } from "../kafka/lag.ts";
import { createProducer } from "../kafka/producer.ts";
import { GROUPS } from "../schemas/topics.ts";
import { until } from "./processes.fixture.ts";
import { drained, metric, ready, startService } from "./system.fixture.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const quiet = { info() {}, warn() {}, error() {} };

test("messages that retention deleted are named, counted and no difference", async () => {
  const broker = await startBroker({ retentionCheckMs: 50 });
  cleanups.push(() => broker.stop());
  const cluster = { brokers: `127.0.0.1:${broker.port}`, stop: async () => {} };
  const kafka = createKafka({ brokers: [cluster.brokers], clientId: "test" }, quiet);
  const raw = { name: "iot.raw", partitions: 1, configs: { "retention.ms": "600000" } };
  const outputs = ["iot.enriched", "iot.raw.dlq"].map((name) => ({ name, partitions: 1, configs: {} }));
  await ensureTopics(kafka, [raw, ...outputs]);
  const producer = await createProducer(kafka);
  cleanups.push(() => producer.stop());
  const send = (count: number, ageMs: number) =>
    producer.send(
      "iot.raw",
      Array.from({ length: count }, () => ({
        key: null,
        value: "{}",
        partition: 0,
        timestamp: Date.now() - ageMs,
      })),
    );
  const enricher = async () => {
    const service = startService("enrich", cluster, { TOPIC_PARTITIONS: "1" });
    cleanups.push(() => service.process.stop());
    await ready(service);
    return service;
  };

  await send(3, 0);
  const before = await enricher();
  await drained(cluster);
  await before.process.stop();
  // What is read makes room: age counts from the start of the log on.
  const partitions = [{ partition: 0, offset: "3" }];
  await withAdmin(kafka, async (admin) => {
    // kafkajs only finds leaders of topics that it was asked about before.
    await admin.fetchTopicOffsets("iot.raw");
    await admin.deleteTopicRecords({ topic: "iot.raw", partitions });
  });
  await send(5, 3_600_000);
  await until("the old ones are deleted", async () => (await endOffsets(kafka, "iot.raw"))[0]?.low === 8);
  await send(1, 0);
  expect(await groupLag(kafka, GROUPS.enrich, "iot.raw")).toEqual([
    { partition: 0, committed: 3, end: 9, lag: 1, lost: 5 },
  ]);

  const after = await enricher();
  await drained(cluster);
  await until(
    "it counts them",
    async () => (await metric(after, "iot_records_lost_to_retention_total")) === 5,
  );
  expect(await metric(after, "iot_accounting_difference")).toBe(0);
  expect(after.process.output()).toMatch(
    /iot\.raw\[0\]@3\.\.7: 5 messages were deleted before they were read/,
  );
  expect(await groupLag(kafka, GROUPS.enrich, "iot.raw")).toEqual([
    { partition: 0, committed: 9, end: 9, lag: 0 },
  ]);
}, 60_000);

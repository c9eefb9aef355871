import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningBroker, startBroker } from "../../broker/broker.ts";
import { ensureTopics, withAdmin } from "../../kafka/admin.ts";
import { createKafka, type Kafka } from "../../kafka/client.ts";
import { createProducer } from "../../kafka/producer.ts";
import { HEADERS, topicName, TOPICS, type TopicName } from "../../schemas/topics.ts";
import { beat } from "../full.fixture.ts";
import { createView, type Service, total, type ViewModel } from "../model/view.ts";
import { startReader } from "./reader.ts";
import { enriched, raw } from "../sample.fixture.ts";
import { type RangeName, rateSeries } from "../model/series.ts";
import { until } from "../../test/processes.fixture.ts";

const SILENT = { info() {}, warn() {}, error() {} };
const topics = Object.fromEntries(
  Object.keys(TOPICS).map((name) => [name, topicName(name as TopicName)]),
) as Record<TopicName, string>;

const dataDir = mkdtempSync(join(tmpdir(), "dashboard-reader-"));
let broker: RunningBroker;
let kafka: Kafka;

beforeAll(async () => {
  broker = await startBroker({ dataDir });
  kafka = createKafka({ brokers: [`127.0.0.1:${broker.port}`], clientId: "test" }, SILENT);
  await ensureTopics(
    kafka,
    Object.values(topics).map((name) => ({ name, partitions: 2, configs: {} })),
  );
});
afterAll(async () => {
  await broker.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function send(topic: TopicName, count: number, timestamp: number, headers = false): Promise<void> {
  const producer = await createProducer(kafka);
  const value = topic === "raw" ? raw() : enriched();
  const messages = Array.from({ length: count }, (_, i) => ({
    key: "breaker-001",
    value,
    partition: 0,
    timestamp: timestamp + i,
    ...(headers && { headers: { [HEADERS.sourceOffset]: String(i) } }),
  }));
  await producer.send(topics[topic], messages);
  await producer.stop();
}

function start(groupId: string, view = createView(Date.now()), of = topics) {
  const crashes: Error[] = [];
  const onCrash = (error: Error) => void crashes.push(error);
  return { view, crashes, reader: startReader({ view, kafka, topics: of, groupId, log: SILENT, onCrash }) };
}

/** Makes a topic anew, with two partitions as before. */
async function makeAnew(topic: TopicName): Promise<void> {
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topics[topic]] }));
  await ensureTopics(kafka, [{ name: topics[topic], partitions: 2, configs: {} }]);
}

describe("the reader", () => {
  test("reads back an hour and no more, goes on live, says when the brokers are away, heals, and commits nothing", async () => {
    const now = Date.now();
    await send("raw", 3, now - 2 * 3_600_000);
    await send("raw", 4, now - 60_000);
    await send("enriched", 4, now - 60_000, true);
    const { view, crashes, reader } = start("dashboard-test");

    await until("caught up", () => view.caughtUp && total(view, "raw") === 7, { withinMs: 15_000 });
    expect(view.topics.raw.newest.rows.map((row) => row.offset)).toEqual([3, 4, 5, 6]);
    expect(view.devices.get("breaker-001")?.type).toBe("smart_breaker");
    expect(view.coveredFrom).toBeWithin(now - 3_600_000, now - 3_590_000);
    expect(view.emptyBefore).toBe(false);
    expect(reader.health()).toEqual([]);

    // A repeat, as after a crash of the enrichment.
    await send("enriched", 5, Date.now(), true);
    await until("live", () => total(view, "enriched") === 9, { withinMs: 15_000 });
    expect(view.repeats).toBe(4);
    expect(view.topics.enriched.newest.rows).toHaveLength(5);

    const { port } = broker;
    await broker.stop();
    await until("said to be away", () => !view.kafka.connected, { withinMs: 10_000 });
    expect(reader.health()[0]).toContain("Kafka does not answer");
    expect(view.topics.raw.newest.rows).toHaveLength(4);

    broker = await startBroker({ dataDir, port });
    await until("healed", () => view.kafka.connected && reader.health().length === 0, { withinMs: 15_000 });
    await send("raw", 1, Date.now());
    await until("reads on", () => total(view, "raw") === 8, { withinMs: 15_000 });
    expect(view.topics.raw.newest.rows.map((row) => row.offset)).toEqual([3, 4, 5, 6, 7]);

    await reader.stop();
    expect(crashes).toEqual([]);
    const committed = await withAdmin(kafka, (admin) =>
      admin.fetchOffsets({ groupId: "dashboard-test", topics: [topics.raw] }),
    );
    expect(committed.flatMap(({ partitions }) => partitions.filter(({ offset }) => offset !== "-1"))).toEqual(
      [],
    );
  }, 60_000);

  test("a dashboard that starts again draws the lines of one that was never away: each message in its own second", async () => {
    const begun = Date.now();
    const at = (view: ViewModel, range: RangeName) => rateSeries(view, range, begun).values;
    const views = [createView(begun), createView(begun)] as const;
    const stays = start("dashboard-stays", views[0]);
    await until("caught up", () => views[0].caughtUp, { withinMs: 15_000 });
    const before = total(views[0], "raw");
    // Before and while the other one is down; some a second, none in the last.
    const producer = await createProducer(kafka);
    const sent = Array.from({ length: 100 }, (_, i) => begun - 101_000 + i * 1_000 - (i % 7));
    for (const [i, time] of sent.entries()) {
      const value = enriched({ enriched_at: new Date(time + 30).toISOString() });
      const headers = { [HEADERS.sourceOffset]: String(1_000 + i) };
      await Promise.all([
        producer.send(topics.raw, [{ key: "b", value: raw(), partition: 1, timestamp: time }]),
        producer.send(topics.enriched, [{ key: "b", value, partition: 1, timestamp: time, headers }]),
      ]);
    }
    await producer.stop();
    await until("all of them", () => total(views[0], "raw") >= before + sent.length, { withinMs: 15_000 });
    const again = start("dashboard-again", views[1]);
    await until("caught up again", () => views[1].caughtUp, { withinMs: 15_000 });
    const kept = (view: ViewModel) => view.topics.enriched.newest.rows.length;
    await until("all of them, live", () => kept(views[0]) === kept(views[1]), { withinMs: 15_000 });
    for (const range of ["1", "5", "15"] as const) expect(at(views[1], range)).toEqual(at(views[0], range));
    const seconds = at(views[1], "1");
    // One message a second: 60 in a minute, whatever second the reading back happened in.
    for (const topic of ["raw", "enriched"] as const) {
      const values = seconds[topic].slice(0, 50);
      expect(values.reduce((sum: number, value) => sum + (value ?? 0), 0) / 60).toBeWithin(49, 52);
      expect(Math.max(...values.map((value) => value ?? 0))).toBeLessThanOrEqual(120);
    }
    await Promise.all([stays.reader.stop(), again.reader.stop()]);
    expect([...stays.crashes, ...again.crashes]).toEqual([]);
  }, 60_000);

  test("all is read back only when the heartbeats are too: before, every service would look absent", async () => {
    const quiet = Object.fromEntries(
      Object.keys(TOPICS).map((name) => [name, topicName(name as TopicName, "quiet")]),
    ) as typeof topics;
    await ensureTopics(
      kafka,
      Object.values(quiet).map((name) => ({ name, partitions: 1, configs: {} })),
    );
    const beats = createView(Date.now());
    beat(beats, { service: "enrich", instance: "host:1" });
    const [{ beat: _, ...heartbeat }] = [...beats.services.values()] as [Service];
    const producer = await createProducer(kafka);
    await producer.send(quiet.services, [{ key: "host:1", value: JSON.stringify(heartbeat) }]);
    await producer.stop();
    const { view, reader } = start("dashboard-quiet", createView(Date.now()), quiet);
    expect(view.caughtUp).toBe(false);
    let known = -1;
    await until(
      "caught up",
      () => {
        if (view.caughtUp && known < 0) known = view.services.size;
        return known >= 0;
      },
      { withinMs: 15_000 },
    );
    await reader.stop();
    expect(known).toBe(1);
    expect(view.emptyBefore).toBe(true);
  }, 60_000);

  test("a topic that was made anew ends the process with a reason, since what is known is of another topic", async () => {
    const { view, crashes, reader } = start("dashboard-test-2");
    await until("caught up", () => view.caughtUp && view.topics.raw.newest.rows.length > 0, {
      withinMs: 15_000,
    });
    await makeAnew("raw");
    await until("noticed", () => crashes.length > 0, { withinMs: 40_000 });
    await reader.stop();
    expect(crashes[0]?.message).toContain("iot.raw ends before what has been read from it");
  }, 60_000);

  test("so does one that has messages again before its end is asked for", async () => {
    await send("dlq", 5, Date.now());
    const { view, crashes, reader } = start("dashboard-test-3");
    await until("caught up", () => view.caughtUp && view.topics.dlq.newest.rows.length === 5, {
      withinMs: 15_000,
    });
    await makeAnew("dlq");
    await send("dlq", 2, Date.now());
    await until("noticed", () => crashes.length > 0, { withinMs: 40_000 });
    await reader.stop();
    expect(crashes[0]?.message).toContain("iot.raw.dlq ends before what has been read from it");
    expect(view.topics.dlq.newest.rows).toHaveLength(5);
  }, 60_000);
});

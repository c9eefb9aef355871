import { afterAll, beforeAll, expect, test } from "bun:test";
import { type RunningBroker, startBroker } from "../../broker/broker.ts";
import { ensureTopics } from "../../kafka/admin.ts";
import { createKafka, type Kafka } from "../../kafka/client.ts";
import { createProducer } from "../../kafka/producer.ts";
import { HEADERS } from "../../schemas/topics.ts";
import { createView } from "../model/view.ts";
import { enriched, raw } from "../sample.fixture.ts";
import { createArchive } from "./archive.ts";
import { archiveBrokers } from "./archive-brokers.ts";

const said: string[] = [];
const note = (message: string) => void said.push(message);
const LOG = { info: note, warn: note, error: note };
const TOPICS = { raw: "iot.raw", enriched: "iot.enriched", dlq: "iot.raw.dlq" };
const BEGAN = Date.now() - 600_000;
/** A fetch gives at least one, whatever its size. */
const ONE_BATCH = 1;
const DAY_MS = 86_400_000;

let broker: RunningBroker;
let kafka: Kafka;
beforeAll(async () => {
  broker = await startBroker();
  kafka = createKafka({ brokers: [`127.0.0.1:${broker.port}`], clientId: "test" }, LOG);
  await ensureTopics(
    kafka,
    Object.values(TOPICS).map((name) => ({ name, partitions: 2, configs: {} })),
  );
});
afterAll(() => broker.stop());

/** Record time of a raw message: the second is a day ahead, 200 are of one millisecond, then one each second. */
const timeOf = (offset: number): number =>
  offset === 1 ? BEGAN + DAY_MS : BEGAN + (offset < 201 ? 0 : offset * 1_000);
const COUNT = 260;
const isDead = (offset: number) => offset % 10 === 9;

test("a real broker's partition has every verdict, also behind a time that is a day ahead, among 200 of one millisecond, and after a repeat", async () => {
  const producer = await createProducer(kafka);
  const of = (offset: number) => ({
    key: "breaker-001",
    partition: 1,
    timestamp: timeOf(offset),
    headers: { [HEADERS.sourceOffset]: String(offset) },
  });
  const all = Array.from({ length: COUNT }, (_, offset) => offset);
  const good = all.filter((offset) => !isDead(offset));
  await producer.send(
    TOPICS.raw,
    all.map((offset) => ({ ...of(offset), headers: {}, value: raw() })),
  );
  const judged = good.map((offset) => ({ ...of(offset), value: enriched() }));
  // A crash between: what was not committed is judged again.
  const sent = [...judged.slice(0, 150), ...judged.slice(120)];
  for (let at = 0; at < sent.length; at += 20) await producer.send(TOPICS.enriched, sent.slice(at, at + 20));
  await producer.send(
    TOPICS.dlq,
    all.filter(isDead).map((offset) => ({ ...of(offset), value: "{" })),
  );
  await producer.stop();

  said.length = 0;
  const archive = createArchive(createView(Date.now()), archiveBrokers(kafka, TOPICS, ONE_BATCH), Date.now);
  for (const offset of [0, 1, 2, 9, 59, 60, 61, 139, 140, 170, 200, 201, 258, 259]) {
    const row = await archive.get("raw", 1, offset);
    const verdict = row && (await archive.verdictOf(row));
    expect([offset, verdict?.topic, verdict?.source]).toEqual([
      offset,
      isDead(offset) ? "dlq" : "enriched",
      offset,
    ]);
  }
  expect(await archive.get("raw", 1, COUNT)).toBeUndefined();
  expect(await archive.get("raw", 1, COUNT + 100)).toBeUndefined();
  expect(await archive.get("raw", 7, 0)).toBeUndefined();
  // A reader who asks beyond the end is told so; the operator's console is not.
  expect(said).toEqual([]);
}, 30_000);

import { afterEach, describe, expect, test } from "bun:test";
import { startBroker } from "../../broker/broker.ts";
import { ensureTopics, withAdmin } from "../../kafka/admin.ts";
import { createKafka, type Kafka } from "../../kafka/client.ts";
import type { InMessage } from "../../kafka/consume.ts";
import { StartOver } from "../../kafka/errors.ts";
import { fetchFrom } from "../../kafka/fetch-one.ts";
import { createProducer, type OutMessage } from "../../kafka/producer.ts";
import { createRawTopic, isOther, markText, readMark } from "./raw.ts";
import { createResume } from "./resume.ts";

const SILENT = { info() {}, warn() {}, error() {} };
const topics = { raw: "iot.raw", enriched: "iot.enriched", dlq: "iot.raw.dlq" };
/** The mark of the first raw message. */
const MARK = { offset: 0, sum: expect.any(Number) };
const NOW = 1_790_000_000_000;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function cluster() {
  const broker = await startBroker();
  const kafka = createKafka({ brokers: [`127.0.0.1:${broker.port}`], clientId: "test" }, SILENT);
  await ensureTopics(
    kafka,
    Object.values(topics).map((name) => ({ name, partitions: 2, configs: {} })),
  );
  const producer = await createProducer(kafka);
  cleanups.push(broker.stop, producer.stop);
  return { kafka, producer, resume: createResume(kafka, topics, () => NOW) };
}

/** In partition 1. */
async function deleteBefore(kafka: Kafka, topic: string, offset: number): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.fetchTopicOffsets(topic); // kafkajs forgets to ask who leads it
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: `${offset}` }] });
  });
}

const rawValue = (source: number) => `{"n":${source}}`;
const rawMessage = (source: number): OutMessage => ({
  key: `k${source}`,
  value: rawValue(source),
  partition: 1,
});
const enriched = (source: number, more: Record<string, string> = {}): OutMessage => ({
  key: "d1",
  value: `${rawValue(source).slice(0, -1)},"device_metadata":{}}`,
  partition: 1,
  headers: { "iot.source.offset": `${source}`, ...more },
});
const dead = (source: number, more: Record<string, string> = {}): OutMessage => ({
  ...rawMessage(source),
  headers: { "iot.source.offset": `${source}`, "iot.reason": "schema", ...more },
});

/** Raw messages up to `raw`, and outputs of these source offsets in partition 1, one send each. */
async function written(raw: number, outputs: { enriched?: number[]; dlq?: number[] }, epoch?: string) {
  const { producer, resume, kafka } = await cluster();
  const more: Record<string, string> = epoch === undefined ? {} : { "iot.source.epoch": epoch };
  await producer.send(
    topics.raw,
    Array.from({ length: raw }, (_, source) => rawMessage(source)),
  );
  for (const source of outputs.enriched ?? []) await producer.send(topics.enriched, [enriched(source, more)]);
  for (const source of outputs.dlq ?? []) await producer.send(topics.dlq, [dead(source, more)]);
  return { resume, kafka, producer };
}

describe("the offset that the outputs let expect", () => {
  test("is one more than the highest of both topics", async () => {
    const { resume } = await written(9, { enriched: [0, 1, 3], dlq: [2, 4] });
    expect(await resume(1, 5)).toEqual({ next: 5, written: new Set(), mark: MARK, epoch: 0 });
    expect(await resume(1, 9)).toEqual({ next: 5, written: new Set(), mark: MARK, epoch: 0 });
  });

  test("is 0 where there never was an output", async () => {
    const { resume } = await written(9, { dlq: [7] });
    expect(await resume(0, 3)).toEqual({ next: 0, written: new Set(), epoch: 0 });
  });

  test("is not moved back by a repetition that came late", async () => {
    const { resume } = await written(9, { enriched: [0, 1, 2, 3, 0, 1] });
    expect((await resume(1, 4)).next).toBe(4);
  });

  test("is behind a batch that could not be read", async () => {
    const { resume, producer } = await written(9, { enriched: [0] });
    const headers = { "iot.source.offset": "1", "iot.source.last_offset": "6", "iot.reason": "undecodable" };
    await producer.send(topics.dlq, [{ key: null, value: "", partition: 1, headers }]);
    expect(await resume(1, 1)).toEqual({ next: 7, written: new Set([1]), mark: MARK, epoch: 0 });
  });

  test("makes the partition wait when the brokers do not tell", async () => {
    const kafka = createKafka({ brokers: ["127.0.0.1:1"], clientId: "test" }, SILENT);
    await expect(createResume(kafka, topics, () => NOW)(0, 3)).rejects.toThrow("ECONNREFUSED");
  });
});

test("what was written behind the commit is found, in both topics, however many there are", async () => {
  const { resume, producer } = await cluster();
  const many = Array.from({ length: 3_000 }, (_, source) => source);
  await producer.send(topics.raw, many.map(rawMessage));
  await producer.send(
    topics.enriched,
    many.filter((source) => source % 10 > 0).map((source) => enriched(source)),
  );
  await producer.send(
    topics.dlq,
    many.filter((source) => source % 10 === 0).map((source) => dead(source)),
  );
  const { written: found, next } = await resume(1, 40);
  expect(next).toBe(3_000);
  expect([...found].sort((a, b) => a - b)).toEqual(many.slice(40));
});

test("a group that was set back far has it judged again: what was written is not gathered", async () => {
  const { kafka, producer } = await written(0, {});
  const many = Array.from({ length: 3_000 }, (_, source) => source);
  await producer.send(topics.raw, many.map(rawMessage));
  await producer.send(
    topics.enriched,
    many.map((source) => enriched(source)),
  );
  const bounded = createResume(kafka, topics, () => NOW, 2_000);
  expect(await bounded(1, 5)).toEqual({ next: 3_000, written: new Set(), mark: MARK, epoch: 0 });
  expect((await bounded(1, 2_900)).written.size).toBe(100);
});

describe("iot.raw that was deleted and made anew", () => {
  test("is seen by an end before the newest output's source, and by another message in its place", async () => {
    for (const values of [
      [0, 1],
      [10, 11, 12, 13, 14, 15],
    ]) {
      const { resume, kafka, producer } = await written(5, { enriched: [0, 1, 2, 3, 4] });
      await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topics.raw] }));
      await ensureTopics(kafka, [{ name: topics.raw, partitions: 2, configs: {} }]);
      await producer.send(topics.raw, values.map(rawMessage));
      expect(await resume(1, 0)).toEqual({ next: undefined, written: new Set(), mark: MARK, epoch: NOW });
    }
  });

  test("is seen behind dead letters, too, by their key as well", async () => {
    const { resume, producer } = await written(3, { dlq: [0, 1] });
    expect((await resume(1, 2)).epoch).toBe(0);
    await producer.send(topics.dlq, [{ ...dead(2), key: "another" }]);
    expect((await resume(1, 0)).epoch).toBe(NOW);
    // The offset is of the one that is gone, too.
    await expect(resume(1, 2)).rejects.toEqual(
      new StartOver("the offset belongs to an earlier iot.raw, which is gone", 0),
    );
  });

  test("goes on in the epoch that its outputs name, whatever those of before say", async () => {
    const { resume, producer } = await written(5, { enriched: [7, 8, 9] });
    for (const source of [0, 1, 2])
      await producer.send(topics.enriched, [enriched(source, { "iot.source.epoch": "1780000000000" })]);
    expect(await resume(1, 2)).toEqual({
      next: 3,
      written: new Set([2]),
      mark: MARK,
      epoch: 1_780_000_000_000,
    });
  });

  test("cannot be told from another when nothing of the outputs is left: then a new epoch begins", async () => {
    const { resume, kafka } = await written(5, { enriched: [0, 1, 2, 3, 4] });
    await deleteBefore(kafka, topics.enriched, 5);
    expect(await resume(1, 5)).toEqual({ next: undefined, written: new Set(), mark: MARK, epoch: NOW });
  });

  test("is not suspected when retention has taken the newest output's raw message", async () => {
    const { resume, kafka } = await written(5, { enriched: [0, 1, 2, 3, 4] });
    await deleteBefore(kafka, topics.raw, 5);
    expect(await resume(1, 5)).toEqual({ next: 5, written: new Set(), epoch: 0 });
  });
});

describe("the mark of iot.raw", () => {
  test("is that of its first message, the next one's when retention has taken it, none without a message", async () => {
    const { kafka, producer } = await written(5, {});
    const raw = createRawTopic(kafka, topics.raw);
    const first = await raw.mark(1);
    await producer.send(topics.raw, [rawMessage(9)]);
    expect([first, await raw.mark(0)]).toEqual([MARK, undefined]);
    expect(await raw.mark(1)).toEqual(first);
    await deleteBefore(kafka, topics.raw, 2);
    expect((await raw.mark(1))?.offset).toBe(2);
  });

  test("and a message is its own where the very same stands at its offset; what is gone cannot be told", async () => {
    const { kafka, producer } = await written(5, {});
    const raw = createRawTopic(kafka, topics.raw);
    const { messages } = await fetchFrom(kafka, topics.raw, 1, 0, 1_000);
    const third = messages[2] as InMessage;
    const holds = (message: InMessage) => raw.holds(1, message);
    expect(await holds(third)).toBe(true);
    expect(await holds({ ...third, key: Buffer.from("other") })).toBe(false);
    expect(await holds({ ...third, offset: 5 })).toBe(false);
    await producer.send(topics.raw, [rawMessage(9)]);
    await deleteBefore(kafka, topics.raw, 3);
    expect(await holds(third)).toBeUndefined();
  });

  test("is another one's where the first offset falls, or holds another message", () => {
    const before = { offset: 7, sum: 1 };
    expect([7, 9].map((offset) => isOther(before, { offset, sum: 1 }))).toEqual([false, false]);
    expect(isOther(before, { offset: 9, sum: 2 })).toBe(false);
    expect(isOther(before, { offset: 7, sum: 2 })).toBe(true);
    expect(isOther(before, { offset: 0, sum: 1 })).toBe(true);
  });

  test("stands as a text beside a commit; another text is none", () => {
    const mark = { offset: 7, sum: 4_000_000_000 };
    expect(readMark(markText(mark))).toEqual(mark);
    for (const text of ["", "x", "first 7", "first -1 2", "first 7 2 3"])
      expect(readMark(text)).toBeUndefined();
  });
});

test("what iot.raw holds between two offsets is counted; while the brokers do not tell it is unknown", async () => {
  const { kafka } = await written(9, {});
  const raw = createRawTopic(kafka, topics.raw);
  expect([await raw.count(1, 2, 7), await raw.count(1, 0, 9), await raw.start(1)]).toEqual([5, 9, 0]);
  const away = createKafka({ brokers: ["127.0.0.1:1"], clientId: "test" }, SILENT);
  const unknown = createRawTopic(away, topics.raw, 100);
  expect([await unknown.count(0, 0, 5), await unknown.start(0)]).toEqual([undefined, undefined]);
});

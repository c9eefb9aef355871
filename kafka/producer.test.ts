/** The producer, on the embedded broker. */
import { describe, expect, spyOn, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { produce } from "../broker/apis/produce.ts";
import { endOffsets, withAdmin } from "./admin.ts";
import {
  aBroker,
  aClient,
  aConsumer,
  aFolder,
  aProducer,
  aStream,
  aTopic,
  afterwards,
  numbered,
  texts,
  until,
} from "./broker.fixture.ts";
import type { InMessage } from "./consume.ts";
import { KafkaUnavailable, MessageTooLarge, OutputRefused, isOutage } from "./errors.ts";
import { fetchMessage } from "./fetch-one.ts";
import { type OutMessage, sizeOf, splitByBytes } from "./producer.ts";

const of = (bytes: number): OutMessage => ({ key: null, value: "x".repeat(bytes) });
const TWO_MIB = { "max.message.bytes": "2097152" };

describe("splitByBytes", () => {
  test("no part passes the cap, the order is kept, nothing is lost", () => {
    const messages = Array.from({ length: 100 }, (_, i) => ({
      key: `${i}`,
      value: "x".repeat((i * 37) % 400),
    }));
    const parts = splitByBytes(messages, 1_000);
    expect(parts.flat()).toEqual(messages);
    for (const part of parts)
      expect(part.reduce((sum, one) => sum + sizeOf(one), 0)).toBeLessThanOrEqual(1_000);
    expect(parts.length).toBeGreaterThan(10);
  });

  test("a message over the cap goes alone", () => {
    expect(splitByBytes([of(10), of(5_000), of(10)], 1_000).map((part) => part.length)).toEqual([1, 1, 1]);
    expect(splitByBytes([of(5_000), of(10)], 1_000).map((part) => part.length)).toEqual([1, 1]);
  });

  test("nothing makes no part", () => {
    expect(splitByBytes([], 1_000)).toEqual([]);
  });

  test("the size counts bytes, not characters, and headers too", () => {
    expect(sizeOf({ key: "é", value: "€" }) - sizeOf({ key: null, value: null })).toBe(5);
    expect(sizeOf({ key: null, value: null, headers: { a: "bc" } })).toBeGreaterThan(
      sizeOf({ key: null, value: null }) + 3,
    );
  });
});

/** What the broker is asked to store, as it came over the wire. */
function produceRequests() {
  type Request = { acks: number; topics: { partitions: { records: Buffer }[] }[] };
  const spy = spyOn(produce, "handle");
  afterwards(() => spy.mockRestore());
  return () => spy.mock.calls.map(([, request]) => request as Request);
}

const ZSTD = 4;
/** Source: kafka.apache.org/documentation/#recordbatch, attributes: bits 0 to 2 are the compression. */
const codecOf = (batch: Buffer) => batch.readInt16BE(21) & 7;

describe("send", () => {
  test("asks all replicas for their acknowledgement and compresses with zstd, on the wire", async () => {
    const requests = produceRequests();
    await aStream(100);
    const sent = requests().map(({ acks, topics }) => ({
      acks,
      codecs: topics.flatMap(({ partitions }) => partitions.map(({ records }) => codecOf(records))),
    }));
    expect(sent).toEqual([{ acks: -1, codecs: [ZSTD] }]);
  });

  test("keeps partition, timestamp, headers, a null key and a null value", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const topic = await aTopic(kafka, 3);
    await (
      await aProducer(kafka)
    ).send(topic, [
      { key: null, value: null, partition: 2, timestamp: 5, headers: { a: Buffer.from([1]), b: "ä" } },
      { key: "k", value: "v", partition: 2, timestamp: 4 },
    ]);
    expect(await fetchMessage(kafka, topic, 2, 0)).toEqual({
      offset: 0,
      key: null,
      value: null,
      timestamp: 5,
      headers: { a: Buffer.from([1]), b: Buffer.from("ä") },
    });
    expect(await fetchMessage(kafka, topic, 2, 1)).toMatchObject({ key: Buffer.from("k"), timestamp: 4 });
  });

  test("timestamps in one send may lie years apart and in any order", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const topic = await aTopic(kafka);
    const times = [1_700_000_000_000, 0, 999, 1_000, 4_000_000_000_000, 86_400_000 * 25];
    await (
      await aProducer(kafka)
    ).send(
      topic,
      times.map((timestamp) => ({ key: null, value: "v", partition: 0, timestamp })),
    );
    const read = await Promise.all(times.map((_, offset) => fetchMessage(kafka, topic, 0, offset)));
    expect(read.map((message) => message?.timestamp)).toEqual(times);
  });

  test("without a partition the key decides, as Java's producer does", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const topic = await aTopic(kafka, 6);
    await (
      await aProducer(kafka)
    ).send(topic, [
      { key: "breaker-001", value: "1" },
      { key: "breaker-001", value: "2" },
    ]);
    const filled = (await endOffsets(kafka, topic)).filter(({ high }) => high > 0);
    expect(filled).toEqual([{ partition: 2, low: 0, high: 2 }]); // where kafka-console-producer puts it
  });

  test("concurrent sends for one partition keep the order in which they were called", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const topic = await aTopic(kafka);
    const producer = await aProducer(kafka, { maxBytes: 200 });
    const sent = Array.from({ length: 20 }, (_, i) => producer.send(topic, numbered(10, i * 10)));
    expect(await Promise.all(sent)).toEqual(Array(20).fill(10));
    const got: InMessage[] = [];
    await aConsumer(kafka, { topics: [topic], handle: async ({ messages }) => void got.push(...messages) });
    await until("all are there", () => got.length >= 200);
    expect(texts(got)).toEqual(numbered(200).map(({ value }) => value));
  });

  test("a message of 1.5 MB passes to a topic that allows 2 MiB, between small ones", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const topic = await aTopic(kafka, 1, TWO_MIB);
    const big = randomBytes(1_500_000);
    await (
      await aProducer(kafka)
    ).send(topic, [...numbered(1), { key: "big", value: big, partition: 0 }, ...numbered(1, 1)]);
    expect((await fetchMessage(kafka, topic, 0, 1))?.value?.equals(big)).toBe(true);
    expect((await endOffsets(kafka, topic))[0]?.high).toBe(3);
  });

  test("a message that the broker refuses for its size is an error that names topic, partition and key; what was before it stands", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const topic = await aTopic(kafka, 1, TWO_MIB);
    const producer = await aProducer(kafka);
    const sent = producer.send(topic, [
      ...numbered(2),
      { key: "breaker-001", value: randomBytes(2_200_000), partition: 0 },
    ]);
    const error = await sent.catch((thrown) => thrown as unknown);
    expect(error).toBeInstanceOf(MessageTooLarge);
    expect(String(error)).toContain(
      `${topic}[0]: the broker refuses a message of 2200051 bytes, key breaker-001`,
    );
    expect((await endOffsets(kafka, topic))[0]?.high).toBe(2);
  });

  test("a limit of the topic below our cap costs smaller sends, not messages", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const topic = await aTopic(kafka, 1, { "max.message.bytes": "20000" });
    const messages = Array.from({ length: 40 }, (_, i) => ({
      key: `${i}`,
      value: randomBytes(3_000),
      partition: 0,
    }));
    expect(await (await aProducer(kafka)).send(topic, messages)).toBe(40);
    const got: InMessage[] = [];
    await aConsumer(kafka, { topics: [topic], handle: async ({ messages: more }) => void got.push(...more) });
    await until("all are there", () => got.length >= 40);
    expect(got.map(({ key }) => String(key))).toEqual(messages.map(({ key }) => key));
  });

  test("a broker that is away is tried until the deadline, then the error says what was not acknowledged", async () => {
    const { port, stop } = await aBroker();
    const kafka = aClient(port);
    const topic = await aTopic(kafka);
    await stop();
    const producer = await aProducer(kafka, { deadlineMs: 300 });
    const error = await producer.send(topic, numbered(1)).catch((thrown) => thrown as unknown);
    expect(error).toBeInstanceOf(KafkaUnavailable);
    expect(String(error)).toContain(`${topic}[0]: n`);
  });

  test("a broker that comes back within the deadline gets everything, in order", async () => {
    const dataDir = aFolder();
    const { port, stop } = await aBroker({ dataDir });
    const kafka = aClient(port);
    const topic = await aTopic(kafka);
    const producer = await aProducer(kafka);
    await producer.send(topic, numbered(1));
    await stop();
    const sends = [producer.send(topic, numbered(5, 1)), producer.send(topic, numbered(5, 6))];
    await aBroker({ port, dataDir });
    await Promise.all(sends);
    const got: InMessage[] = [];
    await aConsumer(aClient(port), {
      topics: [topic],
      handle: async ({ messages }) => void got.push(...messages),
    });
    await until("all are there", () => got.length >= 11);
    expect(texts(got)).toEqual(numbered(11).map(({ value }) => value));
  }, 60_000);

  test("an outage under sends to many partitions: each of them goes on, none takes another's connection for a fault", async () => {
    const dataDir = aFolder();
    const { port, stop } = await aBroker({ dataDir });
    const kafka = aClient(port);
    const topic = await aTopic(kafka, 6);
    const producer = await aProducer(kafka);
    let isOver = false;
    const sent = Array(6).fill(0) as number[];
    const senders = sent.map(async (_, partition) => {
      while (!isOver) {
        await producer.send(topic, numbered(1, sent[partition], partition));
        sent[partition] = (sent[partition] ?? 0) + 1;
      }
    });
    await until("all are sending", () => sent.every((count) => count > 5));
    await stop();
    await aBroker({ port, dataDir });
    const then = [...sent];
    await until("all go on", () => sent.every((count, partition) => count > (then[partition] ?? 0) + 5));
    isOver = true;
    await Promise.all(senders);
  }, 60_000);

  test("after stop nothing is sent any more", async () => {
    const { topic, producer } = await aStream(0);
    await producer.stop();
    expect(producer.send(topic, numbered(1))).rejects.toThrow("the producer is stopped");
  });
});

describe("what is not written is not counted as written", () => {
  const errorOf = (sent: Promise<number>): Promise<unknown> =>
    sent.then(
      (count) => `acknowledged ${count}`,
      (error: unknown) => error,
    );

  test("a partition that the topic lacks is an error that waits, and heals within seconds of being added", async () => {
    const broker = await aBroker();
    const kafka = aClient(broker.port);
    const topic = await aTopic(kafka, 1);
    const producer = await aProducer(kafka);
    const message: OutMessage = { key: null, value: "x", partition: 2 };

    const error = await errorOf(producer.send(topic, [message]));
    expect(error).toBeInstanceOf(OutputRefused);
    expect(isOutage(error)).toBe(true);
    expect(String(error)).toContain(`${topic}[2]: the topic has no such partition`);
    expect(await producer.send(topic, [{ ...message, partition: 0 }])).toBe(1);

    await withAdmin(kafka, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }));
    const isWritten = async () => (await errorOf(producer.send(topic, [message]))) === "acknowledged 1";
    await until("it is written", isWritten);
    expect((await endOffsets(kafka, topic)).map(({ high }) => high)).toEqual([1, 0, 1]);
  });

  test("what the topic refuses for another reason than its size waits, named with the setting to look at", async () => {
    const broker = await aBroker();
    const kafka = aClient(broker.port);
    const topic = await aTopic(kafka, 1, { "message.timestamp.before.max.ms": "3600000" });
    const producer = await aProducer(kafka);
    const old = { key: null, value: "x", partition: 0, timestamp: Date.now() - 7_200_000 };

    const error = await errorOf(producer.send(topic, [old]));
    expect(error).toBeInstanceOf(OutputRefused);
    expect(isOutage(error)).toBe(true);
    expect(String(error)).toContain(`${topic}[0]: refused with INVALID_TIMESTAMP`);
    expect(String(error)).toContain("message.timestamp.before.max.ms");
    expect(await producer.send(topic, [{ ...old, timestamp: Date.now() }])).toBe(1);
  });
});

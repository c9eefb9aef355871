/** A batch and its outputs, with a list for a producer, then on the embedded broker. Over 250 lines: whole messages stand here. */
import { afterEach, describe, expect, test } from "bun:test";
import { startBroker } from "../broker/broker.ts";
import { ensureTopics } from "../kafka/admin.ts";
import { createKafka } from "../kafka/client.ts";
import { type Batch, consume, type InMessage } from "../kafka/consume.ts";
import { KafkaUnavailable, MessageTooLarge } from "../kafka/errors.ts";
import { groupLag } from "../kafka/lag.ts";
import { createProducer, type OutMessage, wholeValue } from "../kafka/producer.ts";
import { DEAD_LETTERS } from "../schemas/examples/examples.case.ts";
import { readTopic, type WireMessage } from "../test/read-topic.ts";
import { createAccounting } from "./accounting.ts";
import { CASE_TIME, changed } from "./enrich.case.ts";
import { type Chunk, createHandler, type HostOptions } from "./host.ts";
import { shippedPlan } from "./plan.case.ts";

const plan = shippedPlan();
const topics = { enriched: "iot.enriched", dlq: "iot.raw.dlq" };
const NOW = CASE_TIME + 5_000;

interface Sent {
  topic: string;
  message: OutMessage;
}

/** A host whose producer writes into a list. */
function host(overrides: Partial<HostOptions> = {}) {
  const sent: Sent[] = [];
  const chunks: Chunk[] = [];
  const errors: string[] = [];
  const accounting = createAccounting();
  const handle = createHandler({
    topics,
    producer: {
      async send(topic, messages) {
        sent.push(...messages.map((message) => ({ topic, message: asSent(message) })));
        return messages.length;
      },
      stop: async () => {},
    },
    plan: () => plan,
    now: () => NOW,
    accounting,
    observe: (chunk) => chunks.push(chunk),
    log: { error: (message) => errors.push(message) },
    ...overrides,
  });
  return { handle, sent, chunks, errors, accounting };
}

/** An enriched value as one text. */
const asSent = (message: OutMessage): OutMessage =>
  Array.isArray(message.value) ? { ...message, value: wholeValue(message)?.toString() ?? null } : message;

const raw = (offset: number, value: string | Buffer | null, more: Partial<InMessage> = {}): InMessage => ({
  offset,
  key: Buffer.from("breaker-001"),
  value: typeof value === "string" ? Buffer.from(value) : value,
  timestamp: CASE_TIME + offset,
  headers: {},
  ...more,
});
const batchOf = (messages: InMessage[]): Batch => ({
  topic: "iot.raw",
  partition: 3,
  messages,
  highWatermark: 1_000,
});

describe("a batch", () => {
  test("an enriched message keeps partition and record timestamp, its key is the device id, its headers are ours", async () => {
    const { handle, sent } = host();
    await handle(batchOf([raw(42, changed({}), { key: null })]));
    expect(sent).toEqual([
      {
        topic: "iot.enriched",
        message: {
          key: "breaker-001",
          value: expect.stringContaining('"device_metadata"'),
          headers: { "iot.source.offset": "42", "iot.registry": plan.version },
          partition: 3,
          timestamp: CASE_TIME + 42,
        },
      },
    ]);
  });

  test("a dead letter keeps the raw bytes and the raw key, and says why in headers", async () => {
    const { handle, sent } = host();
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
    const key = Buffer.from([0xfe, 0x01]);
    await handle(batchOf([raw(7, bytes, { key }), raw(8, null, { key: null })]));
    expect(sent.map(({ topic }) => topic)).toEqual(["iot.raw.dlq", "iot.raw.dlq"]);
    expect(sent[0]?.message).toEqual({
      key,
      value: bytes,
      headers: {
        "iot.source.offset": "7",
        "iot.registry": plan.version,
        "iot.reason": "not_utf8",
        "iot.path": "",
        "iot.message": "the bytes are not UTF-8: byte 2 does not fit",
      },
      partition: 3,
      timestamp: CASE_TIME + 7,
    });
    expect(sent[1]?.message).toMatchObject({ key: null, value: null, headers: { "iot.reason": "not_json" } });
  });

  test("headers from outside never reach an output, whatever they are called", async () => {
    const { handle, sent } = host();
    const spoofed = {
      "iot.source.offset": Buffer.from("9"),
      "iot.reason": Buffer.from("x"),
      "iot.registry": Buffer.from("x"),
      other: Buffer.from("x"),
    };
    await handle(batchOf([raw(1, changed({}), { headers: spoofed }), raw(2, "x", { headers: spoofed })]));
    expect(sent.map(({ message }) => message.headers?.["iot.source.offset"])).toEqual(["1", "2"]);
    expect(Object.keys(sent[0]?.message.headers ?? {})).toEqual(["iot.source.offset", "iot.registry"]);
    expect(JSON.stringify(sent)).not.toContain('"other"');
  });

  test("dead letters leave their neighbours as they would be alone, in their order", async () => {
    const good = (offset: number) => raw(offset, changed({}));
    const alone = host();
    await alone.handle(batchOf([good(0), good(2), good(4)]));
    const among = host();
    await among.handle(batchOf([good(0), raw(1, "{"), good(2), raw(3, null), good(4)]));
    expect(among.sent.filter(({ topic }) => topic === topics.enriched)).toEqual(alone.sent);
    expect(
      among.sent
        .filter(({ topic }) => topic === topics.dlq)
        .map(({ message }) => message.headers?.["iot.source.offset"]),
    ).toEqual(["1", "3"]);
  });

  test("is settled only when both topics have acknowledged", async () => {
    const acks: (() => void)[] = [];
    const { handle, chunks } = host({
      producer: {
        send: (_, messages) => new Promise((resolve) => acks.push(() => resolve(messages.length))),
        stop: async () => {},
      },
    });
    let settled = false;
    const handled = handle(batchOf([raw(0, changed({})), raw(1, "{")])).then(() => {
      settled = true;
    });
    for (const sends of [1, 2]) {
      while (acks.length < sends) await Promise.resolve();
      expect({ settled, observed: chunks.length }).toEqual({ settled: false, observed: 0 });
      acks[sends - 1]?.();
    }
    await handled;
    expect({ settled, observed: chunks.length }).toEqual({ settled: true, observed: 1 });
  });

  test("an outage goes up to the consume loop and nothing is counted", async () => {
    const { handle, chunks } = host({
      producer: {
        send: async () => {
          throw new KafkaUnavailable("away");
        },
        stop: async () => {},
      },
    });
    await expect(handle(batchOf([raw(0, changed({}))]))).rejects.toThrow("away");
    expect(chunks).toEqual([]);
  });

  test("one registry judges a whole batch; a swap counts from the next one on", async () => {
    let version = "1.0.0+a";
    const { handle, sent } = host({
      plan: () => {
        const now = { ...plan, version };
        version = "2.0.0+b";
        return now;
      },
    });
    const many = Array.from({ length: 1_200 }, (_, offset) => raw(offset, changed({})));
    await handle(batchOf(many));
    await handle(batchOf([raw(1_200, changed({}))]));
    const versions = sent.map(({ message }) => message.headers?.["iot.registry"]);
    expect(new Set(versions.slice(0, -1))).toEqual(new Set(["1.0.0+a"]));
    expect(versions.at(-1)).toBe("2.0.0+b");
    expect(sent.map(({ message }) => Number(message.headers?.["iot.source.offset"]))).toEqual([
      ...Array(1_201).keys(),
    ]);
  });

  test("what the brokers refuse for its size becomes output_too_large, in the order of the offsets, the others go through", async () => {
    const sent: Sent[] = [];
    const { handle, chunks, accounting } = host({
      producer: {
        async send(topic, messages) {
          if (topic === topics.enriched && messages.some(({ value }) => String(value).includes("huge")))
            throw new MessageTooLarge("refused");
          sent.push(...messages.map((message) => ({ topic, message })));
          return messages.length;
        },
        stop: async () => {},
      },
    });
    const huge = changed({ "/note": "huge" });
    const values = [changed({}), huge, changed({}), "{", huge, changed({})];
    await handle(batchOf(values.map((value, offset) => raw(offset, value))));
    const places = (topic: string) =>
      sent
        .filter((one) => one.topic === topic)
        .map(
          ({ message: { headers } }) => `${headers?.["iot.source.offset"]} ${headers?.["iot.reason"] ?? ""}`,
        );
    expect(places(topics.enriched)).toEqual(["0 ", "2 ", "5 "]);
    expect(places(topics.dlq)).toEqual(["1 output_too_large", "3 not_json", "4 output_too_large"]);
    expect(chunks[0]?.outputs.map(({ raw: { offset }, result }) => `${offset} ${result.to}`)).toEqual([
      "0 enriched",
      "1 dlq",
      "2 enriched",
      "3 dlq",
      "4 dlq",
      "5 enriched",
    ]);
    expect(accounting.difference()).toBe(0);
  });

  test("that waits for an outage sends nothing of what is behind, and is judged by the registry of its first try", async () => {
    const sends: string[] = [];
    let version = 0;
    let isAway = true;
    const { handle } = host({
      plan: () => ({ ...plan, version: `${++version}.0.0+a` }),
      producer: {
        send: async (_, messages) => {
          if (messages[0]) sends.push(messages.map(({ headers }) => headers?.["iot.registry"]).join());
          if (isAway) throw new KafkaUnavailable("away");
          return messages.length;
        },
        stop: async () => {},
      },
    });
    const batch = batchOf(Array.from({ length: 1_000 }, (_, offset) => raw(offset, changed({}))));
    await expect(handle(batch)).rejects.toThrow("away");
    expect(sends).toHaveLength(1);
    isAway = false;
    await handle(batch);
    expect(new Set(sends.join().split(","))).toEqual(new Set(["1.0.0+a"]));
  });

  test("what the producer has no acknowledgement for is a difference in the accounting", async () => {
    const { handle, accounting, errors } = host({
      producer: { send: async (_, messages) => Math.max(0, messages.length - 1), stop: async () => {} },
    });
    await handle(batchOf([raw(0, changed({})), raw(1, changed({}))]));
    expect(accounting.difference()).toBe(1);
    expect(errors).toEqual(["iot.raw[3]@0..1: expected 2 outputs, found 1"]);
  });

  for (const [what, values] of Object.entries({
    "a dead letter": [changed({}), "{"],
    "a dead letter in place of a refused enriched message": [changed({}), changed({ "/note": "huge" })],
  }))
    test(`${what} that the brokers refuse ends the service, with its place: it must not be lost`, async () => {
      const { handle, chunks } = host({
        producer: {
          send: async (topic, messages) => {
            const isHuge = messages.some((message) => String(asSent(message).value).includes("huge"));
            if (messages.length > 0 && (topic === topics.dlq || isHuge)) throw new MessageTooLarge("refused");
            return messages.length;
          },
          stop: async () => {},
        },
      });
      const error = await handle(batchOf(values.map((value, at) => raw(6 + at, value)))).catch((it) => it);
      expect(error).toBeInstanceOf(MessageTooLarge);
      expect(error.message).toBe("iot.raw[3]@7: its dead letter fits nowhere: refused");
      expect(chunks).toEqual([]);
    });

  test("a bug of ours is logged with topic, partition and offset; the message is a dead letter", async () => {
    const { handle, sent, errors } = host({
      plan: () => ({ ...plan, types: null as unknown as typeof plan.types }),
    });
    await handle(batchOf([raw(5, changed({}))]));
    expect(sent[0]?.message.headers?.["iot.reason"]).toBe("internal");
    expect(errors).toEqual(["iot.raw[3]@5: a bug in enrich(), the message is a dead letter"]);
  });

  test("a hole in the offsets is logged and counted", async () => {
    const { handle, errors, accounting } = host();
    await handle(batchOf([raw(5, changed({})), raw(8, changed({}))]));
    expect(accounting.difference()).toBe(2);
    expect(errors).toEqual(["iot.raw[3]@5..8: expected 4 outputs, found 2"]);
  });
});

describe("on the embedded broker", () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  const quiet = { info() {}, warn() {}, error() {} };

  async function cluster() {
    const broker = await startBroker({ port: 0 });
    cleanups.push(() => broker.stop());
    const brokers = `127.0.0.1:${broker.port}`;
    const kafka = createKafka({ brokers: [brokers], clientId: "test" }, quiet);
    const names = ["iot.raw", topics.enriched, topics.dlq];
    await ensureTopics(
      kafka,
      names.map((name) => ({ name, partitions: 2, configs: {} })),
      { partitionsMustMatch: names },
    );
    const producer = await createProducer(kafka);
    cleanups.push(() => producer.stop());
    return { kafka, brokers, producer };
  }

  /** Runs the host until the group has no lag. */
  async function runHost({ kafka, producer }: Awaited<ReturnType<typeof cluster>>) {
    const accounting = createAccounting();
    const { handle, chunks, errors } = host({ producer, accounting });
    const consumer = await consume(kafka, {
      groupId: "iot-enrich",
      topics: ["iot.raw"],
      from: "earliest",
      commit: true,
      handle,
      onJoin: accounting.joined,
      log: quiet,
    });
    const deadline = Date.now() + 15_000;
    while ((await groupLag(kafka, "iot-enrich", "iot.raw")).some(({ lag }) => lag > 0)) {
      if (Date.now() > deadline) throw new Error(`lag after 15 s: ${consumer.health().join("; ")}`);
      await Bun.sleep(20);
    }
    await consumer.stop();
    return { chunks, errors, accounting };
  }

  const header = (message: WireMessage, name: string) =>
    message.headers.filter(([found]) => found === name).map(([, value]) => String(value));

  test("every raw message has one output with the same partition number and time, and is committed", async () => {
    const { kafka, brokers, producer } = await cluster();
    const values = [changed({}), ...DEAD_LETTERS.map(({ raw: value }) => value)];
    const messages = Array.from({ length: 400 }, (_, index): OutMessage => ({
      key: index % 3 === 0 ? null : "breaker-001",
      value: values[index % values.length] ?? null,
      headers: { "iot.reason": "spoofed", "iot.source.offset": "spoofed" },
      partition: index % 2,
      timestamp: CASE_TIME + index,
    }));
    await producer.send("iot.raw", messages);
    const { accounting, errors } = await runHost({ kafka, brokers, producer });
    expect({ errors, difference: accounting.difference() }).toEqual({ errors: [], difference: 0 });

    const [all, enriched, dead] = await Promise.all(
      ["iot.raw", topics.enriched, topics.dlq].map((topic) => readTopic(brokers, topic)),
    );
    for (const partition of [0, 1]) {
      const source = all?.[partition] ?? [];
      const outputs = [...(enriched?.[partition] ?? []), ...(dead?.[partition] ?? [])];
      const byOffset = new Map(outputs.map((output) => [header(output, "iot.source.offset").join(), output]));
      expect(outputs).toHaveLength(source.length);
      expect(byOffset.size).toBe(source.length);
      for (const { offset, timestamp, value, key } of source) {
        const output = byOffset.get(String(offset));
        expect(output?.timestamp).toBe(timestamp);
        if (output === undefined || header(output, "iot.reason").length === 0) continue;
        expect({ key: output.key, value: output.value }).toEqual({ key, value });
        expect(header(output, "iot.reason")).not.toContain("spoofed");
      }
    }
  }, 30_000);

  test("a second start goes on behind the last commit and repeats nothing", async () => {
    const running = await cluster();
    const send = (from: number) =>
      running.producer.send(
        "iot.raw",
        Array.from({ length: 50 }, (_, index) => ({
          key: "breaker-001",
          value: changed({}),
          partition: 0,
          timestamp: CASE_TIME + from + index,
        })),
      );
    await send(0);
    await runHost(running);
    await send(50);
    await runHost(running);
    const [first = []] = await readTopic(running.brokers, topics.enriched);
    expect(first.map((message) => header(message, "iot.source.offset").join())).toEqual(
      [...Array(100).keys()].map(String),
    );
  }, 30_000);
});

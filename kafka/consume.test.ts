import { describe, expect, setSystemTime, test } from "bun:test";
import {
  aBroker,
  aClient,
  aConsumer,
  aProducer,
  aStream,
  aTopic,
  collectLog,
  committed,
  numbered,
  texts,
  until,
} from "./broker.fixture.ts";
import type { Batch, InMessage } from "./consume.ts";
import { StartOver } from "./errors.ts";
import { commitsOf } from "./lag.ts";

describe("delivery", () => {
  test("the messages of a partition come in order, with key, headers and record timestamp", async () => {
    const { kafka, topic, producer } = await aStream(0, 2);
    const got: Batch[] = [];
    await aConsumer(kafka, { topics: [topic], handle: async (batch) => void got.push(batch) });
    await producer.send(topic, [
      { key: "a", value: "x", partition: 1, timestamp: 1234, headers: { h: "1" } },
    ]);
    await producer.send(topic, numbered(500));
    const of = (partition: number) =>
      got.filter((one) => one.partition === partition).flatMap((one) => one.messages);
    await until("all are there", () => of(0).length === 500 && of(1).length === 1);
    expect(texts(of(0))).toEqual(numbered(500).map(({ value }) => value));
    expect(of(0).map(({ offset }) => offset)).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(of(1)).toEqual([
      {
        offset: 0,
        key: Buffer.from("a"),
        value: Buffer.from("x"),
        timestamp: 1234,
        headers: { h: Buffer.from("1") },
      },
    ]);
  });

  test("the offset is committed after the handler resolves, not before", async () => {
    const { kafka, topic } = await aStream(3);
    const gate = Promise.withResolvers<void>();
    let called = false;
    await aConsumer(kafka, {
      topics: [topic],
      handle: () => {
        called = true;
        return gate.promise;
      },
    });
    await until("the batch is in hand", () => called);
    expect(await committed(kafka, topic)).toEqual([null]);
    gate.resolve();
    await until("it is committed", async () => (await committed(kafka, topic))[0] === 3);
  });

  test("a handler that says that it is another topic is given it from there on, and the text that it gives stands beside the commit", async () => {
    const { kafka, topic } = await aStream(6);
    const got: number[] = [];
    let over = false;
    await aConsumer(kafka, {
      topics: [topic],
      maxMessages: 2,
      async handle({ first, messages }) {
        if (first >= 4 && !over) {
          over = true;
          throw new StartOver("made anew", 1);
        }
        got.push(...messages.map(({ offset }) => offset));
        return over ? "the second" : "the first";
      },
    });
    const commit = async () => (await commitsOf(kafka, "g", topic))[0];
    await until(
      "it is read again",
      async () => (await commit())?.metadata === "the second" && got.at(-1) === 5,
    );
    expect(got).toEqual([0, 1, 2, 3, 1, 2, 3, 4, 5]);
    await until("it is committed", async () => (await commit())?.offset === 6);
  });

  test("a fetch of many messages is handed over and committed in pieces", async () => {
    const { kafka, topic } = await aStream(25);
    const sizes: number[] = [];
    const before: (number | null | undefined)[] = [];
    await aConsumer(kafka, {
      topics: [topic],
      maxMessages: 10,
      handle: async ({ messages }) => {
        before.push((await committed(kafka, topic))[0]);
        sizes.push(messages.length);
      },
    });
    await until("all are there", () => sizes.length === 3);
    expect(sizes).toEqual([10, 10, 5]);
    expect(before).toEqual([null, 10, 20]);
  });

  test("a crash between produce and commit repeats the batch and nothing else", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const topic = await aTopic(kafka);
    const out = await aTopic(kafka);
    const producer = await aProducer(kafka);
    await producer.send(topic, numbered(30));
    let crashed: Error | undefined;
    const copy = async ({ partition, messages }: Batch) =>
      producer.send(
        out,
        messages.map(({ offset, value }) => ({
          key: null,
          value,
          partition,
          headers: { from: `${offset}` },
        })),
      );
    await aConsumer(kafka, {
      topics: [topic],
      maxMessages: 10,
      onCrash: (error) => {
        crashed = error;
      },
      handle: async (batch) => {
        await copy(batch);
        if (batch.messages[0]?.offset === 10) throw new Error("power cut");
      },
    });
    await until("the first one is dead", () => crashed);
    const again: number[] = [];
    await aConsumer(aClient(port), {
      topics: [topic],
      maxMessages: 10,
      handle: async (batch) => {
        await copy(batch);
        again.push(...batch.messages.map(({ offset }) => offset));
      },
    });
    await until("the second one has finished", async () => (await committed(kafka, topic))[0] === 30);
    expect(again).toEqual(Array.from({ length: 20 }, (_, i) => i + 10));
    const written: number[] = [];
    await aConsumer(aClient(port), {
      groupId: "reader",
      topics: [out],
      handle: async ({ messages }) =>
        void written.push(...messages.map(({ headers }) => Number(headers.from))),
    });
    await until("the output is read", () => written.length === 40);
    expect(written).toEqual([...Array(20).keys(), ...Array.from({ length: 20 }, (_, i) => i + 10)]);
  });

  test("stop finishes the batch in hand and commits it, in less than 2 s; the next start goes on behind it", async () => {
    const { port, kafka, topic } = await aStream(20);
    const gate = Promise.withResolvers<void>();
    const first: number[] = [];
    const consumer = await aConsumer(kafka, {
      topics: [topic],
      maxMessages: 10,
      handle: async ({ messages }) => {
        first.push(...messages.map(({ offset }) => offset));
        await gate.promise;
      },
    });
    await until("a batch is in hand", () => first.length === 10);
    const started = performance.now();
    const stopped = consumer.stop();
    gate.resolve();
    await stopped;
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(await committed(kafka, topic)).toEqual([10]);
    const second: number[] = [];
    await aConsumer(aClient(port), {
      topics: [topic],
      handle: async ({ messages }) => void second.push(...messages.map(({ offset }) => offset)),
    });
    await until("the rest is there", () => second.length === 10);
    expect(second[0]).toBe(10);
  });

  test("two members share the partitions; when one leaves, the other goes on where it stopped: nothing lost, order kept", async () => {
    const { port, kafka, topic, producer } = await aStream(0, 4);
    const seen = new Map<number, number[]>();
    const handle = async ({ partition, messages }: Batch) => {
      seen.set(partition, [...(seen.get(partition) ?? []), ...messages.map(({ offset }) => offset)]);
    };
    const one = await aConsumer(aClient(port), { topics: [topic], handle, sessionMs: 900 });
    await until("the first has all", () => one.assignment().length === 4);
    let sent = 0;
    const feed = async () => {
      for (let partition = 0; partition < 4; partition++)
        await producer.send(topic, numbered(5, sent, partition));
      sent += 5;
    };
    await feed();
    const two = await aConsumer(aClient(port), { topics: [topic], handle, sessionMs: 900 });
    await until("they share", async () => {
      await feed();
      return one.assignment().length === 2 && two.assignment().length === 2;
    });
    await feed();
    await one.stop();
    await until("the second has all", () => two.assignment().length === 4);
    await feed();
    await until("all is committed", async () =>
      (await committed(kafka, topic)).every((offset) => offset === sent),
    );
    for (const offsets of seen.values()) {
      const firstTimes = offsets.filter((offset, at) => offsets.indexOf(offset) === at);
      expect(firstTimes).toEqual(Array.from({ length: sent }, (_, i) => i));
    }
  });

  test("a batch that was in hand when the group moved on is not committed: the newer commit of another member stands", async () => {
    const { port, kafka, topic, producer } = await aStream(10);
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const log = collectLog();
    const frozen = await aConsumer(aClient(port), {
      topics: [topic],
      log,
      sessionMs: 300_000, // never a heartbeat of its own, so it learns of the rebalance only when it commits
      rebalanceMs: 300,
      handle: async () => {
        calls++;
        await gate.promise;
      },
    });
    await until("the first has the batch", () => calls === 1);
    await aConsumer(aClient(port), { topics: [topic], rebalanceMs: 300, handle: async () => {} });
    await producer.send(topic, numbered(10, 10));
    await until("the second has done more", async () => (await committed(kafka, topic))[0] === 20);
    gate.resolve();
    await until(
      "the first has joined again",
      () => log.lines.filter((line) => line.includes("joined")).length === 2,
    );
    expect(await committed(kafka, topic)).toEqual([20]);
    expect(frozen.health()).toEqual([]);
  });

  test("heartbeats go on while a batch is in hand for longer than the session", async () => {
    const { kafka, topic } = await aStream(1);
    let calls = 0;
    const log = collectLog();
    await aConsumer(kafka, {
      topics: [topic],
      log,
      sessionMs: 600,
      handle: async () => {
        calls++;
        const begun = Date.now();
        await until("three sessions have passed", () => Date.now() - begun > 1_800);
      },
    });
    await until("it is committed", async () => (await committed(kafka, topic))[0] === 1);
    expect(calls).toBe(1);
    expect(log.lines.filter((line) => line.includes("joined"))).toHaveLength(1);
  });

  test("stays a member while it is idle after the time of day was set back: what comes then is handled once", async () => {
    const { kafka, topic, producer } = await aStream(1);
    let joins = 0;
    const handled: InMessage[] = [];
    await aConsumer(kafka, {
      topics: [topic],
      handle: async ({ messages }) => void handled.push(...messages),
      sessionMs: 3_000,
      onJoin: () => joins++,
    });
    await until("the first is committed", async () => (await committed(kafka, topic))[0] === 1);
    setSystemTime(Date.now() - 7_200_000);
    try {
      await Bun.sleep(6_000);
      await producer.send(topic, numbered(1, 1));
      await until("the second is committed", async () => (await committed(kafka, topic))[0] === 2);
    } finally {
      setSystemTime();
    }
    expect({ joins, handled: texts(handled) }).toEqual({ joins: 1, handled: ["0", "1"] });
  }, 30_000);
});

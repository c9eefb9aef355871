/** What the consume loop does when something is wrong: errors of the handler, a broker that is away, a partition that stands still. */

import { describe, expect, test } from "bun:test";
import { type PartitionAssigner, AssignerProtocol, PartitionAssigners } from "kafkajs";
import { ensureTopics } from "./admin.ts";
import {
  aBroker,
  aClient,
  aConsumer,
  aFolder,
  aProducer,
  aStream,
  aTopic,
  afterwards,
  collectLog,
  committed,
  isFine,
  numbered,
  texts,
  until,
} from "./broker.fixture.ts";
import { createProducer } from "./producer.ts";
import { type Batch, consume } from "./consume.ts";
import { KafkaUnavailable, OutputRefused } from "./errors.ts";

describe("errors", () => {
  test("an infrastructure error blocks in place: the same batch again, and health says where and why", async () => {
    const { kafka, topic } = await aStream(20);
    const tried: (number | undefined)[] = [];
    let isDown = true;
    const consumer = await aConsumer(kafka, {
      topics: [topic],
      maxMessages: 10,
      handle: async ({ messages }) => {
        tried.push(messages[0]?.offset);
        if (isDown) throw new KafkaUnavailable("the output is away");
      },
    });
    await until("it was tried twice", () => tried.length >= 2);
    expect(consumer.health()).toEqual([`${topic}[0]@0 waits: the output is away`]);
    expect(await committed(kafka, topic)).toEqual([null]);
    isDown = false;
    await until("both are committed", async () => (await committed(kafka, topic))[0] === 20);
    expect(new Set(tried.slice(0, -1))).toEqual(new Set([0]));
    expect(tried.at(-1)).toBe(10);
    expect(consumer.health()).toEqual([]);
  });

  test("the caller says which other errors pass by waiting", async () => {
    const { kafka, topic } = await aStream(1);
    let calls = 0;
    await aConsumer(kafka, {
      topics: [topic],
      isOutage: (error) => error instanceof Error && error.message === "database is away",
      handle: async () => {
        if (++calls === 1) throw new Error("database is away");
      },
    });
    await until("it is committed", async () => (await committed(kafka, topic))[0] === 1);
    expect(calls).toBe(2);
  });

  test("any other error of the handler is a crash that names the place, at once and once, without a commit", async () => {
    const { kafka, topic } = await aStream(2);
    const crashes: string[] = [];
    let calls = 0;
    const consumer = await aConsumer(kafka, {
      topics: [topic],
      onCrash: (error) => void crashes.push(error.message),
      handle: async () => {
        calls++;
        throw new TypeError("undefined is not a function");
      },
    });
    await until("it crashed", () => crashes.length > 0);
    expect(crashes).toEqual([`${topic}[0]@0, 2 messages: the handler failed: undefined is not a function`]);
    expect(calls).toBe(1);
    expect(await committed(kafka, topic)).toEqual([null]);
    expect(consumer.health()).toEqual([
      "group g has not joined: ended by an error: undefined is not a function",
    ]);
  });

  test("stop gives up a handler that hangs after 2 s, says so, and commits nothing", async () => {
    const { kafka, topic } = await aStream(1);
    const log = collectLog();
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const consumer = await aConsumer(kafka, {
      topics: [topic],
      log,
      handle: () => {
        calls++;
        return gate.promise;
      },
    });
    await until("the batch is in hand", () => calls > 0);
    const started = performance.now();
    await consumer.stop();
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(log.lines.at(-1)).toBe("warn group g: stopped in the middle of a batch, which will be read again");
    expect(await committed(kafka, topic)).toEqual([null]);
    gate.resolve();
  });

  test("stop does not wait for an outage to end", async () => {
    const { kafka, topic } = await aStream(1);
    let calls = 0;
    const consumer = await aConsumer(kafka, {
      topics: [topic],
      handle: async () => {
        calls++;
        throw new KafkaUnavailable("away");
      },
    });
    await until("it is blocked", () => calls > 0);
    const started = performance.now();
    await consumer.stop();
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(await committed(kafka, topic)).toEqual([null]);
  });
});

describe("outages of the broker", () => {
  test("a broker that is not there yet: health says so, the log once, and the start goes on when it is", async () => {
    const { port, stop } = await aBroker();
    await stop();
    const log = collectLog();
    const got: string[] = [];
    const consumer = await aConsumer(aClient(port, log), {
      topics: ["later"],
      log,
      handle: async ({ messages }) => void got.push(...texts(messages)),
    });
    await until("it has tried", () => log.lines.length > 0 && consumer.health()[0]?.includes("ECONNREFUSED"));
    await aBroker({ port });
    const kafka = aClient(port);
    await ensureTopics(kafka, [{ name: "later", partitions: 1, configs: {} }]);
    await (await aProducer(kafka)).send("later", numbered(1));
    await until("the message is there", () => got.length === 1, { withinMs: 15_000 });
    const said = log.lines.filter((line) => line.includes("does not answer"));
    expect(said).toEqual([
      `warn Kafka at 127.0.0.1:${port} does not answer (connect ECONNREFUSED 127.0.0.1:${port}); trying again until it does`,
    ]);
  }, 60_000);

  test("a topic that does not exist yet is named by health, and read from the moment it does", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const got: string[] = [];
    const handle = async ({ messages }: Batch) => void got.push(...texts(messages));
    const consumer = await aConsumer(kafka, { topics: ["later"], handle });
    await until("it has tried", () => consumer.health()[0]?.startsWith("group g has not joined: later: "));
    await ensureTopics(kafka, [{ name: "later", partitions: 1, configs: {} }]);
    await (await aProducer(kafka)).send("later", numbered(1));
    await until("the message is there", () => got.length === 1);
  }, 60_000);

  test("a broker that goes and comes back: nothing lost, order kept, one line, no restart", async () => {
    const dataDir = aFolder();
    const broker = await aBroker({ dataDir });
    const log = collectLog();
    const kafka = aClient(broker.port, log);
    const topic = await aTopic(kafka);
    const out = await aTopic(kafka);
    const producer = await createProducer(kafka);
    const copied: number[] = [];
    const consumer = await aConsumer(kafka, {
      topics: [topic],
      log,
      handle: async ({ messages }) => {
        await producer.send(
          out,
          messages.map(({ value }) => ({ key: null, value, partition: 0 })),
        );
        copied.push(...messages.map(({ offset }) => offset));
      },
    });
    await producer.send(topic, numbered(10));
    await until("the first are through", () => copied.length === 10);
    await broker.stop();
    const during = producer.send(topic, numbered(10, 10));
    await until("the outage is known", () => log.lines.some((line) => line.includes("does not answer")));
    await aBroker({ dataDir, port: broker.port });
    await during;
    await until("the rest is through", async () => copied.at(-1) === 19, { withinMs: 15_000 });
    await until("health is fine", isFine(consumer));
    const firstTimes = copied.filter((offset, at) => copied.indexOf(offset) === at);
    expect(firstTimes).toEqual([...Array(20).keys()]);
    expect(log.lines.filter((line) => line.includes("does not answer"))).toHaveLength(1);
    expect(log.lines.filter((line) => line.includes("answers again"))).toHaveLength(1);
    await consumer.stop();
    await producer.stop();
  }, 60_000);
});

test("a group held by members of another protocol: it waits and says so, once, and joins when they have left", async () => {
  const { port, topic } = await aStream(1);
  const holder = await aHolder(port, topic, "cooperative-sticky");
  const log = collectLog();
  const got: string[] = [];
  const consumer = await aConsumer(aClient(port, log), {
    topics: [topic],
    log,
    handle: async ({ messages }) => void got.push(...texts(messages)),
  });
  const reason = "the group is held by members of another protocol: it joins when they have left";
  const turnedAway = () => log.lines.filter((line) => line.includes("Crash: ")).length;
  await until("it was turned away", () => turnedAway() > 0);
  await until("it says so", () => consumer.health()[0] === `group g has not joined: ${reason}`);
  await holder.disconnect();
  await until("the message is there", () => got.length === 1);
  expect(log.lines.filter((line) => line.includes(reason))).toEqual([`warn group g waits: ${reason}`]);
  await until("health is fine", isFine(consumer));
}, 60_000);

/** A member of group g whose only protocol has this name; it has joined, and reads nothing. */
async function aHolder(port: number, topic: string, name: string) {
  const assigner: PartitionAssigner = (config) => ({
    ...PartitionAssigners.roundRobin(config),
    name,
    protocol: ({ topics }) => ({
      name,
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
    }),
  });
  const holder = aClient(port).consumer({
    groupId: "g",
    partitionAssigners: [assigner],
    maxWaitTimeInMs: 50,
  });
  afterwards(() => holder.disconnect());
  const joined = new Promise((resolve) => holder.on(holder.events.GROUP_JOIN, resolve));
  await holder.connect();
  await holder.subscribe({ topics: [topic] });
  await holder.run({ eachMessage: async () => {} });
  await joined;
  return holder;
}

describe("without commits", () => {
  test("latest: what was there before is not read, and nothing is stored", async () => {
    const { kafka, topic, producer } = await aStream(5);
    const got: string[] = [];
    const consumer = await aConsumer(kafka, {
      topics: [topic],
      from: "latest",
      commit: false,
      handle: async ({ messages }) => void got.push(...texts(messages)),
    });
    await until("it has joined", isFine(consumer));
    await producer.send(topic, numbered(2, 5));
    await until("the new ones are there", () => got.length === 2);
    expect(got).toEqual(["5", "6"]);
    expect(await committed(kafka, topic)).toEqual([null]);
  });

  test("a time: begins at the first message that is not older", async () => {
    const { port } = await aBroker();
    const kafka = aClient(port);
    const topic = await aTopic(kafka);
    await (
      await aProducer(kafka)
    ).send(
      topic,
      numbered(10).map((one, i) => ({ ...one, timestamp: 1_000 * (i + 1) })),
    );
    const got: string[] = [];
    await aConsumer(kafka, {
      topics: [topic],
      from: { timestampMs: 7_500 },
      commit: false,
      handle: async ({ messages }) => void got.push(...texts(messages)),
    });
    await until("they are there", () => got.length > 0);
    expect(got).toEqual(["7", "8", "9"]);
  });

  test("a time together with commits is refused", async () => {
    const options = {
      groupId: "g",
      topics: ["t"],
      from: { timestampMs: 1 },
      commit: true,
      log: collectLog(),
    };
    expect(consume(aClient(1), { ...options, handle: async () => {} })).rejects.toThrow(
      "a start by time needs commit: false",
    );
  });
});

test("the watchdog names the partition that stands still while messages wait", async () => {
  const { kafka, topic } = await aStream(3);
  const gate = Promise.withResolvers<void>();
  let now = 1_000_000;
  let called = false;
  const consumer = await aConsumer(kafka, {
    topics: [topic],
    watchMs: 20,
    now: () => now,
    handle: () => {
      called = true;
      return gate.promise;
    },
  });
  await until("the batch is in hand", () => called);
  await until("30 s have passed since the lag was seen", () => {
    now += 31_000;
    return consumer.health().length > 0;
  });
  expect(consumer.health()[0]).toMatch(
    new RegExp(`^${topic}\\[0\\] has stood at offset 0 for \\d+ s, 3 messages are waiting$`),
  );
  gate.resolve();
  await until("it moves again", isFine(consumer));
});

test("a partition whose output refuses steps aside: the others are read on, it is named, tried again, and heals", async () => {
  const { kafka, topic, producer } = await aStream(1, 2);
  let isRefused = true;
  const got: string[] = [];
  const consumer = await aConsumer(kafka, {
    topics: [topic],
    handle: async ({ partition, messages }) => {
      if (partition === 0 && isRefused) throw new OutputRefused("the output refuses it");
      got.push(...messages.map(({ value }) => `${partition} ${value}`));
    },
  });
  await until("it waits", () => consumer.health().length > 0);
  // Longer than the waits between its tries: a fetch after the refusal has to bring each of them.
  for (let at = 0; at < 5; at++) {
    await producer.send(topic, numbered(1, at, 1));
    await until("the other goes on", () => got.includes(`1 ${at}`), { withinMs: 3_000 });
  }
  expect(consumer.health()).toEqual([`${topic}[0]@0 waits: the output refuses it`]);
  isRefused = false;
  await until("it goes on", () => got.includes("0 0") && isFine(consumer)());
  await until("both are committed", async () => (await committed(kafka, topic)).join() === "1,5");
});

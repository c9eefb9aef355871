/** A producer whose connections have failed makes new ones: what stays in hand may be dead for ever. */
import { expect, test } from "bun:test";
import type { RecordMetadata } from "kafkajs";
import type { Kafka } from "./client.ts";
import { closed, refusal } from "./fake-client.fixture.ts";
import { createProducer } from "./producer.ts";

/** Each producer it makes answers as its turn says; an error is thrown. */
function aClientOf(...answers: (Error | "hangs" | "under way" | "acknowledged")[]) {
  const log: string[] = [];
  const left = [...answers];
  const producer = () => {
    const name = `producer ${log.filter((line) => line.startsWith("made")).length + 1}`;
    log.push(`made ${name}`);
    const disconnected = Promise.withResolvers<RecordMetadata[]>();
    disconnected.promise.catch(() => {});
    return {
      connect: async () => {},
      async send(): Promise<RecordMetadata[]> {
        const answer = left.shift() ?? "acknowledged";
        log.push(`sent by ${name}`);
        if (answer instanceof Error) throw answer;
        if (answer === "hangs") return new Promise(() => {});
        if (answer === "under way") return disconnected.promise;
        return [0, 1].map((partition) => ({ topicName: "t", partition, errorCode: 0 }));
      },
      async disconnect() {
        log.push(`thrown away ${name}`);
        // Not an error of a connection, by its name.
        disconnected.reject(new Error("the producer is disconnected"));
      },
    };
  };
  return { kafka: { producer } as unknown as Kafka, log };
}

const ONE = [{ key: "k", value: "v", partition: 0 }];

test("after an error of the connection the next attempt goes by a new one, and the old one is thrown away", async () => {
  const { kafka, log } = aClientOf(closed(), closed());
  const producer = await createProducer(kafka);
  expect(await producer.send("t", ONE)).toBe(1);
  expect(log).toEqual([
    ...["made producer 1", "sent by producer 1", "thrown away producer 1"],
    ...["made producer 2", "sent by producer 2", "thrown away producer 2"],
    ...["made producer 3", "sent by producer 3"],
  ]);
  await producer.stop();
});

test("so it is where no answer came in time", async () => {
  const { kafka, log } = aClientOf("hangs");
  const producer = await createProducer(kafka, { deadlineMs: 50 });
  // Its deadline may have a moment left for another try.
  await producer.send("t", ONE).catch(() => {});
  expect(await producer.send("t", ONE)).toBe(1);
  expect(log.filter((line) => !line.startsWith("sent"))).toEqual([
    "made producer 1",
    "thrown away producer 1",
    "made producer 2",
  ]);
  await producer.stop();
});

test("a send that is under way when another partition's send throws the connection away is made again", async () => {
  const { kafka, log } = aClientOf("under way", closed());
  const producer = await createProducer(kafka);
  const both = [0, 1].map((partition) => ({ key: "k", value: "v", partition }));
  await producer.send("t", both).catch((error) => log.push(`failed: ${error.message}`));
  expect(log).toEqual([
    ...["made producer 1", "sent by producer 1", "sent by producer 1", "thrown away producer 1"],
    ...["made producer 2", "sent by producer 2", "sent by producer 2"],
  ]);
  await producer.stop();
});

test("the brokers' own answer says that the connection is alive: it is kept", async () => {
  const answer = refusal("NOT_ENOUGH_REPLICAS", true);
  const { kafka, log } = aClientOf(answer);
  const producer = await createProducer(kafka);
  expect(await producer.send("t", ONE)).toBe(1);
  expect(log).toEqual(["made producer 1", "sent by producer 1", "sent by producer 1"]);
  await producer.stop();
});

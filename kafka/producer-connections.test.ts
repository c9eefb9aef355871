/** A producer whose connections have failed makes new ones: what stays in hand may be dead for ever. */
import { expect, test } from "bun:test";
import type { RecordMetadata } from "kafkajs";
import type { Kafka } from "./client.ts";
import { closed, refusal } from "./fake-client.fixture.ts";
import { createProducer } from "./producer.ts";

/** Each producer it makes answers as its turn says; an error is thrown. */
function aClientOf(...answers: (Error | "hangs" | "acknowledged")[]) {
  const log: string[] = [];
  const left = [...answers];
  const producer = () => {
    const name = `producer ${log.filter((line) => line.startsWith("made")).length + 1}`;
    log.push(`made ${name}`);
    return {
      connect: async () => {},
      async send(): Promise<RecordMetadata[]> {
        const answer = left.shift() ?? "acknowledged";
        log.push(`sent by ${name}`);
        if (answer instanceof Error) throw answer;
        if (answer === "hangs") return new Promise(() => {});
        return [{ topicName: "t", partition: 0, errorCode: 0 }];
      },
      disconnect: async () => void log.push(`thrown away ${name}`),
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

test("the brokers' own answer says that the connection is alive: it is kept", async () => {
  const answer = refusal("NOT_ENOUGH_REPLICAS", true);
  const { kafka, log } = aClientOf(answer);
  const producer = await createProducer(kafka);
  expect(await producer.send("t", ONE)).toBe(1);
  expect(log).toEqual(["made producer 1", "sent by producer 1", "sent by producer 1"]);
  await producer.stop();
});

/** A second client, written independently of kafkajs. */
import { expect, test } from "bun:test";
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";
import { aBroker, afterwards } from "./raw-client.fixture.ts";

test("@platformatic/kafka creates a topic, produces with each compression that it has, and consumes in a group", async () => {
  const { port } = await aBroker();
  const base = { clientId: "platformatic", bootstrapBrokers: [`127.0.0.1:${port}`] };
  const admin = new Admin(base);
  afterwards(() => admin.close());
  await admin.createTopics({ topics: ["t"], partitions: 1, replicas: 1 });
  const producer = new Producer({ ...base, serializers: stringSerializers });
  afterwards(() => producer.close());
  const compressions = ["none", "gzip", "zstd"] as const;
  for (const compression of compressions) {
    await producer.send({ messages: [{ topic: "t", key: "k", value: compression }], compression, acks: -1 });
  }
  const consumer = new Consumer({ ...base, groupId: "g", deserializers: stringDeserializers });
  afterwards(() => consumer.close(true));
  const stream = await consumer.consume({
    topics: ["t"],
    mode: MessagesStreamModes.EARLIEST,
    maxWaitTime: 100,
  });
  const values: (string | undefined)[] = [];
  for await (const { value, commit } of stream) {
    values.push(value);
    await commit();
    if (values.length === compressions.length) break;
  }
  expect(values).toEqual([...compressions]);
  expect((await admin.listGroups()).get("g")?.id ?? "g").toBe("g");
});

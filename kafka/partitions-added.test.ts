/** Partitions that are added to a topic while it is read. */
import { expect, test } from "bun:test";
import { withAdmin } from "./admin.ts";
import { aBroker, aClient, aConsumer, aProducer, aTopic, until } from "./broker.fixture.ts";

test("are noticed and read within 30 s, without a restart", async () => {
  const broker = await aBroker();
  const kafka = aClient(broker.port);
  const topic = await aTopic(kafka, 1);
  const producer = await aProducer(kafka);
  const read: string[] = [];
  const consumer = await aConsumer(kafka, {
    topics: [topic],
    handle: async ({ partition, messages }) => {
      for (const { value } of messages) read.push(`${partition} ${value}`);
    },
  });
  await producer.send(topic, [{ key: null, value: "before", partition: 0 }]);
  await until("the first is read", () => read.length === 1);

  await withAdmin(kafka, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }));
  const sent = async () => {
    const error = await producer.send(topic, [{ key: null, value: "after", partition: 1 }]).catch(String);
    return error === 1;
  };
  await until("the new partition takes a message", sent);
  await until("it is read", () => read.length === 2, { withinMs: 30_000 });
  expect(read).toEqual(["0 before", "1 after"]);
  await until("all is well", () => consumer.health().length === 0);
}, 60_000);

/** @platformatic/kafka: its stream of messages, sent a thousand at a time, the last of each partition committed. */
import {
  Consumer,
  type Message,
  MessagesStreamModes,
  Producer,
  stringSerializers,
} from "@platformatic/kafka";
import { readArguments, runPasses, workOf } from "./work.ts";

const settings = readArguments();
const work = workOf(settings);
const SEND_MESSAGES = 1_000;
const ALL = -1;

await runPasses(async (output) => {
  const base = { clientId: "peers", bootstrapBrokers: [settings.broker] };
  const producer = new Producer({ ...base, serializers: stringSerializers });
  const consumer = new Consumer({ ...base, groupId: output });
  const stream = await consumer.consume({
    topics: [settings.raw],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: false,
    maxWaitTime: 500,
    highWaterMark: 2 * SEND_MESSAGES,
  });
  let done = 0;
  let waiting: Message<Buffer, Buffer, Buffer, Buffer>[] = [];
  for await (const message of stream) {
    waiting.push(message);
    if (waiting.length < SEND_MESSAGES && done + waiting.length < settings.messages) continue;
    const messages = waiting.map(({ key, value, offset, timestamp, partition }) => {
      const out = work({ key, value, offset, timestamp: Number(timestamp) });
      return { topic: output, partition, timestamp, ...out };
    });
    await producer.send({ messages, compression: "zstd", acks: ALL });
    const last = new Map(waiting.map((it) => [it.partition, it]));
    await Promise.all([...last.values()].map((it) => it.commit()));
    done += waiting.length;
    waiting = [];
    if (done >= settings.messages) break;
  }
  await stream.close();
  await consumer.close(true);
  await producer.close();
});

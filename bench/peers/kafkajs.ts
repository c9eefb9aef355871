/** A bare kafkajs 2.2.4 as npm has it, in the form that its documentation shows, with zstd registered and sends of about 1.8 MB. */
import { join } from "node:path";
import type * as kafkajs from "kafkajs";
import { readArguments, runPasses, workOf } from "./work.ts";

const settings = readArguments();
const work = workOf(settings);
const SEND_MESSAGES = 350;
const { Kafka, CompressionCodecs, CompressionTypes, Partitioners, logLevel } = (await import(
  join(settings.folder, "index.js")
)) as typeof kafkajs;
Object.assign(CompressionCodecs, {
  [CompressionTypes.ZSTD]: () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => Bun.zstdCompressSync(buffer, { level: 1 }),
    decompress: async (bytes: Buffer) => Bun.zstdDecompressSync(bytes),
  }),
});

await runPasses(async (output) => {
  const kafka = new Kafka({ brokers: [settings.broker], clientId: "peers", logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const consumer = kafka.consumer({ groupId: output, maxWaitTimeInMs: 500 });
  const finished = Promise.withResolvers<void>();
  let done = 0;
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [settings.raw], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 3,
    async eachBatch({ batch, commitOffsetsIfNecessary, resolveOffset, heartbeat }) {
      const { topic, partition, messages } = batch;
      for (let at = 0; at < messages.length; at += SEND_MESSAGES) {
        const outputs = messages.slice(at, at + SEND_MESSAGES).map((message) => {
          const { timestamp } = message;
          return { ...work({ ...message, timestamp: Number(timestamp) }), partition, timestamp };
        });
        const compression = CompressionTypes.ZSTD;
        await producer.send({ topic: output, messages: outputs, acks: -1, compression });
        await heartbeat();
      }
      const next = `${Number(batch.lastOffset()) + 1}`;
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] });
      resolveOffset(batch.lastOffset());
      done += messages.length;
      if (done >= settings.messages) finished.resolve();
    },
  });
  await finished.promise;
  await consumer.disconnect();
  await producer.disconnect();
});

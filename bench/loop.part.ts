/**
 * One run of bench/loop.ts in a process of its own, so that its CPU time is its own: consume, enrich, produce, commit.
 *
 * In: `ours` or `bare`, broker, raw topic, output topic, number of messages, folder of an unpatched kafkajs (bare only).
 * Out: one line of JSON: seconds of wall and CPU time, the largest memory.
 */

import { join } from "node:path";
import type * as kafkajs from "kafkajs";
import { createKafka } from "../kafka/client.ts";
import { createAccounting } from "../enrich/accounting.ts";
import { bytesToText } from "../enrich/bytes-to-text.ts";
import { enrich } from "../enrich/enrich.ts";
import { createHandler } from "../enrich/host.ts";
import { shippedPlan } from "../enrich/plan.case.ts";
import { consume } from "../kafka/consume.ts";
import { createProducer } from "../kafka/producer.ts";

const [side, broker = "", raw = "", output = "", count = "", bareFolder = ""] = process.argv.slice(2);
const wanted = Number(count);
const groupId = `bench-${side}-${process.pid}`;
const plan = shippedPlan();
const quiet = { info() {}, warn: console.error, error: console.error };
let done = 0;
const finished = Promise.withResolvers<void>();

function counted(more: number, dead = 0): void {
  if (dead > 0) throw new Error(`${dead} dead letters`);
  done += more;
  if (done >= wanted) finished.resolve();
}

/** What `bun run enrich` runs, without its metrics. */
async function ours(): Promise<() => Promise<void>> {
  const kafka = createKafka({ brokers: [broker], clientId: "bench" }, quiet);
  const producer = await createProducer(kafka);
  const handle = createHandler({
    topics: { enriched: output, dlq: output },
    producer,
    plan: () => plan,
    now: Date.now,
    accounting: createAccounting(),
    observe: ({ outputs }) =>
      counted(outputs.length, outputs.filter(({ result }) => result.to === "dlq").length),
    log: quiet,
  });
  const consumer = await consume(kafka, {
    groupId,
    topics: [raw],
    from: "earliest",
    commit: true,
    log: quiet,
    handle,
  });
  return async () => {
    await consumer.stop();
    await producer.stop();
  };
}

/** As the documentation of kafkajs shows it, with zstd registered and sends of 350 messages: about as many bytes as ours. */
async function bare(): Promise<() => Promise<void>> {
  const { Kafka, CompressionCodecs, CompressionTypes, Partitioners, logLevel } = (await import(
    join(bareFolder, "index.js")
  )) as typeof kafkajs;
  Object.assign(CompressionCodecs, {
    [CompressionTypes.ZSTD]: () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => Bun.zstdCompressSync(buffer, { level: 1 }),
      decompress: async (bytes: Buffer) => Bun.zstdDecompressSync(bytes),
    }),
  });
  const kafka = new Kafka({ brokers: [broker], clientId: "bench", logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 500 });
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [raw], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 3,
    async eachBatch({ batch, commitOffsetsIfNecessary, resolveOffset, heartbeat }) {
      const { topic, partition, messages } = batch;
      for (let at = 0; at < messages.length; at += 350) {
        const outputs = messages.slice(at, at + 350).map((message) => {
          const { key, value, offset, timestamp } = message;
          const source = { key: String(key), timestamp: Number(timestamp), bytes: value?.length ?? 0 };
          const result = enrich(bytesToText(value), source, plan, Date.now());
          if (result.to === "dlq") throw new Error(result.message);
          const headers = { "iot.source.offset": offset, "iot.registry": plan.version };
          return { key: result.verdict.device_id, value: result.value, headers, partition, timestamp };
        });
        await producer.send({
          topic: output,
          messages: outputs,
          acks: -1,
          compression: CompressionTypes.ZSTD,
        });
        await heartbeat();
      }
      const next = `${Number(batch.lastOffset()) + 1}`;
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] });
      resolveOffset(batch.lastOffset());
      counted(messages.length);
    },
  });
  return async () => {
    await consumer.disconnect();
    await producer.disconnect();
  };
}

const cpuBefore = process.cpuUsage();
const wallBefore = performance.now();
const stop = await (side === "bare" ? bare() : ours());
await finished.promise;
const wall = (performance.now() - wallBefore) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const memory = process.resourceUsage().maxRSS;
await stop();
console.log(JSON.stringify({ messages: done, wall, cpu: (user + system) / 1e6, maxRssKb: memory }));
process.exit(0);

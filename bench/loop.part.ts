/**
 * One run of bench/loop.ts in a process of its own, so that its CPU time is its own: consume, enrich, produce, commit.
 *
 * In: `ours`, `plain`, `before` or `bare`, broker, raw topic, output topic, consumer group, number of messages (a process that shares them
 * with another is told by SIGTERM that all are done), folder of an unpatched kafkajs (bare only). Out: one line of JSON (Run).
 */

import { join } from "node:path";
import type * as kafkajs from "kafkajs";
import { createKafka } from "../kafka/client.ts";
import { createAccounting } from "../enrich/host/accounting.ts";
import { bytesToText } from "../enrich/bytes-to-text.ts";
import { createEnrich } from "../enrich/enrich.ts";
import { CHUNK_MESSAGES, createHandler } from "../enrich/host/host.ts";
import { ENRICHMENT_SERVICE, ENRICHMENT_VERSION } from "../enrich/splice.ts";
import { pinnedPlan } from "../registry/pinned.fixture.ts";
import { type Batch, consume } from "../kafka/consume.ts";
import { createProducer, type OutMessage, type Producer } from "../kafka/producer.ts";

/** What a process did. */
export interface Run {
  messages: number;
  /** s, from the first line of the program to the last message. */
  wall: number;
  cpu: number;
  /** The same from the message on that WARM others stood before: without the start, and with most of the code compiled. */
  warm: { messages: number; cpu: number };
  maxRssKb: number;
}

const WARM = 50_000;

const [side, broker = "", raw = "", output = "", groupId = "", count = "", bareFolder = ""] =
  process.argv.slice(2);
const wanted = Number(count);
const plan = pinnedPlan;
const enrich = createEnrich(plan);
const quiet = { info() {}, warn: console.error, error: console.error };
const finished = Promise.withResolvers<void>();
process.once("SIGTERM", finished.resolve);

const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const cpuBefore = seconds();
const wallBefore = performance.now();
let done = 0;
let warm: { messages: number; cpu: number } | undefined;
let end = { wall: 0, cpu: 0 };

function counted(more: number, dead = 0): void {
  if (dead > 0) throw new Error(`${dead} dead letters`);
  done += more;
  end = { wall: (performance.now() - wallBefore) / 1000, cpu: seconds() - cpuBefore };
  if (done >= WARM) warm ??= { messages: done, cpu: end.cpu };
  if (done >= wanted) finished.resolve();
}

/** What `bun run enrich` runs, without its metrics. */
function ours(): Promise<() => Promise<void>> {
  return loop((producer) =>
    createHandler({
      topics: { enriched: output, dlq: output },
      producer,
      plan: () => plan,
      now: Date.now,
      accounting: createAccounting(),
      observe: ({ outputs }) =>
        counted(outputs.length, outputs.filter(({ result }) => result.to === "dlq").length),
      log: quiet,
    }),
  );
}

/**
 * The same loop with what the original system did in place of verdicts: the declared type's metadata, and whether each of its
 * measurements is there. As many bytes as ours.
 */
function plain(toValue: (raw: Buffer) => OutMessage["value"] = withMetadata): Promise<() => Promise<void>> {
  return loop((producer) => async ({ messages, partition }) => {
    for (let at = 0; at < messages.length; at += CHUNK_MESSAGES) {
      const chunk = messages.slice(at, at + CHUNK_MESSAGES);
      const outputs = chunk.map(({ key, value, offset, timestamp }) => ({
        key,
        value: toValue(value ?? Buffer.alloc(0)),
        headers: { "iot.source.offset": `${offset}`, "iot.registry": plan.version },
        partition,
        timestamp,
      }));
      await producer.send(output, outputs);
      counted(chunk.length);
    }
  });
}

/** Runs the loop as it was when verdicts came: the value is put together as one text. */
function before(): Promise<() => Promise<void>> {
  return plain((raw) => {
    const text = raw.toString();
    const [, metadataBytes, ...rest] = withMetadata(raw);
    return text.slice(0, text.lastIndexOf("}")).concat(textOf(metadataBytes), ...rest.map(String));
  });
}

const texts = new Map<unknown, string>();

function textOf(bytes: unknown): string {
  const text = texts.get(bytes) ?? String(bytes);
  texts.set(bytes, text);
  return text;
}

const metadata = new Map(
  plan.types.map(({ key, metadata_json, measurement_json }) => [
    key,
    Buffer.from(`,"device_metadata":${metadata_json}},"measurement_metadata":${measurement_json}`),
  ]),
);
/** Makes the outputs as long as ours are with their findings. */
const FILLER = " ".repeat(470);

function withMetadata(raw: Buffer): (Buffer | string)[] {
  const message = JSON.parse(raw.toString());
  const type = plan.types[plan.type_index[message.device_type] ?? -1];
  const known = metadata.get(message.device_type);
  if (type === undefined || known === undefined) throw new Error(`no type ${message.device_type}`);
  const complete = type.groups.every(({ name }) => message.measurements[name] !== undefined);
  const info =
    `,"enrichment_info":{"enriched_at":"${new Date().toISOString()}","enrichment_service":"${ENRICHMENT_SERVICE}"` +
    `,"enrichment_version":"${ENRICHMENT_VERSION}","device_type_detected":"${type.key}","registry_version":"${plan.version}"}` +
    `,"data_quality":{"timestamp_valid":true,"measurements_complete":${complete},"enrichment_success":true}}`;
  return [raw.subarray(0, raw.lastIndexOf("}")), known, info, FILLER];
}

type MakeHandler = (producer: Producer) => (batch: Batch) => Promise<unknown>;

async function loop(handler: MakeHandler): Promise<() => Promise<void>> {
  const kafka = createKafka({ brokers: [broker], clientId: "bench" }, quiet);
  const producer = await createProducer(kafka);
  const consumer = await consume(kafka, {
    groupId,
    topics: [raw],
    from: "earliest",
    commit: true,
    log: quiet,
    handle: handler(producer),
  });
  return async () => {
    await consumer.stop();
    await producer.stop();
  };
}

/** Runs kafkajs as its documentation shows, with zstd registered and sends of 350 messages: about as many bytes as ours. */
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
          const result = enrich(bytesToText(value), source, Date.now());
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
        counted(outputs.length);
      }
      const next = `${Number(batch.lastOffset()) + 1}`;
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] });
      resolveOffset(batch.lastOffset());
    },
  });
  return async () => {
    await consumer.disconnect();
    await producer.disconnect();
  };
}

const stop = await { ours, plain: () => plain(), before, bare }[
  side as "ours" | "plain" | "before" | "bare"
]();
await finished.promise;
const maxRssKb = process.resourceUsage().maxRSS;
await stop();
const { messages = done, cpu = end.cpu } = warm ?? {};
const run: Run = {
  ...{ messages: done, ...end, maxRssKb },
  warm: { messages: done - messages, cpu: end.cpu - cpu },
};
console.log(JSON.stringify(run));
process.exit(0);

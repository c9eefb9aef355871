/**
 * How long from a message's append to `iot.raw` until its enriched message is appended, at 1,000 messages a second?
 *
 * In: `[--rate 1000] [--seconds 30]`. Out: p50, p95, p99 and the longest, the enricher's CPU and memory. Apache Kafka, three partitions,
 * the original system's sample from 1,000 devices. Both times are the broker's own (`message.timestamp.type=LogAppendTime`), in whole
 * ms. The first five seconds do not count. Exit code 1 if p99 is above 50 ms or an output is missing.
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { readSettings } from "../config/env.ts";
import { topicSpecs } from "../config/topic-specs.ts";
import { ensureTopics } from "../kafka/admin.ts";
import { createKafka, type Kafka } from "../kafka/client.ts";
import { type Batch, consume } from "../kafka/consume.ts";
import { createProducer } from "../kafka/producer.ts";
import { HEAP_ENV } from "../runtime/heap-env.ts";
import { HEADERS, topicName } from "../schemas/topics.ts";
import { start, until } from "../test/processes.fixture.ts";
import { startApacheKafka } from "../test/real/apache-kafka.fixture.ts";
import { SAMPLE_TIME, sampleKey, sampleText } from "./sample.part.ts";
import { used } from "./used.part.ts";

const { values } = parseArgs({
  options: { rate: { type: "string", default: "1000" }, seconds: { type: "string", default: "30" } },
});
const RATE = Number(values.rate);
const SECONDS = Number(values.seconds);
const WARM_UP_S = 5;
const PARTITIONS = 3;
const LIMIT_MS = 50;
const QUIET = { info() {}, warn() {}, error: console.error };

const server = await startApacheKafka();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void server.stop().finally(() => process.exit(1)));
try {
  await measure(server.brokers);
} finally {
  await server.stop();
}
process.exit();

async function measure(brokers: string): Promise<void> {
  const kafka = createKafka({ brokers: [brokers], clientId: "bench" }, QUIET);
  const specs = topicSpecs(readSettings({ TOPIC_PARTITIONS: `${PARTITIONS}` }));
  await ensureTopics(
    kafka,
    specs.map((spec) => ({
      ...spec,
      configs: { ...spec.configs, "message.timestamp.type": "LogAppendTime" },
    })),
  );
  const env = { ...HEAP_ENV, KAFKA_BROKERS: brokers, TOPIC_PARTITIONS: `${PARTITIONS}`, HEALTH_PORT: "0" };
  const enricher = start("enricher", [process.execPath, "enrich/main.ts"], env);
  await until("the enricher has joined", () => enricher.output().includes("joined"), { alive: [enricher] });
  const before = used(enricher.pid);
  const began = performance.now();
  const sent = await load(kafka);
  const seconds = (performance.now() - began) / 1000;
  const after = used(enricher.pid);
  const raw = await appended(kafka, "raw", sent);
  const enriched = await appended(kafka, "enriched", sent);
  await enricher.stop();
  report(raw, enriched, { share: (after.cpu - before.cpu) / seconds, memory: after.memory });
}

/** Sends as many messages as are due, every few ms, and gives how many there were. */
async function load(kafka: Kafka): Promise<number> {
  const producer = await createProducer(kafka);
  const began = performance.now();
  let next = 0;
  for (let now = 0; now < SECONDS * 1_000; now = performance.now() - began) {
    const due = Math.floor((now * RATE) / 1_000) - next;
    const messages = Array.from({ length: due }, (_, at) => ({
      ...{ key: sampleKey(next + at), value: sampleText(next + at), timestamp: SAMPLE_TIME },
      partition: (next + at) % PARTITIONS,
    }));
    next += due;
    if (due > 0) void producer.send(topicName("raw"), messages).catch((error) => console.error(error));
    await Bun.sleep(2);
  }
  await producer.stop();
  return next;
}

/** When each message of a topic was appended, by the place of its raw message. */
async function appended(
  kafka: Kafka,
  topic: "raw" | "enriched",
  count: number,
): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  const take = async ({ partition, messages }: Batch) => {
    for (const { offset, headers, timestamp } of messages)
      times.set(`${partition} ${topic === "raw" ? offset : headers[HEADERS.sourceOffset]}`, timestamp);
  };
  const reader = await consume(kafka, {
    ...{ groupId: `bench-${topic}`, topics: [topicName(topic)], from: "earliest" as const, commit: false },
    ...{ handle: take, log: QUIET },
  });
  await until(`all of ${topic} is read`, () => times.size >= count, { withinMs: 60_000 });
  await reader.stop();
  return times;
}

function report(
  raw: Map<string, number>,
  enriched: Map<string, number>,
  enricher: { share: number; memory: number },
): void {
  const first = Math.min(...[...raw.values()].slice(0, 1_000)) + WARM_UP_S * 1_000;
  const delays = [...raw].flatMap(([place, at]) =>
    at < first ? [] : [(enriched.get(place) ?? Number.NaN) - at],
  );
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const machine = `${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, load ${loadavg()[0]?.toFixed(1)}, Bun ${Bun.version}`;
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${machine}, Apache Kafka 4.1.0, ${RATE} messages/s for ${SECONDS} s`,
  );
  console.log(
    `${sorted.length} messages: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, longest ${at(1)} ms; ` +
      `enricher ${Math.round(enricher.share * 100)} % of a core, ${Math.round(enricher.memory)} MiB`,
  );
  if (!(at(0.99) <= LIMIT_MS)) {
    console.log(`limit broken: p99 above ${LIMIT_MS} ms`);
    process.exitCode = 1;
  }
}

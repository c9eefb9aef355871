/**
 * Does an enricher in the middle of its work end within 2 s of SIGTERM, with exit code 0 and without a message written twice?
 *
 * In: `[embedded|kafka ...] [--times 50]`. Out: a line for each broker: how long the stops took, exit codes other than 0, outputs that
 * stand twice, outputs that are missing, the least that still waited after a stop. Messages always wait while the enricher runs (three
 * partitions, the original system's sample); the moment of the signal is by chance. At the end one more enricher takes the rest, and
 * every output's source offset is read. Exit code 1 if a limit is broken, or if nothing waited any more at a stop.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readSettings } from "../config/env.ts";
import { topicSpecs } from "../config/topic-specs.ts";
import { endOffsets, ensureTopics } from "../kafka/admin.ts";
import { createKafka, type Kafka } from "../kafka/client.ts";
import { consume } from "../kafka/consume.ts";
import { groupLag } from "../kafka/lag.ts";
import { createProducer } from "../kafka/producer.ts";
import { HEAP_ENV } from "../runtime/heap-env.ts";
import { GROUPS, HEADERS, topicName } from "../schemas/topics.ts";
import { freePort, type Process, start, until } from "../test/processes.fixture.ts";
import { startApacheKafka } from "../test/real/apache-kafka.fixture.ts";
import { sampleKey, sampleText } from "./sample.part.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { times: { type: "string", default: "50" } },
});
const TIMES = Number(values.times);
const PARTITIONS = 3;
const LIMIT_MS = 2_000;
/** How many messages wait at a start: more than are done until the signal. */
const WAITING = 60_000;
const CHANCE_MS = 400;
const QUIET = { info() {}, warn() {}, error: console.error };

interface Server {
  brokers: string;
  stop(): Promise<unknown>;
}

const SERVERS: Record<string, () => Promise<Server>> = {
  async embedded() {
    const folder = await mkdtemp(join(tmpdir(), "bench-sigterm-"));
    const port = freePort();
    const command = [process.execPath, "broker/main.ts", "--port", `${port}`, "--data", folder];
    const broker = start("broker", command);
    await until("the broker is ready", () => broker.output().includes("ready on"), { alive: [broker] });
    return {
      brokers: `127.0.0.1:${port}`,
      stop: () => broker.stop().then(() => rm(folder, { recursive: true, force: true })),
    };
  },
  kafka: startApacheKafka,
};

for (const name of positionals.length > 0 ? positionals : Object.keys(SERVERS)) {
  const startServer = SERVERS[name];
  if (!startServer) throw new Error(`${name}: expected ${Object.keys(SERVERS).join(" or ")}`);
  const server = await startServer();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void server.stop().finally(() => process.exit(1)));
  try {
    await measure(name, server.brokers);
  } finally {
    await server.stop();
  }
}
process.exit();

async function measure(name: string, brokers: string): Promise<void> {
  const kafka = createKafka({ brokers: [brokers], clientId: "bench" }, QUIET);
  await ensureTopics(kafka, topicSpecs(readSettings({ TOPIC_PARTITIONS: `${PARTITIONS}` })));
  await until("the group's coordinator answers", async () => (await lag(kafka)) === 0);
  const times: number[] = [];
  const codes: number[] = [];
  const lefts: number[] = [];
  for (let time = 1; time <= TIMES; time++) {
    await fill(kafka);
    const { ms, code, output } = await stopOnce(kafka, brokers);
    times.push(ms);
    codes.push(code);
    const left = await lag(kafka);
    lefts.push(left);
    if (ms > LIMIT_MS || code !== 0 || left === 0)
      console.error(`${name}, stop ${time}: ${Math.round(ms)} ms, code ${code}, ${left} waiting\n${output}`);
  }
  const rest = startEnricher(brokers);
  await until("all is done", async () => (await lag(kafka)) === 0, { withinMs: 120_000, alive: [rest] });
  await rest.stop();
  report(name, times, codes, lefts, await outputs(kafka));
}

/** Measures from the signal to the exit. */
async function stopOnce(kafka: Kafka, brokers: string) {
  const enricher = startEnricher(brokers);
  const before = await written(kafka);
  await until("it writes", async () => (await written(kafka)) > before, { everyMs: 10, alive: [enricher] });
  await Bun.sleep(Math.random() * CHANCE_MS);
  const { ms, code } = await enricher.stop(10_000);
  return { ms, code, output: enricher.tail() };
}

function startEnricher(brokers: string): Process {
  const env = { ...HEAP_ENV, KAFKA_BROKERS: brokers, TOPIC_PARTITIONS: `${PARTITIONS}`, HEALTH_PORT: "0" };
  return start("enricher", [process.execPath, "enrich/main.ts"], env);
}

async function written(kafka: Kafka): Promise<number> {
  return (await endOffsets(kafka, topicName("enriched"))).reduce((sum, { high }) => sum + high, 0);
}

async function lag(kafka: Kafka): Promise<number> {
  const lags = await groupLag(kafka, GROUPS.enrich, topicName("raw"));
  return lags.reduce((sum, one) => sum + (one.committed === null ? one.end : one.lag), 0);
}

async function fill(kafka: Kafka): Promise<void> {
  const missing = WAITING - (await lag(kafka));
  if (missing <= 0) return;
  const producer = await createProducer(kafka);
  const messages = Array.from({ length: missing }, (_, index) => ({
    ...{ key: sampleKey(index), value: sampleText(index) },
    partition: index % PARTITIONS,
  }));
  await producer.send(topicName("raw"), messages);
  await producer.stop();
}

/** How many raw messages have no output, and how many outputs stand beside another of the same message. */
async function outputs(kafka: Kafka): Promise<{ raw: number; twice: number; missing: number }> {
  const topics = [topicName("enriched"), topicName("dlq")];
  const seen = new Set<string>();
  let all = 0;
  const ends = await Promise.all(topics.map((topic) => endOffsets(kafka, topic)));
  const expected = ends.flat().reduce((sum, { high }) => sum + high, 0);
  const reader = await consume(kafka, {
    ...{ groupId: "bench-sigterm", topics, from: "earliest" as const, commit: false, log: QUIET },
    async handle({ partition, messages }) {
      all += messages.length;
      for (const { headers } of messages) seen.add(`${partition} ${headers[HEADERS.sourceOffset]}`);
    },
  });
  await until("every output is read", () => all >= expected, { withinMs: 120_000 });
  await reader.stop();
  const raw = (await endOffsets(kafka, topicName("raw"))).reduce((sum, { high }) => sum + high, 0);
  return { raw, twice: all - seen.size, missing: raw - seen.size };
}

function report(
  name: string,
  times: number[],
  codes: number[],
  lefts: number[],
  found: Awaited<ReturnType<typeof outputs>>,
): void {
  const sorted = times.toSorted((a, b) => a - b).map(Math.round);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const bad = codes.filter((code) => code !== 0).length;
  const idle = lefts.filter((left) => left === 0).length;
  const late = times.filter((ms) => ms > LIMIT_MS).length;
  const machine = `${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, load ${loadavg()[0]?.toFixed(1)}, Bun ${Bun.version}`;
  console.log(
    `${name}: ${times.length} stops, ${machine}\n  ms: least ${at(0)}, median ${at(0.5)}, p90 ${at(0.9)}, most ${at(1)}; above ${LIMIT_MS}: ${late}; exit code not 0: ${bad}\n` +
      `  ${found.raw} messages: ${found.twice} written twice, ${found.missing} missing; at least ${Math.min(...lefts)} waited at a stop; stops with nothing waiting: ${idle}`,
  );
  if (bad + late + idle + found.twice + found.missing > 0) process.exitCode = 1;
}

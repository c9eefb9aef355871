/**
 * What does one hostile batch of each kind cost among 100,000 good messages, in time and in memory?
 *
 * In: `[--messages 100000] [--rounds 3]`. Out: good messages a second with and without the hostile ones, in turns, and the peak memory
 * of enricher and dashboard; then the memory with a batch of a million records as well, which is a million messages of its own. Embedded
 * broker that checks nothing, one partition, so that nothing goes on beside a hostile batch. Exit code 1 if the good ones are
 * slower than 0.9 of what they are alone, one has no output, or a process takes more than 300 MB.
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type RunningBroker, startBroker } from "../broker/broker.ts";
import { POISON } from "../broker/poison.fixture.ts";
import { rawClient } from "../broker/raw-socket.fixture.ts";
import { send } from "../broker/requests.fixture.ts";
import { readSettings } from "../config/env.ts";
import { topicSpecs } from "../config/topic-specs.ts";
import { endOffsets, ensureTopics } from "../kafka/admin.ts";
import { createKafka, type Kafka } from "../kafka/client.ts";
import { groupLag } from "../kafka/lag.ts";
import { createProducer } from "../kafka/producer.ts";
import { HEAP_ENV } from "../runtime/heap-env.ts";
import { GROUPS, topicName } from "../schemas/topics.ts";
import { freePort, type Process, start, until } from "../test/processes.fixture.ts";
import { SAMPLE_TIME, sampleKey, sampleText } from "./sample.part.ts";

const { values } = parseArgs({
  options: { messages: { type: "string", default: "100000" }, rounds: { type: "string", default: "3" } },
});
const MESSAGES = Number(values.messages);
const QUIET = { info() {}, warn() {}, error: console.error };
const MEMORY_LIMIT_MB = 300;
/** A million messages, not one; and what has no place in a log. */
const MANY = "zstd-1M-records";
const KINDS = Object.keys(POISON).filter((kind) => kind !== MANY && kind !== "count-zero");

interface Round {
  perSecond: number;
  enricherMb: number;
  dashboardMb: number;
  outputs: number;
}

const broker = await startBroker({ validate: false, firstRebalanceDelayMs: 0 });
const faults: string[] = [];
try {
  const rounds = { alone: [] as Round[], among: [] as Round[] };
  for (let round = 0; round < Number(values.rounds); round++) {
    rounds.alone.push(await measure(broker, `a${round}.`, []));
    rounds.among.push(await measure(broker, `b${round}.`, KINDS));
  }
  const many = await measure(broker, "c.", [MANY]);
  report(rounds.alone, rounds.among, many);
} finally {
  await broker.stop();
}
for (const fault of faults) console.log(fault);
process.exit(faults.length > 0 ? 1 : 0);

async function measure({ port }: RunningBroker, prefix: string, kinds: string[]): Promise<Round> {
  const brokers = `127.0.0.1:${port}`;
  const kafka = createKafka({ brokers: [brokers], clientId: "bench" }, QUIET);
  const specs = topicSpecs(readSettings({ TOPIC_PREFIX: prefix, TOPIC_PARTITIONS: "1" }));
  const configs = { "max.message.bytes": "20000000", "retention.ms": "-1" };
  await ensureTopics(
    kafka,
    specs.map((spec) => ({ ...spec, configs: { ...spec.configs, ...configs } })),
  );
  await fill(kafka, port, topicName("raw", prefix), kinds);
  const env = { ...HEAP_ENV, KAFKA_BROKERS: brokers, TOPIC_PREFIX: prefix, LOG_LEVEL: "error" };
  const began = performance.now();
  const enricher = start("enricher", [process.execPath, "enrich/main.ts"], { ...env, HEALTH_PORT: "0" });
  await through(kafka, prefix, enricher);
  const seconds = (performance.now() - began) / 1000;
  const httpPort = freePort();
  const dashboard = start("dashboard", [process.execPath, "dashboard/main.ts"], {
    ...env,
    PORT: `${httpPort}`,
  });
  const isReady = async () => (await fetch(`http://127.0.0.1:${httpPort}/readyz`)).ok;
  await until("the dashboard has read all", isReady, { withinMs: 120_000, alive: [dashboard] });
  const round = {
    perSecond: MESSAGES / seconds,
    enricherMb: await peakMb(enricher),
    dashboardMb: await peakMb(dashboard),
    outputs: (await endOffsets(kafka, topicName("enriched", prefix)))[0]?.high ?? 0,
  };
  await Promise.all([enricher.stop(), dashboard.stop()]);
  return round;
}

/** Good messages, in sends of a hundred, with the hostile batches spread evenly among them. */
async function fill(kafka: Kafka, port: number, topic: string, kinds: string[]): Promise<void> {
  const producer = await createProducer(kafka);
  const client = await rawClient(port);
  const left = [...kinds];
  const every = Math.floor(MESSAGES / 100 / (kinds.length + 1));
  for (let at = 0; at < MESSAGES; at += 100) {
    const messages = Array.from({ length: Math.min(100, MESSAGES - at) }, (_, index) => ({
      ...{ key: sampleKey(at + index), value: sampleText(at + index), timestamp: SAMPLE_TIME },
      partition: 0,
    }));
    await producer.send(topic, messages);
    if ((at / 100) % every !== every - 1) continue;
    const kind = left.shift();
    if (kind !== undefined) await send(client, topic, POISON[kind]?.("{}") as Buffer);
  }
  client.end();
  await producer.stop();
  if (left.length > 0) throw new Error(`no place for ${left.join(", ")}: more messages`);
}

async function through(kafka: Kafka, prefix: string, enricher: Process): Promise<void> {
  const isDone = async () =>
    (await groupLag(kafka, GROUPS.enrich, topicName("raw", prefix))).every(({ lag }) => lag === 0);
  await until("everything is enriched", isDone, { withinMs: 300_000, everyMs: 50, alive: [enricher] });
}

/** The largest resident memory so far, MB of 10^6 bytes. */
async function peakMb({ pid }: Process): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return (Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6;
}

function report(alone: Round[], among: Round[], many: Round): void {
  const best = (rounds: Round[]) => Math.max(...rounds.map(({ perSecond }) => perSecond));
  const peak = (rounds: Round[], of: "enricherMb" | "dashboardMb") =>
    Math.max(...rounds.map((round) => round[of]));
  const machine = `${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, load ${loadavg()[0]?.toFixed(1)}`;
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${machine}, Bun ${Bun.version}, ${MESSAGES} good messages`,
  );
  const row = (name: string, rounds: Round[]) =>
    console.log(
      `${name.padEnd(28)} ${best(rounds).toFixed(0).padStart(8)} good/s   enricher ${peak(rounds, "enricherMb").toFixed(0)} MB   dashboard ${peak(rounds, "dashboardMb").toFixed(0)} MB`,
    );
  row("alone", alone);
  row(`with ${KINDS.length} hostile batches`, among);
  row(`with ${MANY}`, [many]);
  const ratio = best(among) / best(alone);
  console.log(`ratio ${ratio.toFixed(2)}`);
  if (ratio < 0.9) faults.push(`expected 0.9 of the rate without hostile batches, got ${ratio.toFixed(2)}`);
  for (const { outputs } of [...alone, ...among])
    if (outputs < MESSAGES) faults.push(`expected ${MESSAGES} enriched messages, got ${outputs}`);
  for (const of of ["enricherMb", "dashboardMb"] as const) {
    const mb = peak([...alone, ...among, many], of);
    if (mb > MEMORY_LIMIT_MB) faults.push(`${of}: expected at most ${MEMORY_LIMIT_MB}, got ${mb.toFixed(0)}`);
  }
}

/**
 * Does the embedded broker keep what it has acknowledged when it is killed with -9 under load?
 *
 * Three kafkajs producers write with acks=all to three partitions, one record or some hundreds a send, kcat and (with Python's
 * client there) kafka-python in between; the broker is killed at random moments, half of them within milliseconds of a send,
 * and started again on the same folder. In the end all is read by kafkajs, and each batch of the file is checked.
 * `bun run bench broker-kills [kills] [seed]`. Ends by itself; exit code 1 if a record is lost, torn, out of order, or at an
 * offset that is not the one of its acknowledgement.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { seededRandom } from "../simulator/random.ts";
import { freePort, type Process, runProgram, startEntry, until } from "../test/processes.fixture.ts";
import { part } from "../test/real/parts.fixture.ts";
import { type Acked, batchFaults, faultsIn, readAll } from "./broker-kills.part.ts";

const KILLS = Number(process.argv[2] ?? 100);
const SEED = process.argv[3] ?? `${Date.now() % 100_000}`;
const TOPIC = "t";
const PARTITIONS = 3;
const UP_MS = { least: 150, most: 1_500 };
/** Every so many kills, each of the other clients writes. */
const OTHERS_EVERY = 5;
const OTHERS_RECORDS = 200;

const PYTHON = `
import sys
from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers=sys.argv[1], acks="all")
sent = [producer.send(sys.argv[2], value=line.rstrip("\\n").encode(), partition=1) for line in sys.stdin]
for one in sent:
    print(one.get(20).offset)
`;

process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";
const random = seededRandom(`${SEED}/broker-kills`);
const folder = mkdtempSync(join(tmpdir(), "bench-kills-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const dataDir = join(folder, "data");
const port = freePort();
const brokers = `127.0.0.1:${port}`;
const client = new Kafka({
  brokers: [brokers],
  logLevel: logLevel.NOTHING,
  connectionTimeout: 1_000,
  requestTimeout: 5_000,
  retry: { initialRetryTime: 20, maxRetryTime: 200, retries: 5 },
});

const acked: Acked[] = [];
let refused = 0;
let isOver = false;
/** Resolves at the next send of any producer: the moment to strike. */
let sending = Promise.withResolvers<void>();

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
let broker = await startBroker();
const admin = client.admin();
await admin.connect();
await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] });
await admin.disconnect();
const writers = Array.from({ length: PARTITIONS }, (_, partition) => write(partition));
const startMs: number[] = [];
for (let kill = 1; kill <= KILLS; kill++) {
  await Bun.sleep(UP_MS.least + random() * (UP_MS.most - UP_MS.least));
  if (kill % OTHERS_EVERY === 0) await Promise.all([withKcat(kill), withPython(kill)]);
  const isMidAppend = random() < 0.5;
  if (isMidAppend) {
    await sending.promise;
    await Bun.sleep(random() * 4);
  }
  broker.kill("SIGKILL");
  await broker.exited;
  const began = performance.now();
  broker = await startBroker();
  startMs.push(performance.now() - began);
  if (kill % 10 === 0)
    console.log(`${kill} kills, ${acked.length} records acknowledged, ${refused} sends failed`);
}
isOver = true;
await Promise.all(writers);

const found = await readAll(brokers, TOPIC);
const tail = broker.output().trim().split("\n").slice(-3);
await broker.stop();
const { batches, faults: ofBatches } = batchFaults(dataDir);
const faults = [...faultsIn(found, acked), ...ofBatches];
startMs.sort((a, b) => a - b);
const [median = 0, slowest = 0] = [startMs[Math.floor(KILLS / 2)], startMs.at(-1)];
console.log(
  `\nseed ${SEED}: ${KILLS} kills -9, ${acked.length} records acknowledged, ${refused} sends failed`,
);
console.log(
  `${found.length} records in ${batches} batches: ${found.length - acked.length} without an acknowledgement`,
);
console.log(
  `from the start of the process to ready: ${median.toFixed()} ms, at most ${slowest.toFixed()} ms`,
);
console.log(`the broker's last lines: ${tail.join(" / ")}`);
console.log(faults.length === 0 ? "0 lost, 0 torn, 0 twice, 0 out of order" : faults.slice(0, 20).join("\n"));
process.exit(faults.length === 0 ? 0 : 1);

async function startBroker(): Promise<Process> {
  const program = startEntry("broker/main.ts", {}, ["--port", `${port}`, "--data", dataDir]);
  await until("the broker is ready", () => program.output().includes("ready on"), {
    everyMs: 5,
    alive: [program],
  });
  return program;
}

/** One send in flight; what fails is not sent again, so a number may be missing but never stand twice. */
async function write(partition: number): Promise<void> {
  const producer = client.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { retries: 0 },
  });
  await producer.connect();
  for (let number = 0; !isOver;) {
    const count = random() < 0.3 ? 1 : Math.ceil(random() * 400);
    const messages = Array.from({ length: count }, (_, at) => ({
      value: `kafkajs/${partition}/${number + at}/${"x".repeat(Math.floor(random() * 600))}`,
      partition,
    }));
    number += count;
    sending.resolve();
    sending = Promise.withResolvers<void>();
    try {
      const [answer] = await producer.send({ topic: TOPIC, messages, acks: -1 });
      const base = Number(answer?.baseOffset);
      for (const [at, { value }] of messages.entries()) acked.push({ partition, offset: base + at, value });
    } catch {
      refused++;
      await Bun.sleep(20);
    }
  }
  await producer.disconnect();
}

/** kcat ends with 0 when all is acknowledged; where, it does not say. */
async function withKcat(kill: number): Promise<void> {
  const { path } = part("kcat");
  if (path === undefined) return;
  const values = valuesOf("kcat", kill);
  const args = ["-b", brokers, "-P", "-t", TOPIC, "-p", "0", "-X", "acks=all"];
  await runProgram([path, ...args], values.map((value) => `${value}\n`).join(""));
  for (const value of values) acked.push({ partition: 0, offset: undefined, value });
}

async function withPython(kill: number): Promise<void> {
  const { path } = part("python-kafka");
  if (path === undefined) return;
  const values = valuesOf("kafka-python", kill);
  const input = values.map((value) => `${value}\n`).join("");
  const offsets = (await runProgram([path, "-I", "-c", PYTHON, brokers, TOPIC], input)).trim().split("\n");
  for (const [at, value] of values.entries())
    acked.push({ partition: 1, offset: Number(offsets[at]), value });
}

function valuesOf(name: string, kill: number): string[] {
  return Array.from({ length: OTHERS_RECORDS }, (_, at) => `${name}/${kill}/${at}/${"y".repeat(at)}`);
}

/**
 * What does our loop (consume, enrich, produce zstd, commit) cost beside a bare kafkajs loop of the same work?
 *
 * Apache Kafka, three partitions, 200,000 of the original system's sample message. Both sides read the same topic in turns, each in
 * a process of its own; the best of the rounds counts. The bare side is kafkajs as it is published: the patch is taken back
 * in a copy of the package. On loopback, ends by itself. Exit code 1 if ours is slower.
 */

import { cp, mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { ensureTopics } from "../kafka/admin.ts";
import { createKafka } from "../kafka/client.ts";
import { createProducer } from "../kafka/producer.ts";
import { startApacheKafka } from "../test/real/apache-kafka.ts";
import { SAMPLE_TIME, sampleKey, sampleText } from "./sample.part.ts";

const MESSAGES = Number(process.argv[2] ?? 200_000);
const ROUNDS = 3;
const PARTITIONS = 3;
const RUN_LIMIT_MS = 120_000;
const ROOT = join(import.meta.dir, "..");
const PATCH = join(ROOT, "patches/kafkajs@2.2.4.patch");

interface Run {
  messages: number;
  wall: number;
  cpu: number;
  maxRssKb: number;
}

const folder = await mkdtemp(join(tmpdir(), "bench-loop-"));
const server = await startApacheKafka();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
try {
  const bareFolder = await unpatched();
  await fill();
  const best = new Map<string, Run>();
  for (let round = 1; round <= ROUNDS; round++) {
    for (const side of ["ours", "bare"]) {
      const run = await runOnce(side, bareFolder);
      console.error(`round ${round} ${side}: ${perCpu(run)} msg per CPU second, ${perWall(run)} msg/s`);
      const before = best.get(side);
      if (!before || run.cpu < before.cpu) best.set(side, run);
    }
  }
  report(best);
} finally {
  await cleanUp();
}

async function cleanUp(): Promise<void> {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

/** kafkajs as npm has it. */
async function unpatched(): Promise<string> {
  const copy = join(folder, "kafkajs-bare");
  await cp(join(ROOT, "node_modules/kafkajs"), copy, { recursive: true, dereference: true });
  const git = Bun.spawn(["git", "apply", "--reverse", PATCH], { cwd: copy, stderr: "pipe" });
  if ((await git.exited) !== 0)
    throw new Error(`the patch cannot be taken back: ${await new Response(git.stderr).text()}`);
  return copy;
}

async function fill(): Promise<void> {
  const kafka = createKafka({ brokers: [server.brokers], clientId: "bench" }, console);
  const names = ["raw", "ours", "bare"];
  await ensureTopics(
    kafka,
    names.map((name) => ({
      name,
      partitions: PARTITIONS,
      configs: { "max.message.bytes": "2097152", "retention.ms": "-1" },
    })),
  );
  const producer = await createProducer(kafka);
  for (let from = 0; from < MESSAGES; from += 10_000)
    await producer.send(
      "raw",
      Array.from({ length: Math.min(10_000, MESSAGES - from) }, (_, i) => ({
        key: sampleKey(from + i),
        value: sampleText(from + i),
        partition: (from + i) % PARTITIONS,
        timestamp: SAMPLE_TIME,
      })),
    );
  await producer.stop();
}

async function runOnce(side: string, bareFolder: string): Promise<Run> {
  const part = join(import.meta.dir, "loop.part.ts");
  const child = Bun.spawn(
    [process.execPath, part, side, server.brokers, "raw", side, `${MESSAGES}`, bareFolder],
    {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: RUN_LIMIT_MS,
    },
  );
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0)
    throw new Error(`${side}: ended with ${child.exitCode ?? child.signalCode}`);
  return JSON.parse(text) as Run;
}

function perCpu({ messages, cpu }: Run): number {
  return Math.round(messages / cpu);
}

function perWall({ messages, wall }: Run): number {
  return Math.round(messages / wall);
}

function report(best: Map<string, Run>): void {
  const cpu = cpus()[0]?.model ?? "unknown CPU";
  console.log(
    `\n${new Date().toISOString().slice(0, 10)}, ${cpu} x ${cpus().length}, Bun ${Bun.version}, kafkajs 2.2.4, Apache Kafka 4.1.0`,
  );
  console.log(`${MESSAGES} messages of 555 B, ${PARTITIONS} partitions, zstd, best of ${ROUNDS}\n`);
  console.log("| loop | msg per CPU second | msg/s (wall) | largest memory |\n|---|---|---|---|");
  for (const [side, run] of best)
    console.log(`| ${side} | ${perCpu(run)} | ${perWall(run)} | ${Math.round(run.maxRssKb / 1024)} MiB |`);
  const [ours, bare] = [best.get("ours"), best.get("bare")];
  if (!ours || !bare) return;
  console.log(
    `\nours / bare: ${(bare.cpu / ours.cpu).toFixed(2)} per CPU second, ${(bare.wall / ours.wall).toFixed(2)} by wall`,
  );
  if (ours.cpu > bare.cpu) process.exitCode = 1;
}

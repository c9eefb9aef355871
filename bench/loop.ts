/**
 * What does our loop (consume, enrich, produce zstd, commit) cost beside a bare kafkajs loop of the same work?
 *
 * In: the number of messages (300,000). Apache Kafka, three partitions, the original system's sample message. Sides, in turns, each in
 * a process of its own, the best of the rounds, with the most memory of them all: `ours`; `two` of ours that share the partitions in
 * one group; `plain`, the same loop with what stood before verdicts did (metadata and presence); `before`, that with the value as one
 * text, as the loop was then; `bare`, kafkajs as it is published (the patch taken back in a copy of the package) with our `enrich()`.
 * Warm: from each process's 50,001st message on. On loopback, ends by itself. Exit code 1 if a limit is broken: ours below 80,000,
 * below bare or below 0.85 of before, two below 0.85 of one (all per warm CPU second), one of ours above 238 MiB (250 MB).
 */

import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createKafka } from "../kafka/client.ts";
import { groupLag } from "../kafka/lag.ts";
import { HEAP_ENV } from "../runtime/heap-env.ts";
import { until } from "../test/processes.fixture.ts";
import { startApacheKafka } from "../test/real/apache-kafka.fixture.ts";
import { createTopics, fill, unpatched } from "./kafka.part.ts";
import type { Run } from "./loop.part.ts";

const MESSAGES = Number(process.argv[2] ?? 300_000);
const ROUNDS = 3;
const PARTITIONS = 3;
const RUN_LIMIT_MS = 120_000;

const SIDES = ["ours", "two", "plain", "before", "bare"] as const;
type Side = (typeof SIDES)[number];
const LIMITS = { before: 0.85, two: 0.85, memoryMiB: 238 };
/** Issue 8's: messages for each warm CPU second. */
const GOAL = 80_000;

const folder = await mkdtemp(join(tmpdir(), "bench-loop-"));
const server = await startApacheKafka();
const kafka = createKafka(
  { brokers: [server.brokers], clientId: "bench" },
  { info() {}, warn() {}, error: console.error },
);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
try {
  const bareFolder = await unpatched(folder);
  await createTopics(kafka, ["raw", ...SIDES], PARTITIONS);
  await fill(kafka, "raw", MESSAGES, (index) => index % PARTITIONS);
  const best = new Map<Side, Run>();
  for (let round = 1; round <= ROUNDS; round++) {
    for (const side of SIDES) {
      const run = side === "two" ? await runTwo(round) : await runOne(side, round, bareFolder);
      console.error(`round ${round} ${side}: ${cells(run)} (load ${loadavg()[0]?.toFixed(1)})`);
      best.set(side, better(run, best.get(side) ?? run));
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

function startPart(side: string, output: string, group: string, messages: number, bareFolder = "") {
  const part = join(import.meta.dir, "loop.part.ts");
  return Bun.spawn(
    [process.execPath, part, side, server.brokers, "raw", output, group, `${messages}`, bareFolder],
    { stdio: ["ignore", "pipe", "inherit"], timeout: RUN_LIMIT_MS, env: { ...process.env, ...HEAP_ENV } },
  );
}

async function resultOf(part: ReturnType<typeof startPart>): Promise<Run> {
  const text = await new Response(part.stdout).text();
  if ((await part.exited) !== 0) throw new Error(`a part ended with ${part.exitCode ?? part.signalCode}`);
  return JSON.parse(text) as Run;
}

function runOne(side: Side, round: number, bareFolder: string): Promise<Run> {
  return resultOf(startPart(side, side, `${side}-${round}`, MESSAGES, bareFolder));
}

/** Neither knows how many it will get: both are ended when nothing is left. The first starts alone, as after a scale-up. */
async function runTwo(round: number): Promise<Run> {
  const group = `two-${round}`;
  const parts = [1, 2].map(() => startPart("ours", "two", group, Number.POSITIVE_INFINITY));
  const results = Promise.all(parts.map(resultOf));
  const left = async () =>
    (await groupLag(kafka, group, "raw")).reduce(
      (sum, { lag, committed }) => sum + (committed === null ? 1 : lag),
      0,
    );
  await Promise.race([
    until("nothing is left", async () => (await left()) === 0, { withinMs: RUN_LIMIT_MS }),
    results,
  ]);
  for (const part of parts) part.kill("SIGTERM");
  const [one, other] = await results;
  if (!one || !other) throw new Error("two parts give two results");
  return {
    messages: one.messages + other.messages,
    wall: Math.max(one.wall, other.wall),
    cpu: one.cpu + other.cpu,
    warm: { messages: one.warm.messages + other.warm.messages, cpu: one.warm.cpu + other.warm.cpu },
    maxRssKb: Math.max(one.maxRssKb, other.maxRssKb),
  };
}

/** The better one by CPU; what a round took in memory counts in any case. */
function better(one: Run, other: Run): Run {
  const run = perCpu(one.warm) > perCpu(other.warm) ? one : other;
  return { ...run, maxRssKb: Math.max(one.maxRssKb, other.maxRssKb) };
}

function perCpu({ messages, cpu }: { messages: number; cpu: number }): number {
  return Math.round(messages / cpu);
}

function mib(run: Run): number {
  return Math.round(run.maxRssKb / 1024);
}

function cells(run: Run): string {
  return `${perCpu(run.warm)} | ${perCpu(run)} | ${Math.round(run.messages / run.wall)} | ${mib(run)} MiB`;
}

function report(best: Map<Side, Run>): void {
  const cpu = cpus()[0]?.model ?? "unknown CPU";
  console.log(
    `\n${new Date().toISOString().slice(0, 10)}, ${cpu} x ${cpus().length}, load ${loadavg()[0]?.toFixed(1)}, Bun ${Bun.version}, kafkajs 2.2.4, Apache Kafka 4.1.0`,
  );
  console.log(
    `${MESSAGES} messages of 555 B, ${PARTITIONS} partitions, zstd, best of ${ROUNDS}, most memory of them\n`,
  );
  console.log(
    "| loop | msg per CPU second, warm | from the start on | msg/s (wall) | largest memory |\n|---|---|---|---|---|",
  );
  for (const [side, run] of best) console.log(`| ${side} | ${cells(run)} |`);
  const [ours, two, plain, before, bare] = SIDES.map((side) => best.get(side));
  if (!ours || !two || !plain || !before || !bare) return;
  const rate = perCpu(ours.warm);
  const ratios = {
    bare: rate / perCpu(bare.warm),
    plain: rate / perCpu(plain.warm),
    before: rate / perCpu(before.warm),
    two: perCpu(two.warm) / rate,
  };
  console.log(
    `\nours / bare ${ratios.bare.toFixed(2)}, ours / plain ${ratios.plain.toFixed(2)}, ours / before ${ratios.before.toFixed(2)}, two / one ${ratios.two.toFixed(2)}, per warm CPU second; of the goal of ${GOAL}: ${Math.round((100 * rate) / GOAL)} %`,
  );
  const broken = [
    rate < GOAL && `ours is below ${GOAL} for a warm CPU second`,
    ratios.bare < 1 && "ours is slower than bare",
    ratios.before < LIMITS.before && `ours is below ${LIMITS.before} of before`,
    ratios.two < LIMITS.two && `two are below ${LIMITS.two} of one`,
    Math.max(mib(ours), mib(two)) > LIMITS.memoryMiB && `more than ${LIMITS.memoryMiB} MiB`,
  ].filter((fault) => fault !== false);
  for (const fault of broken) console.log(`limit broken: ${fault}`);
  if (broken.length > 0) process.exitCode = 1;
}

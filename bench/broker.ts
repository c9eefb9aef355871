/**
 * How does the embedded broker do beside Apache Kafka under the same load?
 *
 * Kafka's perf tools and kcat write and read 200,000 of the original system's sample message, acks=all, three partitions, to
 * each broker in turns; the best of the rounds counts. Both keep their data in a folder; both as they come. Needs kcat, Java and
 * Kafka's jars. Ends by itself. Exit code 1 below 0.5 x Apache Kafka in writing or 0.8 x in reading.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { ensureTopics } from "../kafka/admin.ts";
import { createKafka } from "../kafka/client.ts";
import { freePort, startEntry, until } from "../test/processes.fixture.ts";
import { startApacheKafka } from "../test/real/apache-kafka.fixture.ts";
import { type PartName, part } from "../test/real/parts.fixture.ts";
import { loads } from "./broker.part.ts";
import { sampleText } from "./sample.part.ts";
import { used } from "./used.part.ts";

const MESSAGES = Number(process.argv[2] ?? 200_000);
const ROUNDS = Number(process.argv[3] ?? 3);
const PARTITIONS = 3;
/** What fails throws too. */
const QUIET = { info() {}, warn() {}, error() {} };
const CODECS = ["none", "zstd"];

const NEEDED: PartName[] = ["kcat", "java", "kafka-jars"];
for (const name of NEEDED) {
  const { path, hint } = part(name);
  if (path !== undefined) continue;
  console.log(`not measured: no ${name} (${hint})`);
  process.exit(0);
}

interface Side {
  name: string;
  brokers: string;
  pid: number;
}

/** The best round of one load on one broker; `cpu` in seconds of the broker's process. */
interface Best {
  rate: number;
  cpu: number;
}

const folder = mkdtempSync(join(tmpdir(), "bench-broker-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const cleanups: (() => Promise<unknown>)[] = [];
async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));

const lines = join(folder, "lines");
await Bun.write(lines, Array.from({ length: MESSAGES }, (_, at) => `${sampleText(at)}\n`).join(""));
const best = new Map<string, Map<string, Best>>();
const least = new Map<string, number>();
try {
  const sides = [await embedded(), await apacheKafka()];
  for (const { brokers } of sides) await createAll(brokers);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const codec of CODECS) for (const side of sides) await runAll(side, codec, round);
  }
  report(sides);
} finally {
  await cleanUp();
}

async function embedded(): Promise<Side> {
  const port = freePort();
  const data = join(folder, "embedded");
  const program = startEntry("broker/main.ts", {}, ["--port", `${port}`, "--data", data]);
  cleanups.push(() => program.stop());
  await until("the broker is ready", () => program.output().includes("ready on"), { alive: [program] });
  return { name: "embedded", brokers: `127.0.0.1:${port}`, pid: program.pid };
}

async function apacheKafka(): Promise<Side> {
  const server = await startApacheKafka();
  cleanups.push(() => server.stop());
  return { name: "Apache Kafka", brokers: server.brokers, pid: server.process.pid };
}

async function createAll(brokers: string): Promise<void> {
  const kafka = createKafka({ brokers: [brokers], clientId: "bench" }, QUIET);
  const names = CODECS.flatMap((codec) =>
    [0, 1].flatMap((pair) => Array.from({ length: ROUNDS }, (_, round) => `${codec}-${pair}-${round + 1}`)),
  );
  const configs = { "retention.ms": "-1" };
  await ensureTopics(
    kafka,
    names.map((name) => ({ name, partitions: PARTITIONS, configs })),
  );
}

async function runAll(side: Side, codec: string, round: number): Promise<void> {
  for (const [pair, both] of loads(MESSAGES, lines, codec).entries()) {
    for (const { name, kind, atLeast, run } of both) {
      const what = kind === "consume" ? `${name}, ${codec}` : name;
      const before = used(side.pid).cpu;
      const rate = await run(side.brokers, `${codec}-${pair}-${round}`);
      const cpu = used(side.pid).cpu - before;
      console.error(
        `round ${round} ${side.name}: ${what} ${Math.round(rate)} msg/s, CPU ${cpu.toFixed(2)} s`,
      );
      keep(what, side.name, { rate, cpu });
      least.set(what, atLeast);
    }
  }
}

function keep(what: string, side: string, run: Best): void {
  const sides = best.get(what) ?? new Map<string, Best>();
  best.set(what, sides);
  const known = sides.get(side);
  sides.set(side, {
    rate: Math.max(known?.rate ?? 0, run.rate),
    cpu: Math.min(known?.cpu ?? run.cpu, run.cpu),
  });
}

function report(sides: Side[]): void {
  const cpu = cpus()[0]?.model ?? "unknown CPU";
  const load = Math.round(loadavg()[0] ?? 0);
  console.log(
    `\n${new Date().toISOString().slice(0, 10)}, ${cpu} x ${cpus().length}, load ${load}, Bun ${Bun.version}, Apache Kafka 4.1.0, kcat`,
  );
  console.log(`${MESSAGES} messages of about 555 B, ${PARTITIONS} partitions, acks=all, best of ${ROUNDS}\n`);
  console.log(
    "| load | embedded, msg/s | Apache Kafka, msg/s | ratio | limit | CPU of the broker, s: embedded / Kafka |",
  );
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const [what, runs] of best) {
    const [ours, theirs] = sides.map(({ name }) => runs.get(name));
    if (!ours || !theirs) continue;
    const ratio = ours.rate / theirs.rate;
    const limit = least.get(what) ?? 0;
    if (ratio < limit) process.exitCode = 1;
    const rates = [ours, theirs].map(({ rate }) => Math.round(rate).toLocaleString("en"));
    const cpus = [ours, theirs].map((it) => it.cpu.toFixed(2)).join(" / ");
    console.log(`| ${what} | ${rates.join(" | ")} | ${ratio.toFixed(2)} | ${limit} | ${cpus} |`);
  }
  const memory = sides.map(({ name, pid }) => `${name} ${Math.round(used(pid).memory)} MiB`);
  console.log(`\nlargest memory: ${memory.join(", ")}`);
  if (process.exitCode === 1) console.log("below a limit");
}

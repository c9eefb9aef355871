/**
 * Recovery in figures, by hand: `bun test/faults/figures.ts [NAME ...] [--times N]`.
 *
 * Each one: one enricher with the session it ships with, a load, one fault; the time until the first output that is new. One line each
 * with the least, the median and the most. Nothing here is asserted: times are a machine's, and belong into bench/README.md.
 */
import { parseArgs } from "node:util";
import { readSettings } from "../../config/env.ts";
import { topicSpecs } from "../../config/topics.ts";
import { endOffsets, ensureTopics } from "../../kafka/admin.ts";
import { createKafka, type Kafka } from "../../kafka/client.ts";
import { topicName } from "../../schemas/topics.ts";
import { oracle, report } from "../oracle.ts";
import { until } from "../processes.ts";
import { PLAN } from "../shipped-plan.ts";
import { type Load, startLoad } from "./load.ts";
import { type Broker, type Program, startEmbedded, startEnricher } from "./programs.ts";
import { caughtUp } from "./run.ts";

interface Scene {
  broker: Broker;
  kafka: Kafka;
  load: Load;
  enricher: Program;
  another(): Program;
}
type Figure = (scene: Scene) => Promise<number>;

const SILENT = { info() {}, warn() {}, error() {} };
const PARTITIONS = 3;
const BLACKHOLE_MS = 60_000;
const STOPS = 10;

const FIGURES: Record<string, Figure> = {
  /** From the -9 of the only one that reads, with another started at once, to the first new output. */
  async kill({ kafka, enricher, another }) {
    await kill(enricher);
    const began = performance.now();
    another();
    await newOutput(kafka);
    return performance.now() - began;
  },
  /** A second one stands by and takes over when the first leaves. */
  async handover({ kafka, enricher, another }) {
    const second = another();
    await until("the second has joined", () => second.process.output().includes("joined"));
    await newOutput(kafka);
    const began = performance.now();
    enricher.process.kill("SIGTERM");
    await everyPartition(kafka, performance.now() + 20_000);
    return performance.now() - began;
  },
  /** From the broker's ready line to the first new output. */
  async "broker restart"({ broker, kafka }) {
    await broker.restart(true, 500);
    const began = performance.now();
    await newOutput(kafka);
    return performance.now() - began;
  },
  async blackhole({ broker, kafka }) {
    broker.proxy.weather.held = "both";
    await Bun.sleep(BLACKHOLE_MS);
    broker.proxy.clear();
    const began = performance.now();
    await newOutput(kafka);
    return performance.now() - began;
  },
  /** The longest of ten, each in the middle of catching up, from SIGTERM to the exit; a code other than 0, or a repeat, is an error. */
  async sigterm({ broker, enricher, another, kafka, load }) {
    const ends: { code: number; ms: number }[] = [];
    for (let program = enricher; ends.length < STOPS; program = another()) {
      await newOutput(kafka);
      ends.push(await program.process.stop());
    }
    await load.stop();
    await caughtUp(kafka);
    const verdict = await oracle({ brokers: broker.brokers, plans: [PLAN] });
    const longest = Math.max(...ends.map(({ ms }) => ms));
    if (ends.some(({ code }) => code !== 0) || verdict.wireDuplicates > 0 || verdict.anomalies.length > 0)
      throw new Error(`${JSON.stringify(ends)}; ${report(verdict)}`);
    return longest;
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: "string", default: "5" }, rate: { type: "string", default: "500" } },
});
for (const name of positionals.length > 0 ? positionals : Object.keys(FIGURES)) {
  const times: number[] = [];
  const failures: string[] = [];
  for (let i = 0; i < Number(values.times); i++)
    await measure(FIGURES[name], Number(values.rate)).then(
      (ms) => times.push(ms),
      (error: Error) => failures.push(error.message),
    );
  times.sort((a, b) => a - b);
  const shown = [times[0], times[times.length >> 1], times.at(-1)].map((ms) => Math.round(ms ?? Number.NaN));
  console.log(
    `${name}: ${shown.join(" / ")} ms (least / median / most of ${times.length}), ${failures.length} failed`,
  );
  for (const failure of failures) console.log(`  ${failure}`);
}
process.exit(0);

async function measure(figure: Figure | undefined, rate: number): Promise<number> {
  if (!figure) throw new Error(`expected one of ${Object.keys(FIGURES).join(", ")}`);
  const broker = await startEmbedded();
  const programs: Program[] = [];
  const another = () => {
    const program = startEnricher({ brokers: broker.brokers, partitions: PARTITIONS });
    programs.push(program);
    return program;
  };
  try {
    const kafka = createKafka({ brokers: [broker.brokers], clientId: "iot-observer" }, SILENT);
    await ensureTopics(kafka, topicSpecs(readSettings({ TOPIC_PARTITIONS: `${PARTITIONS}` })));
    const load = await startLoad(broker.brokers, 1, rate);
    const enricher = another();
    await caughtUp(kafka, load);
    await newOutput(kafka);
    return await figure({ broker, kafka, load, enricher, another });
  } finally {
    for (const program of programs) await kill(program);
    await broker.stop();
  }
}

async function kill(program: Program): Promise<void> {
  program.process.kill("SIGKILL");
  await program.process.exited;
}

async function ends(kafka: Kafka): Promise<number[]> {
  return (await endOffsets(kafka, topicName("enriched"))).map(({ high }) => high);
}

async function newOutput(kafka: Kafka): Promise<void> {
  const before = await ends(kafka);
  await until(
    "a new output",
    async () => (await ends(kafka)).some((end, index) => end > (before[index] ?? 0)),
    {
      withinMs: 60_000,
      everyMs: 10,
    },
  );
}

/** A new output in each of them. */
async function everyPartition(kafka: Kafka, deadline: number): Promise<void> {
  const before = await ends(kafka);
  await until(
    "new outputs",
    async () => (await ends(kafka)).every((end, index) => end > (before[index] ?? 0)),
    {
      withinMs: deadline - performance.now(),
      everyMs: 10,
    },
  );
}

/**
 * How long until the first new output after a kill, a hand-over, a broker restart, a blackhole, a half-open connection?
 *
 * In: `[NAME ...] [--times 5] [--seed 1] [--rate 500]`. Out: a line for each name: least, median, p90, most, its limit, how many are
 * above, those with the enricher's last words. Each measurement has a broker of its own behind a proxy, the real enricher with the
 * session it ships with (6 s) and a load (the simulator's, by the seed and the number of the measurement). After a fault of the broker
 * or the network only the output of a message that was made after its end counts, in each partition: what was held or retried proves
 * nothing. Exit code 1 if a limit is broken or a measurement fails.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { readSettings } from "../config/env.ts";
import { topicSpecs } from "../config/topic-specs.ts";
import { endOffsets, ensureTopics } from "../kafka/admin.ts";
import { createKafka, type Kafka } from "../kafka/client.ts";
import { fetchFrom } from "../kafka/fetch-one.ts";
import { topicName } from "../schemas/topics.ts";
import { oracle, report } from "../audit/oracle.ts";
import { until } from "../test/processes.fixture.ts";
import { PLAN } from "../test/pinned-plan.fixture.ts";
import { type Load, startLoad } from "../test/faults/load.ts";
import { type Broker, type Program, startEmbedded, startEnricher } from "../test/faults/programs.ts";
import { caughtUp } from "../test/faults/run.ts";

interface Scene {
  broker: Broker;
  kafka: Kafka;
  load: Load;
  enricher: Program;
  another(): Program;
}
interface Figure {
  /** ms; issue 8's. */
  limit: number;
  measure(scene: Scene): Promise<number>;
}

const SILENT = { info() {}, warn() {}, error() {} };
const PARTITIONS = 3;
const BLACKHOLE_MS = 60_000;
/** Two sessions and more: the members are forgotten, and everyone waits between two tries. */
const AWAY_MS = 15_000;
const READ_BYTES = 2_000_000;
const STOPS = 10;

const FIGURES: Record<string, Figure> = {
  kill: {
    limit: 8_000,
    /** Measures from the kill -9 of the only enricher, with another started at once, to the first new output. */
    async measure({ kafka, enricher, another }) {
      const began = performance.now();
      await kill(enricher);
      const before = await ends(kafka);
      another();
      await newOutput(kafka, before);
      return performance.now() - began;
    },
  },
  handover: {
    limit: 1_500,
    /** Two share the partitions, one leaves: from SIGTERM until each partition has an output that cannot be the leaver's any more. */
    async measure({ kafka, enricher, another }) {
      const second = another();
      await until("the second has joined", () => second.process.output().includes("joined"));
      await newOutput(kafka);
      const began = performance.now();
      enricher.process.kill("SIGTERM");
      await enricher.process.exited;
      const before = await ends(kafka);
      await newOutput(kafka, before, true);
      return performance.now() - began;
    },
  },
  "broker restart": {
    limit: 2_000,
    /** After a -9 and half a second: from the ready line. */
    measure: (scene) => restarted(scene, 500),
  },
  "broker away": {
    limit: 2_000,
    /** The same after a quarter of a minute. */
    measure: (scene) => restarted(scene, AWAY_MS),
  },
  blackhole: {
    limit: 3_000,
    /** Nothing passes for a minute, either way: from its end. */
    async measure({ broker, kafka }) {
      const from = await ends(kafka);
      broker.proxy.weather.held = "both";
      await Bun.sleep(BLACKHOLE_MS);
      broker.proxy.clear();
      return recovered(kafka, from);
    },
  },
  "half-open": {
    limit: 45_000,
    /** Every connection talks to nobody from now on, and is not told. */
    async measure({ broker, kafka }) {
      const from = await ends(kafka);
      broker.proxy.halfOpen();
      return recovered(kafka, from);
    },
  },
  sigterm: {
    limit: 2_000,
    /** The longest of ten, each in the middle of catching up, from SIGTERM to the exit; a code other than 0, or a repeat, is an error. */
    async measure({ broker, enricher, another, kafka, load }) {
      const stops: { code: number; ms: number }[] = [];
      for (let program = enricher; stops.length < STOPS; program = another()) {
        await newOutput(kafka);
        stops.push(await program.process.stop());
      }
      await load.stop();
      await caughtUp(kafka);
      const verdict = await oracle({ brokers: broker.brokers, plans: [PLAN] });
      const longest = Math.max(...stops.map(({ ms }) => ms));
      if (stops.some(({ code }) => code !== 0) || verdict.wireDuplicates > 0 || verdict.anomalies.length > 0)
        throw new Error(`${JSON.stringify(stops)}; ${report(verdict)}`);
      return longest;
    },
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    rate: { type: "string", default: "500" },
  },
});
// What was started ends with this process, and a signal is to be an exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
const unknown = positionals.filter((name) => FIGURES[name] === undefined);
if (unknown.length > 0) {
  console.error(`no ${unknown.join(", ")}; there are: ${Object.keys(FIGURES).join(", ")}`);
  process.exit(1);
}
console.log(`load of the machine ${loadavg()[0]?.toFixed(1)}; ms: least / median / p90 / most`);
let broken = false;
for (const [name, figure] of Object.entries(FIGURES))
  if (positionals.length === 0 || positionals.includes(name)) await judge(name, figure);
process.exit(broken ? 1 : 0);

async function judge(name: string, figure: Figure): Promise<void> {
  const times: number[] = [];
  const failures: string[] = [];
  for (let i = 0; i < Number(values.times); i++)
    await measure(figure, Number(values.seed) + i, Number(values.rate)).then(
      (ms) => times.push(ms),
      (error: Error) => failures.push(error.message),
    );
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.ceil(share * times.length) - 1] ?? Number.NaN);
  const above = times.filter((ms) => ms > figure.limit).length;
  broken ||= above > 0 || failures.length > 0;
  console.log(
    `${name.padEnd(15)} ${Math.round(times[0] ?? Number.NaN)} / ${at(0.5)} / ${at(0.9)} / ${at(1)}  limit ${figure.limit}, ${above} of ${times.length} above, ${failures.length} failed`,
  );
  for (const failure of failures) console.log(`  ${failure}`);
}

async function measure(figure: Figure, seed: number, rate: number): Promise<number> {
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
    const load = await startLoad(broker.brokers, seed, rate);
    const enricher = another();
    await caughtUp(kafka, load);
    await newOutput(kafka);
    const ms = await figure.measure({ broker, kafka, load, enricher, another });
    const since = new Date(Date.now() - ms).toISOString();
    if (ms > figure.limit)
      console.log(`  ${Math.round(ms)} ms from ${since} on, seed ${seed}:\n${enricher.process.tail()}`);
    return ms;
  } finally {
    for (const program of programs) await kill(program);
    await broker.stop();
  }
}

async function restarted({ broker, kafka }: Scene, downMs: number): Promise<number> {
  const from = await ends(kafka);
  await broker.restart(true, downMs);
  return recovered(kafka, from);
}

async function kill(program: Program): Promise<void> {
  program.process.kill("SIGKILL");
  await program.process.exited;
}

async function ends(kafka: Kafka): Promise<number[]> {
  return (await endOffsets(kafka, topicName("enriched"))).map(({ high }) => high);
}

/** Waits until each partition has, behind `from`, the output of a message that is made after now; gives the ms. */
async function recovered(kafka: Kafka, from: number[]): Promise<number> {
  const [began, nowMs] = [performance.now(), Date.now()];
  await Promise.all(from.map((end, partition) => freshOutput(kafka, partition, end, nowMs)));
  return performance.now() - began;
}

/** An output has the record timestamp of its raw message, which the load sets: what passes late or is sent again is older. */
async function freshOutput(kafka: Kafka, partition: number, from: number, sinceMs: number): Promise<void> {
  let at = from;
  const topic = topicName("enriched");
  await until(
    `${topic}[${partition}]: a new output`,
    async () => {
      const { messages, next } = await fetchFrom(kafka, topic, partition, at, READ_BYTES);
      at = next;
      return messages.some(({ timestamp }) => timestamp > sinceMs);
    },
    { withinMs: 60_000, everyMs: 10 },
  );
}

/** Waits for an output beyond `before`, or beyond what is there now; in one of the partitions, or in each. */
async function newOutput(kafka: Kafka, before?: number[], inEach = false): Promise<void> {
  const from = before ?? (await ends(kafka));
  const has = (end: number, index: number) => end > (from[index] ?? 0);
  await until(
    "a new output",
    async () => {
      const now = await ends(kafka);
      return inEach ? now.every(has) : now.some(has);
    },
    { withinMs: 60_000, everyMs: 10 },
  );
}

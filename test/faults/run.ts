/**
 * One run: a broker behind the proxy, enrichers, a load, a seeded list of faults, then the oracle.
 *
 * Two modes. `safety`: faults overlap as they like, and at a standstill in the middle of it nothing may be wrong. `liveness`: one fault
 * after the other, and after each one all that was sent must have come through within a bound. Both end in fair weather with every raw
 * message accounted for. Out: what was wrong, in words ([] = nothing), and figures. The seed and the count replay it.
 */
import { readSettings } from "../../config/env.ts";
import { topicSpecs } from "../../config/topic-specs.ts";
import { ensureTopics } from "../../kafka/admin.ts";
import { createKafka, type Kafka } from "../../kafka/client.ts";
import { groupLag } from "../../kafka/lag.ts";
import { GROUPS, topicName } from "../../schemas/topics.ts";
import type { Verdict } from "../../audit/anomalies.ts";
import { oracle, type OracleOptions, readRaw, report } from "../../audit/oracle.ts";
import { until } from "../processes.fixture.ts";
import { PLAN } from "../pinned-plan.fixture.ts";
import { type Action, type ActionKind, actionsOf, KINDS_ON, lineOf } from "./actions.ts";
import { judgeLoad, type Load, startLoad } from "./load.ts";
import { perform, type Scene } from "./perform.ts";
import { createPool } from "./pool.ts";
import { startEmbedded, startKafka } from "./programs.ts";

export interface RunOptions {
  seed: number;
  faults: number;
  mode: "safety" | "liveness";
  on: "embedded" | "kafka";
  /** Only these; undefined = all that the broker allows. */
  kinds?: ActionKind[];
  /** Instead of the seed's own list. */
  actions?: Action[];
  partitions?: number;
  ratePerS?: number;
  /** Longest quiet between two faults. */
  quietMs?: number;
  sessionMs?: number;
  /** At the start, 2; with one alone a death is all that can cause a repeat. */
  enrichers?: number;
  /** So many messages wait, on top of the rate, when a fault begins: the next batches are full. Liveness only. */
  waiting?: number;
  /** Ends early, after the fault in hand. */
  untilMs?: number;
  onFault?: (line: string) => void;
}

export interface RunResult {
  begun: number;
  /** Those that happened; the others waited in vain for their point, API or connection. */
  met: number;
  wrong: string[];
  verdict: Verdict;
  kills: number;
  /** Liveness only: from the end of a fault until all that had been sent was through. */
  recoveries: Recovery[];
}

interface Recovery {
  fault: string;
  ms: number;
}

/** A half-open connection is noticed after 10 s without an answer; then comes a session. The rest is for a busy machine. */
const RECOVERED_WITHIN_MS = 45_000;
/** The largest batch that kafka/consume.ts hands over: the most that one death may repeat at once. */
export const LARGEST_BATCH = 1_000;
const SILENT = { info() {}, warn() {}, error() {} };
const RAW = topicName("raw");

export async function run(options: RunOptions): Promise<RunResult> {
  const { seed, on, partitions = 3, ratePerS = 200, sessionMs } = options;
  const broker = await (on === "embedded" ? startEmbedded() : startKafka());
  const { brokers } = broker;
  const kafka = createKafka({ brokers: [brokers], clientId: "iot-observer" }, SILENT);
  const enrichers = { brokers, partitions, sessionMs };
  let pool = createPool(enrichers);
  const wrong: string[] = [];
  let kills = 0;
  try {
    const settings = readSettings({ TOPIC_PARTITIONS: `${partitions}` });
    await ensureTopics(kafka, topicSpecs(settings));
    const load = await startLoad(brokers, seed, ratePerS);
    const scene: Scene = { ...{ broker, pool, kafka, load }, alone: inTurn(), poisoned: [], before: [] };
    for (let i = 0; i < (options.enrichers ?? 2); i++) pool.add();
    await caughtUp(kafka, load);

    const { begun, met, recoveries } = await happen(scene, options, wrong);
    broker.proxy.clear();
    if (options.mode === "safety") {
      await pool.killAll();
      // What is not committed may lack its output, in the middle of things.
      const verdict = await judge(scene, { due: "committed" });
      if (verdict.anomalies.length > 0) wrong.push(`at a standstill: ${report(verdict)}`);
      wrong.push(...pool.unexpected);
      kills = pool.kills();
      scene.pool = pool = createPool(enrichers);
      pool.add();
    }
    const { verdict, faults } = await settle(scene, partitions);
    wrong.push(...faults, ...pool.unexpected);
    return { begun, met, wrong, verdict, kills: kills + pool.kills(), recoveries };
  } finally {
    await pool.killAll();
    await broker.stop();
  }
}

/** All actions of the list: how many, how many of them happened, and of liveness the recoveries. */
async function happen(
  scene: Scene,
  options: RunOptions,
  wrong: string[],
): Promise<{ begun: number; met: number; recoveries: Recovery[] }> {
  const { kafka, load } = scene;
  const possible = KINDS_ON[options.on];
  const kinds = possible.filter((kind) => options.kinds?.includes(kind) ?? true);
  const actions = options.actions ?? actionsOf(options.seed, options.faults, kinds, options.quietMs);
  const recoveries: Recovery[] = [];
  const happening: Promise<boolean>[] = [];
  for (const [index, action] of actions.entries()) {
    if (performance.now() > (options.untilMs ?? Number.POSITIVE_INFINITY)) break;
    const fault = lineOf(action);
    const say = (isMet: boolean, more = ""): boolean => {
      const called = isMet ? "" : ": not met, called off";
      options.onFault?.(`${index + 1}/${actions.length} ${fault}${called}${more}`);
      return isMet;
    };
    if (options.mode === "safety") happening.push(perform(scene, action).then((isMet) => say(isMet)));
    else {
      const goOn = options.waiting === undefined ? undefined : await holdBack(scene, options.waiting);
      const one = perform(scene, action);
      goOn?.();
      const isMet = await one;
      const ms = await caughtUp(kafka, load).catch((error: Error) => {
        wrong.push(`fault ${index + 1}, ${fault}: ${error.message}\n${scene.pool.tails()}`);
        return RECOVERED_WITHIN_MS;
      });
      happening.push(one);
      // What has not happened tells nothing about recovery.
      if (isMet) recoveries.push({ fault, ms });
      say(isMet, `: through after ${Math.round(ms)} ms`);
    }
    await Bun.sleep(action.thenMs);
  }
  const met = (await Promise.all(happening)).filter(Boolean).length;
  return { begun: happening.length, met, recoveries };
}

/** Nobody reads while `count` messages are sent; gives how to go on. Takes less than a session. */
async function holdBack({ pool, load }: Scene, count: number): Promise<() => void> {
  const programs = pool.living();
  for (const { process } of programs) process.kill("SIGSTOP");
  const goOn = () => {
    for (const { process } of programs) process.kill("SIGCONT");
  };
  await load.burst(count).catch((error) => {
    goOn();
    throw error;
  });
  return goOn;
}

/** Until a message that is sent after now, and all before it, is committed; gives how long that took. */
export async function caughtUp(kafka: Kafka, load?: Load): Promise<number> {
  const began = performance.now();
  const withinMs = RECOVERED_WITHIN_MS;
  if (load) {
    const before = load.begun();
    await until("the load gets through", () => load.acknowledged() > before, { withinMs });
  }
  const wanted = await until("the ends of iot.raw are told", () => groupLag(kafka, GROUPS.enrich, RAW), {
    withinMs,
  });
  await until(
    "all that was sent is through",
    async () => {
      const lags = await groupLag(kafka, GROUPS.enrich, RAW);
      return lags.every(({ partition, committed }) => {
        const { end = 0 } = wanted.find((one) => one.partition === partition) ?? {};
        return end === 0 || (committed ?? 0) >= end;
      });
    },
    { withinMs },
  );
  return performance.now() - began;
}

/** The load ends, everything drains, the oracle reads it all. */
async function settle(scene: Scene, partitions: number) {
  const { broker, pool, kafka, load, poisoned, before } = scene;
  await load.stop();
  const faults: string[] = [];
  await caughtUp(kafka).catch((error) =>
    faults.push(`at the end: ${error instanceof Error ? error.message : error}`),
  );
  await pool.stopAll();
  const verdict = await judge(scene);
  if (verdict.anomalies.length > 0) faults.push(report(verdict));
  const now = await readRaw({ brokers: broker.brokers, poisoned });
  const raws = [...before, now].map(({ raw }) => raw);
  faults.push(...judgeLoad(raws, load.acknowledged(), partitions));
  return { verdict, faults };
}

function judge({ broker, poisoned, before }: Scene, more: Partial<OracleOptions> = {}): Promise<Verdict> {
  const { brokers } = broker;
  return oracle({ brokers, plans: [PLAN], repeats: "after a kill", poisoned, before, ...more });
}

/** Runs one after the other what must not happen at the same time. */
function inTurn(): Scene["alone"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}

export function figures({ recoveries }: RunResult): string {
  const slowest = [...recoveries].sort((a, b) => b.ms - a.ms).slice(0, 5);
  return slowest.map(({ fault, ms }) => `${Math.round(ms)} ms after ${fault}`).join("; ");
}

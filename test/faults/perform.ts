/**
 * What each kind of action does, from its beginning until the fault is over.
 *
 * In: the scene and an action. Out: a promise that resolves when nothing of it is left but its consequences; false = it never
 * happened, since nobody came to the point, the API or the connection that it waits for.
 */
import { POISON } from "../../broker/poison.fixture.ts";
import { KafkaJSError } from "kafkajs";
import { ensureTopics, withAdmin } from "../../kafka/admin.ts";
import type { Kafka } from "../../kafka/client.ts";
import { isOutage } from "../../kafka/errors.ts";
import { topicName } from "../../schemas/topics.ts";
import type { RawTopic } from "../../audit/anomalies.ts";
import { readRaw } from "../../audit/oracle.ts";
import { until } from "../processes.fixture.ts";
import type { Action, ActionKind } from "./actions.ts";
import type { ApiName } from "./frames.ts";
import type { Load } from "./load.ts";
import { NO_ORDERS, type Orders } from "./orders.ts";
import { MOST, type Pool } from "./pool.ts";
import type { Range } from "../../audit/read-topic.ts";
import { putPoison } from "./poison.ts";
import type { Broker, Program } from "./programs.ts";
import { FAIR, type Trap, type Weather } from "./proxy.ts";

export interface Scene {
  broker: Broker;
  pool: Pool;
  kafka: Kafka;
  load: Load;
  /** For what changes iot.raw past the load: one at a time. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** What has been put into iot.raw and nobody can read. */
  poisoned: Range[];
  /** What iot.raw was before it was made anew. */
  before: RawTopic[];
}

type Perform = (scene: Scene, action: Action) => Promise<boolean>;

const RAW = topicName("raw");
const TOPIC_AUTHORIZATION_FAILED = 29;
/** The partitions that a run begins with at least; and ends with at most. */
const FIRST_PARTITIONS = 3;
const MOST_PARTITIONS = 6;
const CHANGED_WITHIN_MS = 40_000;
/** An open transaction holds up every reader. */
const TRANSACTION_MS = 3_000;

/** A point or an API is not met in an idle moment: then the fault is called off. */
const MET_WITHIN_MS = 4_000;
/** Met only when the group changes. */
const OF_A_REBALANCE: ApiName[] = ["JoinGroup", "SyncGroup", "OffsetFetch", "FindCoordinator"];

const PERFORM: Record<ActionKind, Perform> = {
  latency: weather({ latencyMs: 50 }),
  "slow and tiny reads": weather({ bytesPerS: 65_536 }),
  cut: async ({ broker }) => broker.proxy.cut() > 0,
  "half-open": async ({ broker }) => broker.proxy.halfOpen() > 0,
  "hold requests": weather({ held: "requests" }),
  "hold answers": weather({ held: "answers" }),
  blackhole: weather({ held: "both" }),
  async refuse(scene, action) {
    scene.broker.proxy.weather.refuses = true;
    scene.broker.proxy.cut();
    return weather({ refuses: true })(scene, action);
  },
  "cut before": trap("cut before"),
  "cut after": trap("cut after"),
  "cut within": trap("cut within"),
  "delay answer": trap("delay"),
  "broker freeze": ({ broker }, { ms }) => freeze(broker.program(), ms),
  "broker kill": ({ broker }, { ms }) => broker.restart(true, ms).then(done),
  "broker restart": ({ broker }, { ms }) => broker.restart(false, ms).then(done),
  "broker clock": ({ broker }, { ms }) => jump(broker.program(), ms),
  "enricher kill": ({ pool }, { who, ms }) => pool.kill(pool.pick(who), ms).then(done),
  async "enricher crash"({ pool }, { who, ms, at = "after produce", after = 0 }) {
    const program = pool.pick(who);
    pool.expectDeath(program, ms);
    const mark = crypto.randomUUID();
    await ordered(program, { crash: { at, after, mark } }, () => false);
    return program.met(mark);
  },
  "enricher freeze": ({ pool }, { who, ms }) => freeze(pool.pick(who), ms),
  async "enricher stall"({ pool }, { who, ms, at = "after produce" }) {
    const program = pool.pick(who);
    const mark = crypto.randomUUID();
    await ordered(program, { stall: { at, ms, mark } }, () => program.met(mark));
    if (!program.met(mark)) return false;
    await Bun.sleep(ms);
    return true;
  },
  "enricher clock": ({ pool }, { who, ms }) => jump(pool.pick(who), ms),
  "outputs refuse": weather({ outputsRefuse: TOPIC_AUTHORIZATION_FAILED }),
  poison: (scene, { who, poison = "corrupt-zstd" }) =>
    scene.alone(async () => {
      const batch = POISON[poison]?.("{}") as Buffer;
      const range = await putPoison(scene.broker.port, RAW, who % FIRST_PARTITIONS, batch);
      if (range) scene.poisoned.push(range);
      return range !== undefined;
    }),
  "partitions added": ({ kafka, alone }) => alone(() => addPartitions(kafka)),
  "topic made anew": (scene) => scene.alone(() => makeAnew(scene)),
  transaction: ({ kafka, alone }, { commits = false }) => alone(() => transact(kafka, commits)),
  join: ({ pool }) => turn(pool, true).then(done),
  leave: ({ pool }) => turn(pool, false).then(done),
};

/** What waits for nothing has always happened. */
function done(): true {
  return true;
}

export function perform(scene: Scene, action: Action): Promise<boolean> {
  return PERFORM[action.kind](scene, action);
}

/** The messages that nobody had read are gone with their topic: the oracle wants outputs of what was committed. */
async function makeAnew({ broker, kafka, load, before, poisoned }: Scene): Promise<true> {
  const goOn = await load.pause();
  try {
    const old = await patiently(() => readRaw({ brokers: broker.brokers, poisoned, due: "committed" }));
    const partitions = old.raw.length;
    await patiently(() =>
      withAdmin(kafka, async (admin) => {
        if ((await admin.listTopics()).includes(RAW)) await admin.deleteTopics({ topics: [RAW] });
        if ((await admin.listTopics()).includes(RAW)) throw new Error(`${RAW} is still there`);
      }),
    );
    before.push({ ...old, poisoned: poisoned.splice(0) });
    await patiently(() => ensureTopics(kafka, [{ name: RAW, partitions, configs: {} }]));
  } finally {
    goOn();
  }
  return true;
}

/** One message to each partition. Whether an end that got no answer has come about is seen in the topic. */
async function transact(kafka: Kafka, commits: boolean): Promise<boolean> {
  const producer = kafka.producer({
    ...{ transactionalId: crypto.randomUUID(), transactionTimeout: TRANSACTION_MS },
    ...{ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false },
    retry: { retries: 2 },
  });
  try {
    await producer.connect();
    const transaction = await producer.transaction();
    const messages = Array.from({ length: FIRST_PARTITIONS }, (_, partition) => ({
      ...{ key: `of-a-transaction-${partition}`, partition },
      value: JSON.stringify({ device_id: `of-a-transaction-${partition}`, commits }),
    }));
    await transaction.send({ topic: RAW, messages });
    await (commits ? transaction.commit() : transaction.abort());
    return true;
  } catch (error) {
    if (!isOutage(error) && !(error instanceof KafkaJSError)) throw error;
    return false;
  } finally {
    await producer.disconnect().catch(() => {});
  }
}

/** Other faults may be in the way. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + CHANGED_WITHIN_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await Bun.sleep(200);
    }
  }
}

/** Of the outputs first: an output for a partition that its topic lacks waits, and an enricher that starts meanwhile ends. */
async function addPartitions(kafka: Kafka): Promise<boolean> {
  const names = (["enriched", "dlq", "raw"] as const).map((name) => topicName(name));
  return patiently(() =>
    withAdmin(kafka, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: names });
      const most = Math.max(...topics.map(({ partitions }) => partitions.length));
      const isEven = topics.every(({ partitions }) => partitions.length === most);
      if (isEven && most >= MOST_PARTITIONS) return false;
      const count = isEven ? most + 1 : most;
      for (const name of names) {
        const has = topics.find((topic) => topic.name === name)?.partitions.length ?? 0;
        if (has < count) await admin.createPartitions({ topicPartitions: [{ topic: name, count }] });
      }
      return true;
    }),
  );
}

/** One more or one fewer, whichever is possible. */
async function turn(pool: Pool, wantsMore: boolean): Promise<void> {
  const size = pool.size();
  if (size <= 1 || (wantsMore && size < MOST)) pool.add();
  else await pool.leave(pool.pick(size - 1));
}

function weather(change: Partial<Weather>): Perform {
  return async ({ broker: { proxy } }, { ms }) => {
    const { weather: now } = proxy;
    Object.assign(now, change);
    await Bun.sleep(ms);
    for (const name of Object.keys(change)) Object.assign(now, { [name]: FAIR[name as keyof Weather] });
    return true;
  };
}

function trap(effect: Trap["effect"]): Perform {
  return async ({ broker: { proxy }, pool }, { api = "Produce", ms }) => {
    const set: Trap = { api, effect, delayMs: effect === "delay" ? ms : undefined };
    proxy.trap(set);
    if (OF_A_REBALANCE.includes(api)) await turn(pool, true);
    const isMet = await met(() => !proxy.armed(set));
    proxy.untrap(set);
    return isMet;
  };
}

async function freeze(program: Program, ms: number): Promise<true> {
  program.process.kill("SIGSTOP");
  program.frozen = Bun.sleep(ms).then(() => program.process.kill("SIGCONT"));
  await program.frozen;
  return true;
}

/** There, and back again: a clock that was wrong is put right. */
async function jump(program: Program, ms: number): Promise<true> {
  program.order({ ...program.orders, clockMs: ms });
  await Bun.sleep(1_000);
  program.order({ ...program.orders, clockMs: 0 });
  return true;
}

/** Until it is met, or until the program is no more, or the order is called off. */
async function ordered(program: Program, orders: Orders, isMet: () => boolean): Promise<void> {
  program.order(orders);
  const isDead = () => program.process.exitCode() !== null;
  await met(() => isDead() || isMet());
  if (!isDead()) program.order(NO_ORDERS);
}

/** False: called off. */
function met(condition: () => boolean): Promise<boolean> {
  return until("it is met", condition, { withinMs: MET_WITHIN_MS }).catch(() => false);
}

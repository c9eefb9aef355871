/**
 * The enricher's loop in this process, with a place to plant a bug: between the loop, the host, the producer and the commit.
 *
 * In: brokers, names, a bug. Out: the accounting of the run and how it ended. The parts are the real ones of enrich/ and kafka/, put
 * together as enrich/main.ts does.
 */
import { createAccounting } from "../../enrich/host/accounting.ts";
import { createHandler } from "../../enrich/host/host.ts";
import { createHostMetrics } from "../../enrich/host/metrics.ts";
import { createRawTopic } from "../../enrich/host/raw.ts";
import { createResume } from "../../enrich/host/resume.ts";
import { createKafka, type Kafka } from "../../kafka/client.ts";
import { type Batch, consume } from "../../kafka/consume.ts";
import { groupLag } from "../../kafka/lag.ts";
import { createProducer, type OutMessage, type Producer } from "../../kafka/producer.ts";
import type { Plan } from "../../judge/plan.ts";
import { createMetrics } from "../../runtime/metrics.ts";
import { until } from "../processes.fixture.ts";

export interface Names {
  raw: string;
  enriched: string;
  dlq: string;
  group: string;
}

/** Every method gets the real one; what is absent is sound. */
export interface Plant {
  plan?(plan: Plan): Plan;
  handle?(
    batch: Batch,
    handle: (batch: Batch) => Promise<unknown>,
    commit: (next: number) => Promise<void>,
  ): Promise<unknown>;
  send?(topic: string, messages: OutMessage[], send: Producer["send"]): Promise<unknown>;
  /** Does not look at what its outputs hold when it starts. */
  forgets?: boolean;
  /** The offset that is committed in place of `next`. */
  commit?(next: number, highWatermark: number): number;
}

export interface Ended {
  /** `iot_accounting_difference`, as a scrape of the process would show it. */
  difference: number;
  /** What its heartbeats would tell. */
  counters: Record<string, number>;
  /** The plant has ended the loop, as a crash would. */
  crashed: boolean;
}

const SILENT = { info() {}, warn() {}, error() {} };
const MAX_MESSAGES = 20;
/** For what hangs: twenty of these run at once. */
const LIMIT_MS = 90_000;

/** Runs until everything is committed, or until it crashes. */
export async function runPipeline(brokers: string, names: Names, sound: Plan, plant: Plant): Promise<Ended> {
  const kafka = createKafka({ brokers: [brokers], clientId: "planted" }, SILENT);
  const accounting = createAccounting();
  const metrics = createMetrics("enrich", "planted");
  const counts = createHostMetrics(metrics, accounting);
  const commits = seeCommits(kafka, plant);
  const real = await createProducer(kafka, { deadlineMs: 2_000 });
  const send: Producer["send"] = async (topic, messages) => {
    if (!plant.send || messages.length === 0) return real.send(topic, messages);
    let acknowledged = 0;
    // What the real producer has acknowledgements for, whatever the plant makes of it.
    await plant.send(topic, messages, async (...args) => {
      const count = await real.send(...args);
      acknowledged += count;
      return count;
    });
    return acknowledged;
  };
  const handle = createHandler({
    topics: names,
    producer: { ...real, send },
    plan: () => plant.plan?.(sound) ?? sound,
    now: Date.now,
    accounting,
    ...(plant.forgets ? {} : { resume: createResume(kafka, names, Date.now) }),
    // Patient: on a busy machine accounting would rather go on without knowing.
    // And a plant may change what is in hand.
    raw: { ...createRawTopic(kafka, names.raw, LIMIT_MS), holds: async () => undefined },
    observe: counts.observe,
    log: SILENT,
  });
  let crashed = false;
  const consumer = await consume(kafka, {
    groupId: names.group,
    topics: [names.raw],
    from: "earliest",
    commit: true,
    maxMessages: MAX_MESSAGES,
    handle: async (batch) =>
      plant.handle ? plant.handle(batch, handle, (next) => commits.now(batch, next)) : handle(batch),
    onJoin: accounting.joined,
    onCrash() {
      crashed = true;
    },
    log: SILENT,
  });
  await until("it has ended", async () => crashed || (await isDone(kafka, names)), {
    withinMs: LIMIT_MS,
    everyMs: 30,
  });
  await consumer.stop();
  await real.stop();
  const scraped = /^iot_accounting_difference\S* (\d+)$/m.exec(await metrics.metrics())?.[1];
  return { difference: Number(scraped), counters: counts.counters(), crashed };
}

/** Every partition is committed to its end, or beyond. */
async function isDone(kafka: Kafka, { group, raw }: Names): Promise<boolean> {
  const lags = await groupLag(kafka, group, raw);
  return lags.every(({ committed, end }) => (committed ?? 0) >= end);
}

/** The consumer's own commits pass through the plant; `now` commits when the plant wants. */
function seeCommits(kafka: Kafka, plant: Plant) {
  const make = kafka.consumer.bind(kafka);
  const consumers: ReturnType<typeof make>[] = [];
  kafka.consumer = (config) => {
    const consumer = make(config);
    const run = consumer.run;
    consumers.push(consumer);
    consumer.run = (options) =>
      run({
        ...options,
        eachBatch: async (payload) => {
          const commit = payload.commitOffsetsIfNecessary;
          const changed: typeof commit = async (offsets) => {
            for (const { partitions } of offsets?.topics ?? [])
              for (const one of partitions)
                one.offset = `${plant.commit?.(Number(one.offset), Number(payload.batch.highWatermark)) ?? one.offset}`;
            await commit(offsets);
          };
          await options?.eachBatch?.({ ...payload, commitOffsetsIfNecessary: changed });
        },
      });
    return consumer;
  };
  return {
    async now({ topic, partition }: Batch, next: number): Promise<void> {
      await consumers.at(-1)?.commitOffsets([{ topic, partition, offset: `${next}` }]);
    },
  };
}

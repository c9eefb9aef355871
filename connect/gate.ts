/**
 * What the tests of the pipeline share: topics, records in, the engine as a child process, until all is through.
 *
 * In: a running broker. Out: everything in the topics. Errors: what the engine printed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { topicSpecs } from "../config/topic-specs.ts";
import { readSettings } from "../config/env.ts";
import { ensureTopics } from "../kafka/admin.ts";
import { createKafka, type Kafka } from "../kafka/client.ts";
import { groupLag } from "../kafka/lag.ts";
import { createProducer, type OutMessage } from "../kafka/producer.ts";
import type { Plan } from "../judge/plan.ts";
import { GROUPS, topicName } from "../schemas/topics.ts";
import { freePort, type Process, start, until } from "../test/processes.fixture.ts";
import { buildTransform, BUNDLE_FILE, PLAN_FILE } from "./build.ts";
import type { RawRecord } from "./corpus.case.ts";
import { buildEngine, PIPELINE } from "./engine.ts";

const SILENT = { info() {}, warn() {}, error() {} };

/** The topics of one run on a broker that others may use too. */
export interface Flow {
  brokers: string;
  /** TOPIC_PREFIX */
  prefix: string;
  kafka: Kafka;
  partitions: number;
}

export async function createFlow(brokers: string, prefix = "iot.", partitions = 3): Promise<Flow> {
  const kafka = createKafka({ brokers: [brokers], clientId: "iot-gate" }, SILENT);
  const settings = readSettings({ TOPIC_PREFIX: prefix, TOPIC_PARTITIONS: `${partitions}` });
  // Some records are years old: what the broker drops for its age would look lost.
  const kept = topicSpecs(settings).map((spec) => ({
    ...spec,
    configs: { ...spec.configs, "retention.ms": "-1" },
  }));
  await ensureTopics(kafka, kept);
  return { brokers, prefix, kafka, partitions };
}

/** Round the partitions; gives how many there were. */
export async function produce(flow: Flow, records: Iterable<RawRecord>): Promise<number> {
  const producer = await createProducer(flow.kafka);
  let count = 0;
  let waiting: OutMessage[] = [];
  const flush = async () => {
    await producer.send(topicName("raw", flow.prefix), waiting);
    waiting = [];
  };
  for (const record of records) {
    waiting.push({ ...record, partition: count++ % flow.partitions });
    if (waiting.length >= 5_000) await flush();
  }
  await flush();
  await producer.stop();
  return count;
}

/** A folder with the two files that Connect loads; `remove` it. */
export async function transformFolder(plan: Plan): Promise<{ env: Record<string, string>; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "iot-transform-"));
  await buildTransform(plan, folder);
  const env = { ENRICH_BUNDLE: join(folder, BUNDLE_FILE), ENRICH_PLAN: join(folder, PLAN_FILE) };
  return { env, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Our unchanged pipeline in the gate's engine. */
export async function startPipeline(
  flow: Pick<Flow, "brokers" | "prefix">,
  env: Record<string, string>,
): Promise<Process> {
  const settings = {
    KAFKA_BROKERS: flow.brokers,
    TOPIC_PREFIX: flow.prefix,
    CONNECT_ADDRESS: `127.0.0.1:${freePort()}`,
    CONNECT_LOG_FORMAT: "logfmt",
  };
  return start("connect", [await buildEngine(), "run", PIPELINE], { ...settings, ...env });
}

/**
 * Waits until the pipeline has committed all raw messages, which it does after their outputs are written. The outputs
 * themselves say less: after a kill some stand twice, and are as many as the raw messages before all are through.
 */
export async function through(flow: Flow, engine: Process, withinMs: number): Promise<void> {
  const raw = topicName("raw", flow.prefix);
  await until(
    "the pipeline has committed every raw message",
    async () => (await groupLag(flow.kafka, GROUPS.enrich, raw)).every(({ lag }) => lag === 0),
    { withinMs, everyMs: 500, alive: [engine] },
  );
}

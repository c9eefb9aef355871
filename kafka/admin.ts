/**
 * Topics and offsets: create what is missing, check what is there, ask where a topic begins and ends.
 *
 * Errors: creating and checking wait for an unreachable cluster (a start has nothing else to do); offsets fail after a few
 *   tries, since their callers have something older to show. Faults of topics come all at once.
 */

import { type Admin, ConfigResourceTypes, type Kafka } from "kafkajs";
import { backoff } from "./backoff.ts";
import { isOutage, protocolType } from "./errors.ts";

export interface Topic {
  name: string;
  partitions: number;
  /** `retention.ms` and the like */
  configs: Record<string, string>;
  /** Undefined: the cluster's own */
  replication?: number;
}

export interface TopicRules {
  /** Names of topics that keep each other's partition numbers, so need as many partitions. */
  partitionsMustMatch?: string[];
}

/** Topics that are not as they must be; `faults` has one line for each. */
export class TopicFaults extends Error {
  override name = "TopicFaults";
  constructor(readonly faults: string[]) {
    super(faults.join("\n"));
  }
}

const THE_CLUSTERS_OWN = -1;

/** Creates the topics that are missing. Throws TopicFaults if the counts of `partitionsMustMatch` differ. */
export async function ensureTopics(
  kafka: Kafka,
  topics: Topic[],
  rules: TopicRules = {},
): Promise<{ created: string[] }> {
  return patiently(kafka, async (admin) => {
    const counts = await partitionCounts(admin);
    const mustMatch = rules.partitionsMustMatch ?? [];
    const differing = unequalCounts(counts, mustMatch);
    if (differing.length > 0) throw new TopicFaults(differing);
    // What exists decides for what is created beside it, else the first start after a change would break the flow.
    const common = mustMatch.map((name) => counts.get(name)).find((count) => count !== undefined);
    const missing = topics
      .filter(({ name }) => !counts.has(name))
      .map((topic) => ({
        ...topic,
        partitions: (mustMatch.includes(topic.name) && common) || topic.partitions,
      }));
    const created: string[] = [];
    const faults: string[] = [];
    for (const topic of missing) {
      if (await create(admin, topic)) created.push(topic.name);
      // It is there though the list has not told it: somebody was faster, or we may not see it.
      else if (!(await partitionCounts(admin)).has(topic.name))
        faults.push(await whyAbsent(admin, topic.name));
    }
    if (faults.length > 0) throw new TopicFaults(faults);
    return { created };
  });
}

/** One line for each thing that is not as asked; [] = all is well. Changes nothing. */
export async function checkTopics(kafka: Kafka, topics: Topic[], rules: TopicRules = {}): Promise<string[]> {
  return patiently(kafka, async (admin) => {
    const counts = await partitionCounts(admin);
    const faults = unequalCounts(counts, rules.partitionsMustMatch ?? []);
    for (const { name, partitions, configs } of topics) {
      const count = counts.get(name);
      if (count === undefined) {
        faults.push(await whyAbsent(admin, name));
        continue;
      }
      if (count !== partitions && faults.length === 0)
        faults.push(`${name}: expected ${partitions} partitions, found ${count}`);
      const found = await configsOf(admin, name, Object.keys(configs));
      for (const [key, expected] of Object.entries(configs))
        if (found.get(key) !== expected)
          faults.push(`${name} ${key}: expected ${expected}, found ${found.get(key) ?? "nothing"}`);
    }
    return faults;
  });
}

/** The values of some settings of a topic; those that the broker does not know are left out. */
export async function topicSettings(
  kafka: Kafka,
  topic: string,
  names: string[],
): Promise<Map<string, string>> {
  return patiently(kafka, (admin) => configsOf(admin, topic, names));
}

/** One line for each of these topics that is missing or hidden from us; [] = all are there. */
export async function absentTopics(kafka: Kafka, names: string[]): Promise<string[]> {
  return patiently(kafka, async (admin) => {
    const counts = await partitionCounts(admin);
    return Promise.all(names.filter((name) => !counts.has(name)).map((name) => whyAbsent(admin, name)));
  });
}

/** Every topic that we may see. */
export async function topicNames(kafka: Kafka): Promise<string[]> {
  return patiently(kafka, async (admin) => [...(await partitionCounts(admin)).keys()]);
}

/** The first offset that is still there and the one that the next message gets, for each partition. */
export async function endOffsets(
  kafka: Kafka,
  topic: string,
): Promise<{ partition: number; low: number; high: number }[]> {
  const offsets = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic));
  return offsets
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .sort((a, b) => a.partition - b.partition);
}

/** The first offset whose record timestamp is not before `timestampMs`; the end if there is none. */
export async function offsetsAt(
  kafka: Kafka,
  topic: string,
  timestampMs: number,
): Promise<{ partition: number; offset: number }[]> {
  const offsets = await withAdmin(kafka, (admin) => admin.fetchTopicOffsetsByTimestamp(topic, timestampMs));
  return offsets
    .map(({ partition, offset }) => ({ partition, offset: Number(offset) }))
    .sort((a, b) => a.partition - b.partition);
}

/** Which cluster this is: offsets that were stored beside another id mean nothing here. */
export async function clusterId(kafka: Kafka): Promise<string> {
  return withAdmin(kafka, async (admin) => (await admin.describeCluster()).clusterId);
}

/** A connection for one task. */
export async function withAdmin<T>(kafka: Kafka, task: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await task(admin);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

async function patiently<T>(kafka: Kafka, task: (admin: Admin) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await withAdmin(kafka, task);
    } catch (error) {
      if (!isOutage(error)) throw error;
      await backoff(attempt);
    }
  }
}

/** False: there is one of that name. */
async function create(admin: Admin, topic: Topic): Promise<boolean> {
  const make = (replicationFactor: number): Promise<boolean> =>
    admin.createTopics({
      topics: [
        {
          topic: topic.name,
          numPartitions: topic.partitions,
          replicationFactor,
          configEntries: Object.entries(topic.configs).map(([name, value]) => ({ name, value })),
        },
      ],
    });
  try {
    return await make(topic.replication ?? THE_CLUSTERS_OWN);
  } catch (error) {
    // kafkajs speaks CreateTopics 3, where "the cluster's own" is not promised: then it is asked for.
    const refused = topic.replication === undefined && typesOf(error).includes("INVALID_REPLICATION_FACTOR");
    if (!refused) throw new Error(`${topic.name}: cannot be created: ${messageOf(error)}`, { cause: error });
    return make(await defaultReplication(admin));
  }
}

async function defaultReplication(admin: Admin): Promise<number> {
  const { controller, brokers } = await admin.describeCluster();
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      {
        type: ConfigResourceTypes.BROKER,
        name: String(controller ?? brokers[0]?.nodeId),
        configNames: ["default.replication.factor"],
      },
    ],
  });
  const value = resources[0]?.configEntries.find(
    ({ configName }) => configName === "default.replication.factor",
  )?.configValue;
  return Number(value ?? 1);
}

async function partitionCounts(admin: Admin): Promise<Map<string, number>> {
  const { topics } = await admin.fetchTopicMetadata();
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
}

const MISSING = "missing";

/** A list of all topics leaves out those that we may not see: a topic is asked for by its name. */
async function whyAbsent(admin: Admin, name: string): Promise<string> {
  try {
    await admin.fetchTopicMetadata({ topics: [name] });
  } catch (error) {
    const type = protocolType(error);
    if (type === "TOPIC_AUTHORIZATION_FAILED")
      return `${name}: our user may not see it (${type}); give it the right to Describe, and those to Read or Write`;
    if (type !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
  }
  return `${name}: ${MISSING}`;
}

function unequalCounts(counts: Map<string, number>, names: string[]): string[] {
  const there = names.flatMap((name) => (counts.has(name) ? [{ name, count: counts.get(name) ?? 0 }] : []));
  const most = Math.max(0, ...there.map(({ count }) => count));
  return there
    .filter(({ count }) => count !== most)
    .map(
      ({ name, count }) =>
        `${name}: ${count} partitions, but ${there.find((one) => one.count === most)?.name} has ${most}; give it ${most} (kafka-topics --alter --partitions ${most}), or delete and create the topics of the flow again`,
    );
}

async function configsOf(admin: Admin, topic: string, names: string[]): Promise<Map<string, string>> {
  if (names.length === 0) return new Map();
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: names }],
  });
  return new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
}

function typesOf(error: unknown): string[] {
  const inner =
    error instanceof Error && "errors" in error && Array.isArray(error.errors) ? error.errors : [error];
  return inner.map((one) => protocolType(one) ?? "");
}

function messageOf(error: unknown): string {
  const inner =
    error instanceof Error && "errors" in error && Array.isArray(error.errors) ? error.errors : [error];
  return inner.map((one) => (one instanceof Error ? one.message : String(one))).join("; ");
}

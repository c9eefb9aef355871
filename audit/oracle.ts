/**
 * The oracle: reads `iot.raw`, `iot.enriched` and `iot.raw.dlq` from their first offset and names what is wrong.
 *
 * In: the brokers, and the plan of every registry that judged. Out: a verdict (anomalies.ts), printed by `report`.
 * It runs after every end-to-end and fault test, the producers' examples, and the deaths within `dev`. It reads by another
 * Kafka client than the one under test and enriches each raw message again; only `enrich()` itself is taken as it is.
 */
import { bytesToText, keyToText } from "../enrich/bytes-to-text.ts";
import { createEnrich, type Enrich } from "../enrich/enrich.ts";
import type { Plan } from "../judge/plan.ts";
import { DEFAULT_TOPIC_PREFIX, GROUPS, HEADERS, topicName } from "../schemas/topics.ts";
import { type Evidence, type Expected, findAnomalies, type RawTopic, type Verdict } from "./anomalies.ts";
import {
  type Cluster,
  committedOffsets,
  type Range,
  readLog,
  readTopic,
  type WireMessage,
} from "./read-topic.ts";

export { report } from "./anomalies.ts";

export interface OracleOptions {
  brokers: Cluster;
  plans: Plan[];
  prefix?: string;
  group?: string;
  /** Default: never. */
  repeats?: Evidence["repeats"];
  /** Ranges of iot.raw that nobody can read. */
  poisoned?: Range[];
  /** Which messages must have an output by now. Default: all. */
  due?: RawTopic["due"];
  /** The topics that iot.raw was before, read when they were deleted. */
  before?: RawTopic[];
}

/** The pipeline must be still: what is read in flight would look lost. */
export async function oracle(options: OracleOptions): Promise<Verdict> {
  const { brokers, before } = options;
  const names = flowTopics(options.prefix);
  const raw = await readRaw(options);
  const enriched = await readTopic(brokers, names.enriched);
  const dlq = await readTopic(brokers, names.dlq);
  const plans = new Map(options.plans.map((plan) => [plan.version, plan]));
  return findAnomalies({
    ...raw,
    names,
    enriched,
    dlq,
    before,
    repeats: options.repeats ?? "never",
    enrichAfresh(message, found) {
      const expected = enrichAfresh(message, found, plans);
      if (expected) return expected;
      throw new Error(`no plan of registry ${header(found, HEADERS.registry)}: ${[...plans.keys()]}`);
    },
  });
}

export const flowTopics = (prefix = DEFAULT_TOPIC_PREFIX) => ({
  raw: topicName("raw", prefix),
  enriched: topicName("enriched", prefix),
  dlq: topicName("dlq", prefix),
});

/** The commit first: what it covers must be in the topics that are read after it. */
export async function readRaw(options: Omit<OracleOptions, "plans" | "before">): Promise<RawTopic> {
  const { brokers, prefix, group = GROUPS.enrich, poisoned = [], due } = options;
  const topic = flowTopics(prefix).raw;
  const committed = await committedOffsets(brokers, group, topic);
  const { messages, empty } = await readLog(brokers, topic, { poisoned });
  return { raw: messages, empty, poisoned, committed, due };
}

const made = new WeakMap<Plan, Enrich>();

function enrichBy(plan: Plan): Enrich {
  const enrich = made.get(plan) ?? createEnrich(plan);
  made.set(plan, enrich);
  return enrich;
}

/** Undefined: the registry that judged it is not among the plans. */
export function enrichAfresh(
  raw: WireMessage,
  found: WireMessage,
  plans: Map<string, Plan>,
): Expected | undefined {
  const version = header(found, HEADERS.registry);
  const plan = plans.get(version);
  if (!plan) return undefined;
  const source = {
    key: raw.key && keyToText(raw.key),
    timestamp: raw.timestamp,
    bytes: raw.value?.length ?? 0,
  };
  const fresh = enrichBy(plan)(bytesToText(raw.value), source, enrichedAt(found));
  // Which incarnation of the raw topic it names is judged by what it came from.
  const epoch = header(found, HEADERS.sourceEpoch);
  const headers = {
    ...(epoch === "" ? {} : { [HEADERS.sourceEpoch]: epoch }),
    [HEADERS.sourceOffset]: `${raw.offset}`,
    [HEADERS.registry]: version,
  };
  if (fresh.to === "enriched") {
    const { value, verdict } = fresh;
    return { to: "enriched", key: Buffer.from(verdict.device_id), value: Buffer.from(value), headers };
  }
  const { reason, path, message } = fresh;
  const why = { [HEADERS.reason]: reason, [HEADERS.path]: path, [HEADERS.message]: message };
  return { to: "dlq", key: raw.key, value: raw.value, headers: { ...headers, ...why } };
}

export function header(message: WireMessage, name: string): string {
  return String(message.headers.find(([found]) => found === name)?.[1] ?? "");
}

/** The clock time of an enriched message; a dead letter has none, and needs none. */
function enrichedAt(found: WireMessage): number {
  const text = found.value?.toString() ?? "";
  const start = text.lastIndexOf(',"enrichment_info":{"enriched_at":"');
  const stamp = /"enriched_at":"([^"]+)"/.exec(text.slice(Math.max(0, start)))?.[1];
  return stamp === undefined ? 0 : Date.parse(stamp);
}

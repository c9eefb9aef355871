/** What `bun run topics` creates: schemas/topics.ts with this environment's names, counts and replication. */
import { TOPICS, type TopicName } from "../schemas/topics.ts";
import type { Settings } from "./env.ts";

export interface TopicToCreate {
  name: string;
  partitions: number;
  /** Undefined = the cluster's own. */
  replication?: number;
  configs: Record<string, string>;
  /** Partition counts of these must be equal. */
  ofTheFlow: boolean;
}

/** A topic outside the flow carries little: one partition keeps it in order and cheap to read. */
const PARTITIONS_OUTSIDE_THE_FLOW = 1;

export function topicSpecs(settings: Settings): TopicToCreate[] {
  return Object.entries(TOPICS).map(([key, spec]) => ({
    name: settings.topics[key as TopicName],
    partitions: spec.ofTheFlow ? settings.topicPartitions : PARTITIONS_OUTSIDE_THE_FLOW,
    replication: settings.topicReplication,
    configs: {
      "cleanup.policy": "delete",
      "retention.ms": String(spec.retentionMs),
      ...(spec.maxMessageBytes === undefined ? {} : { "max.message.bytes": String(spec.maxMessageBytes) }),
    },
    ofTheFlow: spec.ofTheFlow,
  }));
}

export { HEARTBEAT_INTERVAL_MS, type Heartbeat } from "../schemas/service.ts";

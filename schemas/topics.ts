/**
 * The topics: names, keys, what is kept. The only interface between the programs.
 *
 * Source: design.md section 3. A full name is `TOPIC_PREFIX` (default `iot.`) + the short name.
 */

/** Short names, as the API and the pages use them. */
export type TopicName = "raw" | "enriched" | "dlq" | "alarms" | "commands" | "services";

export interface TopicSpec {
  /** What follows the prefix: `raw.dlq` in `iot.raw.dlq`. */
  suffix: string;
  /** One of raw, enriched, raw.dlq: these have equal partition counts and keep each other's partition numbers. */
  ofTheFlow: boolean;
  key: string;
  /** How long messages are kept, ms; -1 for ever. */
  retentionMs: number;
  /** Largest message that the broker takes, bytes; undefined = the cluster's own. */
  maxMessageBytes?: number;
}

const DAY_MS = 86_400_000;
const MIB = 1_048_576;

export const TOPICS: Record<TopicName, TopicSpec> = {
  raw: { suffix: "raw", ofTheFlow: true, key: "device_id", retentionMs: 7 * DAY_MS },
  enriched: {
    suffix: "enriched",
    ofTheFlow: true,
    key: "device_id",
    retentionMs: 7 * DAY_MS,
    maxMessageBytes: 2 * MIB,
  },
  dlq: {
    suffix: "raw.dlq",
    ofTheFlow: true,
    key: "the raw key",
    retentionMs: 30 * DAY_MS,
    maxMessageBytes: 2 * MIB,
  },
  alarms: { suffix: "alarms", ofTheFlow: false, key: "device_id", retentionMs: 90 * DAY_MS },
  commands: { suffix: "commands", ofTheFlow: false, key: "device_id", retentionMs: -1 },
  services: { suffix: "services", ofTheFlow: false, key: "service/instance", retentionMs: DAY_MS },
};

export const DEFAULT_TOPIC_PREFIX = "iot.";

/** `topicName("dlq")` is `iot.raw.dlq`. */
export function topicName(name: TopicName, prefix = DEFAULT_TOPIC_PREFIX): string {
  return prefix + TOPICS[name].suffix;
}

/** Consumer groups that commit offsets. A dashboard reads with a group of its own and commits nothing. */
export const GROUPS = { enrich: "iot-enrich", projections: "iot-projections" } as const;

/** Headers that we write; nothing is forwarded from raw, so a name seen here is always ours. */
export const HEADERS = {
  /** Offset of the raw message, decimal. Partition number and record timestamp are the raw message's own. */
  sourceOffset: "iot.source.offset",
  /** Which of the topics that were called iot.raw one after the other: ms since 1970 of when it was noticed; absent = 0. */
  sourceEpoch: "iot.source.epoch",
  /** Dead letters of reason `undecodable` only: the last offset of the batch that cannot be read, decimal; the first is `sourceOffset`. */
  sourceLastOffset: "iot.source.last_offset",
  /** `registry_version` that judged. */
  registry: "iot.registry",
  /** Dead letters: one of the closed reasons. */
  reason: "iot.reason",
  /** Dead letters: JSON Pointer to the fault, at most 256 bytes. */
  path: "iot.path",
  /** Dead letters: our own words, at most 512 bytes. */
  message: "iot.message",
} as const;

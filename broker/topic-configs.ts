/** The topic configurations that are understood, with their defaults. What is not here is refused, never ignored. */

export type TopicConfigs = Record<string, string | undefined>;

/** Kafka's greatest number. */
const LONGEST = "9223372036854775807";

/** `type` is Kafka's: STRING 2, INT 3, LONG 5, LIST 7. Without `least` only the default is taken. */
export const TOPIC_CONFIGS: Record<string, { default: string; type: number; least?: number }> = {
  "cleanup.policy": { default: "delete", type: 7 },
  "compression.type": { default: "producer", type: 2 },
  "max.message.bytes": { default: "1048588", type: 3, least: 1 },
  "message.timestamp.after.max.ms": { default: LONGEST, type: 5, least: 0 },
  "message.timestamp.before.max.ms": { default: LONGEST, type: 5, least: 0 },
  "message.timestamp.type": { default: "CreateTime", type: 2 },
  "min.insync.replicas": { default: "1", type: 3 },
  "retention.bytes": { default: "-1", type: 5, least: -1 },
  "retention.ms": { default: "604800000", type: 5, least: -1 },
};

/** What is wrong with a configuration; undefined: nothing. */
export function configFault(name: string, value: string | null): string | undefined {
  const rule = Object.hasOwn(TOPIC_CONFIGS, name) ? TOPIC_CONFIGS[name] : undefined;
  if (!rule) return `${name}: expected one of ${Object.keys(TOPIC_CONFIGS).join(", ")}`;
  const { default: only, least } = rule;
  const isNumber = /^-?\d{1,19}$/.test(value ?? "") && Number(value) >= (least ?? 0);
  if (least === undefined ? value === only : isNumber) return undefined;
  return `${name}: expected ${least === undefined ? only : `a whole number from ${least} on`}, got ${value}`;
}

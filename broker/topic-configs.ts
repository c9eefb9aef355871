/** The topic configurations that are understood, with their defaults. What is not here is refused, never ignored. */

export interface ConfigRule {
  default: string;
  /** Kafka's number for it in DescribeConfigs: STRING 2, INT 3, LONG 5, LIST 7. */
  type: number;
  /** For the message to the one who set something else. */
  expected: string;
  accepts(value: string): boolean;
}

export type TopicConfigs = Record<string, string | undefined>;

function number(type: number, initial: number, least: number): ConfigRule {
  const accepts = (value: string) => /^-?\d{1,15}$/.test(value) && Number(value) >= least;
  return { default: String(initial), type, expected: `a whole number of at least ${least}`, accepts };
}

function only(type: number, value: string): ConfigRule {
  return { default: value, type, expected: `${value}, nothing else here`, accepts: (it) => it === value };
}

export const TOPIC_CONFIGS: Record<string, ConfigRule> = {
  "cleanup.policy": only(7, "delete"),
  "compression.type": only(2, "producer"),
  "max.message.bytes": number(3, 1_048_588, 1),
  "message.timestamp.type": only(2, "CreateTime"),
  "min.insync.replicas": only(3, "1"),
  "retention.bytes": number(5, -1, -1),
  "retention.ms": number(5, 604_800_000, -1),
};

/** What is wrong with a configuration; undefined: nothing. */
export function configFault(name: string, value: string | null): string | undefined {
  const rule = Object.hasOwn(TOPIC_CONFIGS, name) ? TOPIC_CONFIGS[name] : undefined;
  if (!rule) return `${name}: expected one of ${Object.keys(TOPIC_CONFIGS).join(", ")}`;
  if (value !== null && rule.accepts(value)) return undefined;
  return `${name}: expected ${rule.expected}, got ${value}`;
}

/**
 * The environment: every variable, checked at start, all faults at once.
 *
 * In: `process.env`. Out: `Settings`. Errors: `ConfigError` with one line for each fault.
 * Source: design.md section 7.
 */
import { readFileSync } from "node:fs";
import { DEFAULT_TOPIC_PREFIX, topicName, TOPICS, type TopicName } from "../schemas/topics.ts";

export type SaslMechanism = "plain" | "scram-sha-256" | "scram-sha-512";

export interface Settings {
  kafka: {
    brokers: string[];
    /** True where KAFKA_BROKERS is set; false where 127.0.0.1:9092 is only the default. */
    brokersExplicit: boolean;
    ssl?: { ca?: string };
    sasl?: { mechanism: SaslMechanism; username: string; password: string };
    /** The most that a batch of records may unpack to for a reader, bytes; a larger one becomes a dead letter. */
    maxBatchBytes: number;
  };
  topics: Record<TopicName, string>;
  topicPartitions: number;
  /** Undefined = the cluster's own. */
  topicReplication?: number;
  http: {
    host: string;
    port: number;
    portExplicit: boolean;
    /** Public names, where a proxy stands before the dashboard; lower case, without port. */
    allowedHosts: string[];
  };
  /** Undefined = the service's own default (design.md section 7). */
  healthPort?: number;
  registryPath: string;
  sim: {
    breakers: number;
    meters: number;
    sensors: number;
    /** Seconds between two messages of a device; undefined = each type's own. */
    intervalS?: number;
    /** Messages per second over the whole fleet; undefined = by the intervals. */
    ratePerS?: number;
    seed?: number;
    /** Share of messages broken on purpose, 0 to 1. */
    faults: number;
  };
  dataDir: string;
  logLevel: LogLevel;
}

export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A faulty environment; `faults` has one line for each fault. */
export class ConfigError extends Error {
  override name = "ConfigError";
  constructor(readonly faults: string[]) {
    super(faults.join("\n"));
  }
}

export type Environment = Record<string, string | undefined>;

/** Reads every variable; an empty string counts as not set. */
export function readSettings(env: Environment = process.env): Settings {
  const read = new Reader(env);
  const prefix = read.text(
    "TOPIC_PREFIX",
    DEFAULT_TOPIC_PREFIX,
    /^[A-Za-z0-9._-]{1,100}$/,
    "letters, digits, . _ -",
  );
  const brokersExplicit = read.has("KAFKA_BROKERS");
  const settings: Settings = {
    kafka: {
      brokers: readBrokers(read),
      brokersExplicit,
      ssl: readSsl(read),
      sasl: readSasl(read),
      maxBatchBytes: read.integer("KAFKA_MAX_BATCH_BYTES", 33_554_432, 1_048_576, 1_073_741_824),
    },
    topics: Object.fromEntries(
      Object.keys(TOPICS).map((name) => [name, topicName(name as TopicName, prefix)]),
    ) as Record<TopicName, string>,
    topicPartitions: read.integer("TOPIC_PARTITIONS", 6, 1, 10_000),
    topicReplication: read.optionalInteger("TOPIC_REPLICATION", 1, 32),
    http: {
      host: read.text("HOST", "127.0.0.1", /^[^\s/]+$/, "a host name or address"),
      port: read.integer("PORT", 5001, 0, 65_535),
      portExplicit: read.has("PORT"),
      allowedHosts: read.has("ALLOWED_HOSTS")
        ? read
            .list(
              "ALLOWED_HOSTS",
              "",
              /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i,
              "host names without scheme or port",
            )
            .map((name) => name.toLowerCase())
        : [],
    },
    healthPort: read.optionalInteger("HEALTH_PORT", 0, 65_535),
    registryPath: read.text("REGISTRY", "config/device-registry.json", /./, "a path"),
    sim: {
      breakers: read.integer("SIM_BREAKERS", 3, 0, 100_000),
      meters: read.integer("SIM_METERS", 2, 0, 100_000),
      sensors: read.integer("SIM_SENSORS", 2, 0, 100_000),
      intervalS: read.optionalNumber("SIM_INTERVAL", 0.001, 86_400, "seconds"),
      ratePerS: read.optionalNumber("SIM_RATE", 0.001, 1_000_000, "messages per second"),
      seed: read.optionalInteger("SIM_SEED", 0, 4_294_967_295),
      faults: read.optionalNumber("SIM_FAULTS", 0, 1, "a share") ?? 0,
    },
    dataDir: read.text("DATA_DIR", "data", /./, "a path"),
    logLevel: read.oneOf("LOG_LEVEL", LOG_LEVELS, "info"),
  };
  if (read.faults.length > 0) throw new ConfigError(read.faults);
  return settings;
}

function readBrokers(read: Reader): string[] {
  const name = "KAFKA_BROKERS";
  const form = /^[^\s:,]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i;
  const brokers = read.list(name, "127.0.0.1:9092", form, "host:port");
  for (const broker of brokers)
    if (Number(broker.slice(broker.lastIndexOf(":") + 1)) > 65_535)
      read.fault(name, "a port up to 65535", broker);
  return brokers;
}

function readSsl(read: Reader): { ca?: string } | undefined {
  const caPath = read.optionalText("KAFKA_SSL_CA");
  const on = read.flag("KAFKA_SSL") || caPath !== undefined;
  if (!on) return undefined;
  if (caPath === undefined) return {};
  try {
    return { ca: readFileSync(caPath, "utf8") };
  } catch {
    read.fault("KAFKA_SSL_CA", "a readable PEM file", caPath);
    return {};
  }
}

const SASL_MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;

function readSasl(read: Reader): Settings["kafka"]["sasl"] {
  const names = ["KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"];
  if (!names.some((name) => read.has(name))) return undefined;
  for (const name of names) {
    if (!read.has(name))
      read.faults.push(`${name}: expected a value, because another KAFKA_SASL_* is set; found none`);
  }
  return {
    mechanism: read.oneOf("KAFKA_SASL_MECHANISM", SASL_MECHANISMS, "plain"),
    username: read.optionalText("KAFKA_SASL_USERNAME") ?? "",
    password: read.optionalText("KAFKA_SASL_PASSWORD") ?? "",
  };
}

/** Reads one variable at a time and gathers the faults; the value of a faulty one is its default. */
class Reader {
  readonly faults: string[] = [];
  constructor(private readonly env: Environment) {}

  has(name: string): boolean {
    return (this.env[name] ?? "") !== "";
  }

  fault(name: string, expected: string, found: string): void {
    const shown = /PASSWORD/.test(name) ? "(hidden)" : JSON.stringify(found);
    this.faults.push(`${name}: expected ${expected}, found ${shown}`);
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.env[name] : undefined;
  }

  text(name: string, fallback: string, form: RegExp, expected: string): string {
    const value = this.optionalText(name) ?? fallback;
    if (!form.test(value)) this.fault(name, expected, value);
    return value;
  }

  list(name: string, fallback: string, form: RegExp, expected: string): string[] {
    const values = (this.optionalText(name) ?? fallback)
      .split(",")
      .map((value) => value.trim())
      .filter((value) => value !== "");
    for (const value of values)
      if (!form.test(value)) this.fault(name, `${expected}, separated by commas`, value);
    if (values.length === 0) this.fault(name, `${expected}, separated by commas`, this.env[name] ?? "");
    return values;
  }

  flag(name: string): boolean {
    return ["1", "true"].includes(this.oneOf(name, ["0", "1", "false", "true"], "false"));
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const value = this.optionalText(name)?.toLowerCase();
    if (value === undefined) return fallback;
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) this.fault(name, `one of ${values.join(", ")}`, value);
    return found ?? fallback;
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    return this.optionalInteger(name, least, most) ?? fallback;
  }

  optionalInteger(name: string, least: number, most: number): number | undefined {
    const value = this.optionalText(name);
    if (value === undefined) return undefined;
    const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    this.fault(name, `a whole number from ${least} to ${most}`, value);
    return undefined;
  }

  optionalNumber(name: string, least: number, most: number, unit: string): number | undefined {
    const value = this.optionalText(name);
    if (value === undefined) return undefined;
    const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    this.fault(name, `${unit} from ${least} to ${most}`, value);
    return undefined;
  }
}

/**
 * What `bun run broker` is told: arguments first, then the environment, then the defaults.
 *
 * Out: settings, and whether the port was asked for or is only the default.
 * Errors: SettingsError that lists every fault.
 */
import { parseArgs } from "node:util";

export class SettingsError extends Error {}

export interface Settings {
  host: string;
  port: number;
  /** False: the port is the default, so a free one near it will do. */
  portIsSet: boolean;
  advertisedHost?: string;
  advertisedPort?: number;
  dataDir: string | undefined;
  autoCreateTopics: boolean;
  fsync: boolean;
}

export const USAGE = `bun run broker [--host 127.0.0.1] [--port 9092] [--data data/ | --memory]
  [--advertised-host HOST] [--advertised-port PORT] [--auto-create-topics] [--fsync] [--allow-production]
Environment: BROKER_HOST, BROKER_PORT, DATA_DIR`;

const OPTIONS = {
  host: { type: "string" },
  port: { type: "string" },
  data: { type: "string" },
  memory: { type: "boolean" },
  "advertised-host": { type: "string" },
  "advertised-port": { type: "string" },
  "auto-create-topics": { type: "boolean" },
  fsync: { type: "boolean" },
  "allow-production": { type: "boolean" },
} as const;

export function readSettings(args: string[], env: Record<string, string | undefined>): Settings {
  const values = parse(args);
  const faults: string[] = [];
  const portOf = (name: string, text: string | undefined) => {
    if (text === undefined || (/^\d{1,5}$/.test(text) && Number(text) <= 65_535)) return Number(text ?? 0);
    faults.push(`${name}: expected a port of 0 to 65535, got ${text}`);
    return 0;
  };
  const port = values.port ?? env.BROKER_PORT;
  const settings: Settings = {
    host: values.host ?? env.BROKER_HOST ?? "127.0.0.1",
    port: port === undefined ? 9092 : portOf("port", port),
    portIsSet: port !== undefined,
    dataDir: values.memory ? undefined : (values.data ?? env.DATA_DIR ?? "data/"),
    autoCreateTopics: values["auto-create-topics"] ?? false,
    fsync: values.fsync ?? false,
  };
  if (values["advertised-host"] !== undefined) settings.advertisedHost = values["advertised-host"];
  const advertisedPort = values["advertised-port"];
  if (advertisedPort !== undefined) settings.advertisedPort = portOf("advertised-port", advertisedPort);
  if (env.NODE_ENV === "production" && !values["allow-production"]) {
    faults.push(
      "NODE_ENV is production: this broker is for development; use Redpanda or Apache Kafka, or --allow-production",
    );
  }
  if (faults.length > 0) throw new SettingsError(faults.join("\n"));
  return settings;
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

/** `bun run broker`: the embedded broker as a program. One ready line; SIGTERM or SIGINT stops it. */
import { parseArgs } from "node:util";
import { type BrokerOptions, type RunningBroker, startBroker } from "./broker.ts";
import { FolderInUse } from "./database.ts";
import { FOLDER_IN_USE } from "./exit-codes.ts";

const USAGE = `usage: bun run broker [--host 127.0.0.1] [--port 9092] [--data data/ | --memory]
  [--advertised-host HOST] [--advertised-port PORT] [--auto-create-topics] [--fsync] [--allow-production]
environment: BROKER_HOST, BROKER_PORT, DATA_DIR; an argument takes precedence`;
/** The default one, and how many behind it are tried when it is taken. */
const PORT = { first: 9092, next: 20 };

function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof FolderInUse ? FOLDER_IN_USE : 1);
}

function readArguments() {
  if (process.argv.slice(2).some((arg) => arg === "--help" || arg === "-h")) {
    console.log(USAGE);
    process.exit(0);
  }
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = { host: text, port: text, data: text, memory: flag, fsync: flag, "allow-production": flag };
  const advertised = { "advertised-host": text, "advertised-port": text, "auto-create-topics": flag };
  try {
    return parseArgs({ args: process.argv.slice(2), options: { ...options, ...advertised } }).values;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

function toPort(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) < 65_536) return Number(value);
  return fail(`${name}: expected a port of 0 to 65535, got ${value}`);
}

/** Starts on the port that was asked for, or else on the first free one from the default on. */
async function start(options: BrokerOptions): Promise<RunningBroker> {
  const first = options.port ?? PORT.first;
  for (let port = first; ; port++) {
    try {
      return await startBroker({ ...options, port });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
      const isLast = options.port !== undefined || port === first + PORT.next;
      if (isLast) throw new Error(`${options.host}:${port} is taken`);
      console.info(`port ${port} is taken`);
    }
  }
}

const values = readArguments();
if (process.env.NODE_ENV === "production" && !values["allow-production"])
  fail("NODE_ENV is production, and this broker is for development: --allow-production runs it anyway");
const dataDir = values.memory ? undefined : values.data || process.env.DATA_DIR || "data/";
const broker = await start({
  host: values.host || process.env.BROKER_HOST || "127.0.0.1",
  port: toPort("port", values.port || process.env.BROKER_PORT || undefined),
  advertisedHost: values["advertised-host"],
  advertisedPort: toPort("advertised-port", values["advertised-port"]),
  dataDir,
  autoCreateTopics: values["auto-create-topics"],
  fsync: values.fsync,
  log: console,
}).catch(fail);
for (const signal of ["SIGTERM", "SIGINT"])
  process.on(signal, () => void broker.stop().then(() => process.exit(0)));
const place = dataDir === undefined ? "in memory" : `data in ${dataDir}`;
console.info(`ready on ${broker.host}:${broker.port}, cluster ${broker.clusterId}, ${place}`);

/** `bun run broker`: the embedded broker as a program. One ready line; SIGTERM or SIGINT stops it. */
import { type RunningBroker, startBroker } from "./broker.ts";
import { DataFolderError } from "./database.ts";
import { readSettings, type Settings, SettingsError } from "./settings.ts";

/** Ports tried after the default one. */
const NEXT_PORTS = 20;

const log = {
  info: (message: string) => console.log(`broker: ${message}`),
  warn: (message: string) => console.warn(`broker: ${message}`),
  error: (message: string) => console.error(`broker: ${message}`),
};

function fail(message: string): never {
  for (const line of message.split("\n")) log.error(line);
  process.exit(1);
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

async function start(settings: Settings): Promise<RunningBroker> {
  const last = settings.portIsSet ? settings.port : settings.port + NEXT_PORTS;
  for (let port = settings.port; port <= last; port++) {
    try {
      return await startBroker({ ...settings, port, log });
    } catch (error) {
      if (error instanceof DataFolderError) fail(error.message);
      if (!isPortTaken(error))
        fail(`${settings.host}:${port}: ${error instanceof Error ? error.message : error}`);
      if (!settings.portIsSet) log.info(`port ${port} is taken`);
    }
  }
  const ports = settings.portIsSet ? `${settings.port} is` : `${settings.port} to ${last} are all`;
  fail(`${settings.host}: port ${ports} taken`);
}

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  const broker = await start(settings);
  const place = settings.dataDir === undefined ? "in memory" : `data in ${settings.dataDir}`;
  log.info(`ready on ${broker.host}:${broker.port}, cluster ${broker.clusterId}, ${place}`);
  const stop = () => {
    void broker.stop().then(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

try {
  await main();
} catch (error) {
  if (error instanceof SettingsError) fail(error.message);
  throw error;
}

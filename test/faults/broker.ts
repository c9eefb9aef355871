/** The embedded broker as `bun run broker` starts it, but for the check of records: readers are to meet what others store. */
import { parseArgs } from "node:util";
import { startBroker } from "../../broker/broker.ts";

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { port: text, "advertised-port": text, data: text } });
const broker = await startBroker({
  port: Number(values.port),
  advertisedPort: Number(values["advertised-port"]),
  dataDir: values.data,
  log: console,
  validate: false,
});
for (const signal of ["SIGTERM", "SIGINT"])
  process.on(signal, () => void broker.stop().then(() => process.exit(0)));
console.info(`ready on ${broker.host}:${broker.port}`);

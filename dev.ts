/**
 * `bun run dev`: everything on one machine, from one command.
 *
 * Broker (embedded, unless KAFKA_BROKERS is set) -> preflight (registry, topics) -> the services of the table below,
 * each restarted with back-off; a banner with the addresses when all are ready; Ctrl-C ends all within 3 s, and so does the end
 * of whatever started this: npx, a shell, a terminal.
 */
import "./runtime/no-proxy.ts";
import { FOLDER_IN_USE } from "./broker/exit-codes.ts";
import { ConfigError, readSettings, type Settings } from "./config/env.ts";
import { HEAP_ENV } from "./runtime/heap-env.ts";
import { paint } from "./runtime/log-text.ts";
import { accepts, isFree } from "./runtime/port.ts";
import { type ChildProgram, Supervisor } from "./runtime/supervisor.ts";
import { claimPort } from "./runtime/supervisor-ports.ts";
import { watchStarters } from "./runtime/supervisor-starter.ts";
import { showUsage } from "./runtime/usage.ts";
import { urlOf } from "./runtime/url.ts";

/** A new service adds a row, here and in docker-compose.yml. */
const SERVICES = [
  { name: "simulator", variable: "HEALTH_PORT", port: 5011, more: {} },
  { name: "enrich", variable: "HEALTH_PORT", port: 5012, more: HEAP_ENV },
  { name: "dashboard", variable: "PORT", port: 5001, more: {} },
] as const;

const USAGE = `bun run dev   everything on this machine: broker, simulated devices, enrichment, dashboard; Ctrl-C stops everything
environment: KAFKA_BROKERS (then no broker is started), PORT, SIM_BREAKERS, SIM_FAULTS and more; docs/settings.md`;
const BROKER_PORT = 9092;
/** `bun run` forwards a Ctrl-C that the terminal has sent already. */
const REPEATED_SIGNAL_MS = 800;
/** What takes longer is said, and then again and again. */
const PATIENCE = { firstMs: 5_000, thenMs: 10_000 };

showUsage(USAGE, []);
const started = performance.now();
const supervisor = new Supervisor(Math.max(...SERVICES.map(({ name }) => name.length)));
let stopping: number | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end(0));
watchStarters(() => void end(0));
// A terminal that was closed takes no more lines; the services are to stop in order all the same.
process.stdout.on("error", () => {});

try {
  await start(readSettings());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  for (const fault of error.faults) console.error(fault);
  process.exit(1);
}

async function start(settings: Settings): Promise<void> {
  const { host } = settings.http;
  /** Ports that another service is going to listen on. */
  const promised = new Set<number>(SERVICES.map(({ port }) => port));
  const programs = SERVICES.map(({ name, variable, port, more }) => {
    const explicit = variable === "PORT" && settings.http.portExplicit;
    const wanted = explicit ? settings.http.port : port;
    const chosen = claimPort(host, wanted, explicit, variable, promised);
    promised.add(chosen);
    if (chosen !== wanted) supervisor.say("dev", `port ${wanted} is taken: ${name} uses ${chosen}\n`);
    return { name, args: [`${name}/main.ts`], port: chosen, env: { ...more, [variable]: String(chosen) } };
  });
  const brokers = settings.kafka.brokersExplicit
    ? settings.kafka.brokers.join(",")
    : await startBroker(settings);
  const env = { KAFKA_BROKERS: brokers };

  const preflight = supervisor.once({ name: "preflight", args: ["runtime/preflight.ts"], env });
  const code = await saying(() => `the topics on ${brokers} to be there (preflight)`, preflight);
  if (stopping !== undefined) return;
  if (code !== 0) return end(code);

  for (const { name, args, env: own } of programs) supervisor.keep({ name, args, env: { ...env, ...own } });
  await Promise.all(programs.map(({ name, port }) => ready(name, `${urlOf(host, port)}/readyz`)));
  if (stopping === undefined) banner(brokers, programs, settings);
}

/** The embedded broker, on 9092 or the next free port; its end before it is ready ends everything. */
async function startBroker(settings: Settings): Promise<string> {
  const port = claimPort("127.0.0.1", BROKER_PORT, false, "KAFKA_BROKERS");
  if (port !== BROKER_PORT)
    supervisor.say("dev", `port ${BROKER_PORT} is taken: the embedded broker uses ${port}\n`);
  const program: ChildProgram = {
    name: "broker",
    args: ["broker/main.ts", "--port", String(port)],
    env: { DATA_DIR: settings.dataDir },
  };
  let up = false;
  supervisor.keep(program, (code) => {
    if (!up) {
      if (code === FOLDER_IN_USE)
        supervisor.say(
          "dev",
          "another dev is running in this folder: stop it, or set DATA_DIR to another one\n",
        );
      // All ends now: the broker is not started again.
      void supervisor.stop(["broker"]);
      void end(1);
    }
    // Everybody knows the broker by this port, so it waits for it.
    else if (!isFree("127.0.0.1", port))
      supervisor.say(
        "dev",
        `another program has taken port ${port}: stop it, or stop this one and start again\n`,
      );
  });
  const there = until(() => stopping !== undefined || accepts(port));
  await saying(() => `the embedded broker to listen on 127.0.0.1:${port}`, there);
  up = true;
  return `127.0.0.1:${port}`;
}

/** Services first, so that they can commit and leave their groups; the broker last. */
async function end(code: number): Promise<void> {
  const now = performance.now();
  if (stopping !== undefined) {
    if (now - stopping > REPEATED_SIGNAL_MS) supervisor.kill();
    return;
  }
  stopping = now;
  await supervisor.stop(["preflight", ...SERVICES.map(({ name }) => name)]);
  await supervisor.stop();
  process.exit(code);
}

async function ready(name: string, url: string): Promise<void> {
  let found = "";
  const isReady = async () => {
    const answer = await fetch(url).catch((error: Error) => error);
    if (answer instanceof Error) found = answer.message;
    else found = ((await answer.json()) as { reasons: string[] }).reasons.join("; ");
    return answer instanceof Response && answer.ok;
  };
  const there = until(async () => stopping !== undefined || (await isReady()));
  await saying(() => `${name} to be ready: ${url}: ${found}`, there);
}

/** While it takes long, says what is waited for. */
async function saying<T>(what: () => string, there: Promise<T>): Promise<T> {
  const say = () => {
    if (stopping === undefined) supervisor.say("dev", `waiting for ${what()}\n`);
    timer = setTimeout(say, PATIENCE.thenMs);
  };
  let timer = setTimeout(say, PATIENCE.firstMs);
  return there.finally(() => clearTimeout(timer));
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await Bun.sleep(100);
}

function banner(brokers: string, programs: { name: string; port: number }[], settings: Settings): void {
  const { host } = settings.http;
  const portOf = (name: string) => programs.find((program) => program.name === name)?.port;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const lines = [
    ["Dashboard", urlOf(host, portOf("dashboard"))],
    ["API", `${urlOf(host, portOf("dashboard"))}/api/stats`],
    ["Kafka", `${brokers}   (kcat -b ${brokers.split(",")[0]} -C -t ${settings.topics.enriched})`],
    ["Health", programs.map(({ name, port }) => `${name} :${port}`).join("  ")],
    ["Registry", settings.registryPath],
    ["Data", settings.kafka.brokersExplicit ? "in your Kafka" : settings.dataDir],
  ] as const;
  const colour = process.stdout.isTTY;
  console.log(`\n  ${paint("IoT Cloud is running", "1", colour)} (${seconds} s). Ctrl-C stops everything.\n`);
  for (const [label, text] of lines) console.log(`  ${paint(label.padEnd(10), "2", colour)} ${text}`);
  console.log("");
}

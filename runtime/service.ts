/**
 * What every long-running program shares: settings, log, Kafka client, health, heartbeat, a clean stop.
 *
 * In: a name and `start(context)`. Out: a process that answers /livez, /readyz, /metrics, sends a heartbeat each
 * 5 s and ends with 0 on SIGTERM or SIGINT within 2 s.
 * Errors: faults of the configuration, one a line, exit 1; a crash of the service, exit 1.
 */
import { hostname } from "node:os";
import packageJson from "../package.json" with { type: "json" };
import { ConfigError, readSettings, type Settings } from "../config/env.ts";
import type { Heartbeat } from "../config/topic-specs.ts";
import { createKafka, type Kafka } from "../kafka/client.ts";
import { type HealthSource, serveHealth } from "./health.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { listenWithRoom } from "./listen.ts";
import { createLog, type Log } from "./log.ts";
import { createMetrics, type Registry } from "./metrics.ts";
import { choosePort } from "./port.ts";
import { urlOf } from "./url.ts";

export interface ServiceContext {
  name: string;
  version: string;
  /** host:pid */
  instance: string;
  startedAt: Date;
  settings: Settings;
  log: Log;
  kafka: Kafka;
  metrics: Registry;
  /** The service's health, for one that serves /livez, /readyz and /metrics among its own pages. */
  health: HealthSource;
  /** Ends the process with 1: for what no retry can mend. */
  crash(error: unknown): never;
}

export interface RunningService {
  /** Why it is not ready; empty when it is. */
  health(): string[];
  counters?(): Record<string, number>;
  /** Messages behind, over all partitions. */
  lag?(): number | undefined;
  registry?(): Heartbeat["registry"];
  /** Finishes what is in hand. */
  stop(): Promise<void>;
}

export interface ServiceDefinition {
  name: string;
  /** Default of HEALTH_PORT; null for a service with a port of its own that mounts `context.health`. */
  healthPort: number | null;
  start(context: ServiceContext): Promise<RunningService>;
}

/** A stop that takes longer is cut off, with exit code 1. */
const STOP_LIMIT_MS = 1_900;

export async function runService(definition: ServiceDefinition): Promise<void> {
  const settings = exitOnFaults(definition.name, () => readSettings());
  const { name } = definition;
  const version = packageJson.version;
  const log = createLog(name, settings.logLevel);
  const instance = `${hostname()}:${process.pid}`;
  const startedAt = new Date();
  let running: RunningService | undefined;
  let state: "starting" | "running" | "stopping" = "starting";

  const reasons = () =>
    state === "running" && running
      ? running.health()
      : [`${name} is ${state}`, ...(state === "starting" ? kafka.trouble() : [])];
  const kafka = createKafka({ ...settings.kafka, clientId: `iot-${name}` }, log);
  const metrics = createMetrics(name, version);
  const health: HealthSource = { reasons, metrics };
  const crash = (error: unknown): never => {
    if (error instanceof ConfigError) for (const fault of error.faults) log.fatal(fault);
    else
      log.fatal(
        `${name} cannot continue: ${error instanceof Error ? error.message : String(error)}`,
        trace(error),
      );
    process.exit(1);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);

  let heartbeat: { stop(): Promise<void> } | undefined;
  const stop = async (signal: string) => {
    if (state === "stopping") return;
    state = "stopping";
    log.debug(`${signal}: stopping`);
    setTimeout(() => {
      log.error(`stop took longer than ${STOP_LIMIT_MS} ms: cut off`);
      process.exit(1);
    }, STOP_LIMIT_MS).unref();
    // A service that never came up (brokers away) has nothing in hand.
    await Promise.all([running?.stop(), heartbeat?.stop()]).catch(crash);
    log.info("stopped");
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop(signal));

  const context: ServiceContext = {
    name,
    version,
    instance,
    startedAt,
    settings,
    log,
    kafka,
    metrics,
    health,
    crash,
  };
  try {
    if (definition.healthPort !== null) serveOwnHealth(definition.healthPort, settings, log, health);
    running = await definition.start(context);
  } catch (error) {
    crash(error);
  }
  if (state === "starting") state = "running";
  heartbeat = startHeartbeat(context, () => ({
    state: state === "stopping" ? "stopping" : reasons().length === 0 ? "ready" : "degraded",
    reasons: reasons(),
    counters: running?.counters?.() ?? {},
    lag: running?.lag?.(),
    registry: running?.registry?.(),
  }));
}

function serveOwnHealth(defaultPort: number, settings: Settings, log: Log, health: HealthSource): void {
  const { host, allowedHosts } = settings.http;
  const wanted = settings.healthPort ?? defaultPort;
  const port = choosePort(host, wanted, settings.healthPort !== undefined, "HEALTH_PORT");
  const server = listenWithRoom((it) => serveHealth(host, it, health, allowedHosts), port, log);
  log.info(`health on ${urlOf(host, server.port)}/readyz`);
}

function exitOnFaults<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) console.error(`${name}: ${fault}`);
    process.exit(1);
  }
}

function trace(error: unknown): object {
  return error instanceof Error ? { stack: error.stack } : {};
}

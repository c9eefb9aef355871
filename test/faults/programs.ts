/**
 * The programs that faults happen to: enrichers and a broker, real entry files as processes that can be killed, frozen and ordered.
 *
 * In: addresses. Out: handles. Errors: what a program printed. Everything dies with the test's process.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Process, start, until } from "../processes.fixture.ts";
import { startQuickKafka } from "../real/apache-kafka.fixture.ts";
import { give, NO_ORDERS, type Orders, wasMet } from "./orders.ts";
import { type FaultProxy, startProxy } from "./proxy.ts";

export interface Program {
  process: Process;
  order(orders: Orders): void;
  /** It has come to the point of the crash or stall with this mark. */
  met(mark: string): boolean;
  /** What it is under now. */
  orders: Orders;
  /** Until it may go on, if it was frozen. */
  frozen?: Promise<void>;
}

export interface Broker {
  proxy: FaultProxy;
  /** For KAFKA_BROKERS: the proxy's. */
  brokers: string;
  /** Its own, past the proxy. */
  port: number;
  /** The process that may be frozen. */
  program(): Program;
  /** Ends it, `hard` by -9, and starts it again on the same port and data after a while. */
  restart(hard: boolean, downMs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface EnricherOptions {
  brokers: string;
  sessionMs?: number;
  partitions: number;
}

const folder = mkdtempSync(join(tmpdir(), "iot-faults-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** Runs `entry` with the crash points in it. */
function startOrdered(entry: string, env: Record<string, string>, args: string[] = []): Program {
  const path = join(folder, `orders-${++count}.json`);
  give(path, NO_ORDERS);
  const command = [process.execPath, "--preload", "./test/faults/preload.ts", entry, ...args];
  const program: Program = {
    process: start(`${entry} #${count}`, command, { ...env, FAULT_FILE: path }),
    orders: NO_ORDERS,
    order(orders) {
      program.orders = orders;
      give(path, orders);
    },
    met: (mark) => wasMet(path, mark),
  };
  return program;
}

export function startEnricher({ brokers, sessionMs, partitions }: EnricherOptions): Program {
  return startOrdered("enrich/main.ts", {
    KAFKA_BROKERS: brokers,
    TOPIC_PARTITIONS: `${partitions}`,
    HEALTH_PORT: "0",
    ...(sessionMs === undefined ? {} : { FAULT_SESSION_MS: `${sessionMs}` }),
  });
}

/** The embedded broker behind a proxy, its data in a folder of the run. */
export async function startEmbedded(): Promise<Broker> {
  const proxy = await startProxy();
  const port = freePort();
  const data = join(folder, `broker-${port}`);
  const args = ["--port", `${port}`, "--advertised-port", `${proxy.port}`, "--data", data];
  const run = async (): Promise<Program> => {
    const program = startOrdered("test/faults/broker.ts", {}, args);
    const { process: child } = program;
    await until("the broker is ready", () => child.output().includes("ready on"), {
      everyMs: 5,
      alive: [child],
    });
    return program;
  };
  let program = await run();
  proxy.aim(port);
  return {
    proxy,
    port,
    brokers: `127.0.0.1:${proxy.port}`,
    program: () => program,
    restart: oneAfterTheOther(async (hard, downMs) => {
      program.process.kill(hard ? "SIGKILL" : "SIGTERM");
      await program.process.exited;
      await Bun.sleep(downMs);
      program = await run();
    }),
    async stop() {
      proxy.stop();
      await program.process.stop();
    },
  };
}

/** Overlapping faults may want two restarts at once. */
function oneAfterTheOther(restart: Broker["restart"]): Broker["restart"] {
  let restarting = Promise.resolve();
  return (hard, downMs) => {
    restarting = restarting.then(() => restart(hard, downMs));
    return restarting;
  };
}

/** Apache Kafka behind a proxy: no orders, so its clock stays right. */
export async function startKafka(): Promise<Broker> {
  const proxy = await startProxy();
  const port = freePort();
  const config = {
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${proxy.port}`,
    // What a producer has left open is aborted soon after its time.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": 500,
  };
  const kafka = await startQuickKafka({ port, config });
  proxy.aim(port);
  return {
    proxy,
    port,
    brokers: `127.0.0.1:${proxy.port}`,
    program: () => ({ process: kafka.process, order() {}, met: () => false, orders: NO_ORDERS }),
    restart: oneAfterTheOther(kafka.restart),
    async stop() {
      proxy.stop();
      await kafka.stop();
    },
  };
}

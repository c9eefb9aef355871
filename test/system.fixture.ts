/**
 * The whole system as child processes of a test: the real entry files on free ports, driven by variables alone.
 *
 * In: the brokers. Out: the running services, and how to bring them to rest. Errors: what a service printed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stats } from "../schemas/api.ts";
import { GROUPS, topicName } from "../schemas/topics.ts";
import { committedOffsets, endOffsets } from "../audit/read-topic.ts";
import { freePort, type Process, startEntry, until } from "./processes.fixture.ts";

export interface Cluster {
  /** For KAFKA_BROKERS. */
  brokers: string;
  stop(): Promise<void>;
}

export interface Service {
  process: Process;
  /** The address of /livez, /readyz and /metrics. */
  url: string;
}

/** The embedded broker as a process of its own, its data in a folder that `stop` removes; one that is given stays. */
export async function startEmbeddedBroker(given?: string): Promise<Cluster & { process: Process }> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), "iot-broker-")));
  const port = freePort();
  const broker = startEntry("broker/main.ts", { DATA_DIR: folder }, ["--port", `${port}`]);
  await until("the embedded broker is ready", () => broker.output().includes(`ready on 127.0.0.1:${port}`), {
    alive: [broker],
  });
  const stop = async () => {
    await broker.stop();
    if (folder !== given) await rm(folder, { recursive: true, force: true });
  };
  return { brokers: `127.0.0.1:${port}`, process: broker, stop };
}

export async function createTopics({ brokers }: Cluster, partitions = 3): Promise<void> {
  const env = { KAFKA_BROKERS: brokers, TOPIC_PARTITIONS: `${partitions}` };
  const command = startEntry("runtime/prepare-topics.ts", env);
  await until("the topics are there", () => command.exitCode() !== null);
  if (command.exitCode() !== 0)
    throw new Error(`runtime/prepare-topics.ts ended with ${command.exitCode()}\n${command.tail()}`);
}

export type ServiceName = "simulator" | "enrich" | "dashboard";

/** Starts one service; it need not be ready yet. */
export function startService(name: ServiceName, cluster: Cluster, env: Record<string, string> = {}): Service {
  const port = freePort();
  const settings = {
    KAFKA_BROKERS: cluster.brokers,
    TOPIC_PARTITIONS: "3",
    [name === "dashboard" ? "PORT" : "HEALTH_PORT"]: `${port}`,
    ...env,
  };
  return { process: startEntry(`${name}/main.ts`, settings), url: `http://127.0.0.1:${port}` };
}

export async function ready({ process, url }: Service, withinMs = 20_000): Promise<void> {
  await until(`${process.name} is ready`, async () => (await fetch(`${url}/readyz`)).status === 200, {
    withinMs,
    alive: [process],
  });
}

/** An answer of the dashboard's API; where the process has ended, what it said last. */
export async function api<T>({ process, url }: Service, path: string): Promise<T> {
  const response = await fetch(`${url}/api/${path}`).catch((error: Error) => {
    const end = process.exitCode();
    throw new Error(
      `${path}: ${error.message}${end === null ? "" : `; ended with ${end}\n${process.tail()}`}`,
    );
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

export const stats = (dashboard: Service): Promise<Stats> => api(dashboard, "stats");

/** With no producer running: waits until the enrichers have committed the last raw message; gives how many there are. */
export async function drained({ brokers }: Cluster, withinMs = 30_000): Promise<number> {
  const raw = topicName("raw");
  const ends = await endOffsets(brokers, raw);
  await until(
    `group ${GROUPS.enrich} has committed ${ends}`,
    async () => {
      const committed = await committedOffsets(brokers, GROUPS.enrich, raw);
      return ends.every((end, partition) => Math.max(0, committed[partition] ?? 0) >= end);
    },
    { withinMs, everyMs: 200 },
  );
  return ends.reduce((sum, end) => sum + end, 0);
}

/** The value of a metric, summed over its labels. */
export async function metric({ url }: Service, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** Ends the services one after the other; gives how each one ended. */
export async function stopAll(services: Service[]): Promise<{ name: string; code: number; ms: number }[]> {
  const ends = [];
  for (const { process } of services) ends.push({ name: process.name, ...(await process.stop()) });
  return ends;
}

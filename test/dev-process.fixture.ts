/** `bun run dev` as a child process of a test, and its own children. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../runtime/supervisor-starter.ts";
import type { Stats } from "../schemas/api.ts";
import { freePort, type Process, runProgram, startEntry, until } from "./processes.fixture.ts";

const started: { child: Process; folder: string }[] = [];

/** With a data folder and a port of its own. */
export async function dev(env: Record<string, string> = {}): Promise<Process> {
  const folder = await mkdtemp(join(tmpdir(), "iot-dev-"));
  const child = startEntry("dev.ts", { DATA_DIR: folder, PORT: `${freePort()}`, ...env });
  started.push({ child, folder });
  return child;
}

/** Where its broker keeps the messages, also when it has ended. */
export function dataOf(child: Process): string {
  return started.find((one) => one.child === child)?.folder ?? "";
}

/** For `afterEach`: the services are in process groups of their own, so what a failed test left is ended one by one. */
export async function endAll(): Promise<void> {
  for (const { child, folder } of started.splice(0)) {
    const services = [...(await childrenOf(child)).values()];
    await child.stop();
    for (const pid of services) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits for the banner; gives the address of the dashboard. */
export async function running(child: Process): Promise<string> {
  await until("the banner", () => child.output().includes("IoT Cloud is running"), { alive: [child] });
  return until("the dashboard's address", () => /Dashboard\s+(http:\S+)/.exec(child.output())?.[1]);
}

export async function enriched(url: string): Promise<number> {
  const stats = (await (await fetch(`${url}/api/stats`)).json()) as Stats;
  return stats.total_enriched_messages;
}

/** Process ids of the services that are running, by name. */
export async function childrenOf({ pid }: Process): Promise<Map<string, number>> {
  const children = (await processes()).filter(({ parent }) => parent === pid);
  return new Map(children.map((child) => [/(\w+)\/main\.ts/.exec(child.args)?.[1] ?? child.args, child.pid]));
}

/** A process and all that it and its children have started. */
export async function familyOf(pid: number): Promise<number[]> {
  const rows = await processes();
  const family = [pid];
  // Grows while it is walked.
  for (const one of family)
    family.push(...rows.filter(({ parent }) => parent === one).map((child) => child.pid));
  return family;
}

async function processes(): Promise<{ pid: number; parent: number; args: string }[]> {
  const lines = (await runProgram(["ps", "-A", "-o", "pid=,ppid=,args="])).trim().split("\n");
  return lines.map((line) => {
    const [pid, parent, ...args] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), args: args.join(" ") };
  });
}

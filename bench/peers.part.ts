/**
 * What bench/peers.ts needs beside its table: the peers as commands, the Streams peer's build, one run of a peer, and its check.
 *
 * The build goes to the cache folder of `.ci/run`, under a name made of its sources: offline first, never into the tree.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Kafka } from "../kafka/client.ts";
import { endOffsets } from "../kafka/admin.ts";
import { fetchMessage } from "../kafka/fetch-one.ts";
import { HEAP_ENV } from "../runtime/heap-env.ts";
import { ROOT, start, until } from "../test/processes.fixture.ts";
import { part, partPath } from "../test/real/parts.fixture.ts";
import { used } from "./used.part.ts";

export interface Peer {
  name: string;
  /** Whose work: our enrich(), or the original's. */
  work: "enrich" | "original";
  passes: number;
  /** A share of the messages, for a slow one. */
  share: number;
  /** Before the arguments that all share. */
  command: string[];
  /** Arguments that follow them. */
  more: string[];
}

export interface Pass {
  messages: number;
  /** User and system time of the whole process, s. */
  cpu: number;
  wall: number;
  /** The largest of the process so far, MiB. */
  memory: number;
}

const FOLDER = join(ROOT, "bench/peers");
const RUN_LIMIT_MS = 240_000;
const BUILD_LIMIT_MS = 120_000;

export function inTypeScript(file: string, work: Peer["work"], bareFolder: string): Peer {
  const command = [process.execPath, join(FOLDER, `${file}.ts`)];
  return { name: file, work, passes: 2, share: 1, command, more: [work, bareFolder] };
}

/** A peer, or why it is skipped. */
export function inPython(): Peer | string {
  const { path, hint } = part("python-kafka");
  if (path === undefined) return `kafka-python: no python-kafka (${hint})`;
  const command = [path, "-I", join(FOLDER, "enrich.py")];
  return { name: "kafka-python", work: "original", passes: 1, share: 0.05, command, more: [] };
}

/** A peer, or why it is skipped. The third pass is what its JIT comes to. */
export async function inJava(): Promise<Peer | string> {
  const sources = ["pom.xml", "Enrich.java"].map((file) => readFileSync(join(FOLDER, file), "utf8"));
  const cache = join(Bun.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "iot-cloud");
  const folder = join(cache, `peers-${Bun.hash(sources.join("")).toString(16)}`);
  const problem = existsSync(folder) ? undefined : await build(folder);
  if (problem !== undefined) return `Kafka Streams: ${problem}`;
  const classPath = `${join(folder, "classes")}:${join(folder, "lib/*")}`;
  const command = [partPath("java"), "-Xms256m", "-Xmx512m", "-cp", classPath, "Enrich"];
  return { name: "Kafka Streams", work: "original", passes: 3, share: 1, command, more: [] };
}

/** Builds beside the final folder first, so that a build that is cut short leaves no half of it. */
async function build(folder: string): Promise<string | undefined> {
  const maven = Bun.which("mvn");
  if (!maven || !Bun.which("javac"))
    return "no Maven or no javac (apt-get install maven openjdk-17-jdk-headless)";
  const beside = `${folder}.part.${process.pid}`;
  mkdirSync(beside, { recursive: true });
  const goals = ["compile", "dependency:copy-dependencies"];
  const places = [`-Dpeers.build=${beside}`, `-DoutputDirectory=${join(beside, "lib")}`];
  for (const offline of [["-o"], []]) {
    const command = [maven, "-q", "-B", ...offline, "-f", join(FOLDER, "pom.xml"), ...goals, ...places];
    const child = Bun.spawn(command, { stdout: "ignore", stderr: "ignore", timeout: BUILD_LIMIT_MS });
    if ((await child.exited) !== 0) continue;
    renameSync(beside, folder);
    return undefined;
  }
  rmSync(beside, { recursive: true });
  return "Maven cannot build it (mvn -f bench/peers/pom.xml compile says why)";
}

/** One process, its passes one after the other; what each took. */
export async function runPeer(peer: Peer, brokers: string, raw: string, messages: number): Promise<Pass[]> {
  const registry = join(ROOT, "test/registry/device-registry.json");
  const shared = [brokers, raw, outputOf(peer), `${messages}`, `${peer.passes}`, registry];
  const began = performance.now();
  const program = start(peer.name, [...peer.command, ...shared, ...peer.more], HEAP_ENV);
  const passes: Pass[] = [];
  const before = { cpu: 0, wall: 0 };
  try {
    for (let pass = 1; pass <= peer.passes; pass++) {
      const isDone = () => program.output().includes(`done ${pass}\n`);
      await until(`${peer.name}, pass ${pass}`, isDone, {
        withinMs: RUN_LIMIT_MS,
        everyMs: 10,
        alive: [program],
      });
      const now = { ...used(program.pid), wall: (performance.now() - began) / 1000 };
      passes.push({ messages, cpu: now.cpu - before.cpu, wall: now.wall - before.wall, memory: now.memory });
      Object.assign(before, now);
    }
  } finally {
    program.kill("SIGKILL");
    await program.exited;
  }
  return passes;
}

function outputOf({ name, work }: Peer): string {
  return `${name.replaceAll(" ", "-")}-${work}`;
}

export function outputsOf(peer: Peer): string[] {
  return Array.from({ length: peer.passes }, (_, at) => `${outputOf(peer)}-${at + 1}`);
}

/** Holds an output topic against the raw one: as many messages in each partition, the first and the last of the same device. */
export async function check(kafka: Kafka, raw: string, output: string): Promise<{ bytes: number }> {
  let bytes = 0;
  const [wanted, found] = await Promise.all([endOffsets(kafka, raw), endOffsets(kafka, output)]);
  for (const [at, { partition, high }] of wanted.entries()) {
    const got = found[at]?.high;
    if (got !== high) throw new Error(`${output}[${partition}]: expected ${high} messages, found ${got}`);
    for (const offset of [0, high - 1]) {
      const [from, to] = await Promise.all(
        [raw, output].map((topic) => fetchMessage(kafka, topic, partition, offset)),
      );
      const message = JSON.parse(String(to?.value));
      const isSame = String(from?.key) === String(to?.key) && message.device_id === String(from?.key);
      if (!isSame || message.device_metadata?.device_type !== "smart_breaker")
        throw new Error(`${output}[${partition}]@${offset}: ${to?.key} is not the enriched ${from?.key}`);
      bytes = to?.value?.length ?? 0;
    }
  }
  return { bytes };
}

/**
 * What does a message cost our loop, and what does it cost kafkajs, @platformatic/kafka, kafka-python and Kafka Streams?
 *
 * One Apache Kafka, three partitions, the original system's sample message in one topic; each peer (bench/peers/) is a process of
 * its own that consumes, works, produces with zstd and acks=all to the same partition, and commits. Messages per CPU second of
 * the whole process. The first pass is cold, start-up included; the last has warm code. Every output topic is counted afterwards.
 * Linux (/proc). Without Java or Kafka's jars nothing is measured; a peer whose language is missing is said and left out.
 * About 5 minutes; ends by itself. An argument is the number of messages. Exit code 1 if ours is not the best of its work.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createKafka } from "../kafka/client.ts";
import { startApacheKafka } from "../test/real/apache-kafka.fixture.ts";
import { part } from "../test/real/parts.fixture.ts";
import { createTopics, fill, unpatched } from "./kafka.part.ts";
import {
  check,
  inJava,
  inPython,
  inTypeScript,
  outputsOf,
  type Pass,
  type Peer,
  runPeer,
} from "./peers.part.ts";

const MESSAGES = Number(process.argv[2] ?? 200_000);
const PARTITIONS = 3;
/** What fails throws too. */
const QUIET = { info() {}, warn() {}, error() {} };

for (const name of ["java", "kafka-jars"] as const) {
  const { path, hint } = part(name);
  if (path !== undefined) continue;
  console.log(`nothing measured: no ${name} (${hint})`);
  process.exit(0);
}

interface Result {
  peer: Peer;
  passes: Pass[];
  bytes: number;
}

const folder = await mkdtemp(join(tmpdir(), "bench-peers-"));
const { peers, skipped } = await collectPeers();
const server = await startApacheKafka();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
try {
  const kafka = createKafka({ brokers: [server.brokers], clientId: "bench" }, QUIET);
  const results: Result[] = [];
  for (const share of new Set(peers.map((peer) => peer.share))) {
    await createTopics(kafka, [rawOf(share)], PARTITIONS);
    await fill(kafka, rawOf(share), MESSAGES * share);
  }
  for (const peer of peers) {
    const [raw, messages] = [rawOf(peer.share), MESSAGES * peer.share];
    await createTopics(kafka, outputsOf(peer), PARTITIONS);
    const passes = await runPeer(peer, server.brokers, raw, messages);
    let bytes = 0;
    for (const output of outputsOf(peer)) bytes = (await check(kafka, raw, output)).bytes;
    results.push({ peer, passes, bytes });
    console.error(`${peer.name}, ${peer.work}: ${passes.map(perCpu).join(", ")} msg per CPU second`);
  }
  report(results);
} finally {
  await cleanUp();
}

async function cleanUp(): Promise<void> {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function collectPeers() {
  const bare = await unpatched(folder);
  const files = ["ours", "kafkajs", "platformatic"];
  const works = ["enrich", "original"] as const;
  const ofNode = works.flatMap((work) => files.map((file) => inTypeScript(file, work, bare)));
  const others = [await inJava(), inPython()];
  return {
    peers: [...ofNode, ...others.filter((one) => typeof one !== "string")],
    skipped: others.filter((one) => typeof one === "string"),
  };
}

function rawOf(share: number): string {
  return `raw-${share}`;
}

function perCpu({ messages, cpu }: Pass): number {
  return Math.round(messages / cpu);
}

function report(results: Result[]): void {
  const load = Math.round(loadavg()[0] ?? 0);
  const machine = `${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, load ${load}`;
  const versions = `Bun ${Bun.version}, kafkajs 2.2.4, @platformatic/kafka 2.12.1, Apache Kafka and Streams 4.1.0`;
  console.log(`\n${new Date().toISOString().slice(0, 10)}, ${machine}, ${versions}`);
  console.log(
    `${MESSAGES} messages of 555 B, ${PARTITIONS} partitions; all that went in came out, in its partition\n`,
  );
  console.log(
    "| work | loop | msg per CPU s, cold | warm | msg/s by the clock, cold | warm | memory, MiB | B out |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const { peer, passes, bytes } of results) {
    const [cold, warm] = [passes[0], passes.length > 1 ? passes.at(-1) : undefined];
    const cells = [perCpu, ({ messages, wall }: Pass) => Math.round(messages / wall)].flatMap((rate) =>
      [cold, warm].map((pass) => (pass ? rate(pass).toLocaleString("en") : "-")),
    );
    const memory = Math.round(passes.at(-1)?.memory ?? 0);
    const work = peer.work === "enrich" ? "our enrich(), with verdicts" : "the original's part";
    console.log(`| ${[work, peer.name, ...cells, memory, bytes].join(" | ")} |`);
  }
  for (const one of skipped) console.log(`\nskipped: ${one}`);
  if (!isOursBest(results)) process.exitCode = 1;
}

/** Compares the last pass of each in each work: a warm one, but for those that have only one. */
function isOursBest(results: Result[]): boolean {
  return results
    .filter(({ peer }) => peer.name === "ours")
    .every(({ peer: { work }, passes }) => {
      const others = results.filter(({ peer }) => peer.work === work);
      return others.every((it) => last(it.passes) <= last(passes));
    });
}

function last(passes: Pass[]): number {
  const pass = passes.at(-1);
  return pass ? perCpu(pass) : 0;
}

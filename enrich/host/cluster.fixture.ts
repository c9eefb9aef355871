/** The host on a cluster: its topics with two partitions, and a run until nothing waits. */
import { type Topic, ensureTopics } from "../../kafka/admin.ts";
import { createKafka, type Kafka } from "../../kafka/client.ts";
import { type Consumer, consume } from "../../kafka/consume.ts";
import { groupLag } from "../../kafka/lag.ts";
import { createProducer, type Producer } from "../../kafka/producer.ts";
import { readTopic, type WireMessage } from "../../audit/read-topic.ts";
import { createAccounting } from "./accounting.ts";
import { host, topics } from "./host.fixture.ts";
import type { HostOptions } from "./host.ts";
import { createRawTopic } from "./raw.ts";
import { createResume } from "./resume.ts";

export const QUIET = { info() {}, warn() {}, error() {} };
export const FLOW = { raw: "iot.raw", ...topics };

export interface Cluster {
  brokers: string;
  kafka: Kafka;
  producer: Producer;
}

/** The topics of the flow and a producer; `configs` by the topic's name. */
export async function aFlow(
  brokers: string,
  configs: Record<string, Topic["configs"]> = {},
): Promise<Cluster> {
  const kafka = createKafka({ brokers: [brokers], clientId: "test" }, QUIET);
  const names = Object.values(FLOW);
  await ensureTopics(
    kafka,
    names.map((name) => ({ name, partitions: 2, configs: configs[name] ?? {} })),
    { partitionsMustMatch: names },
  );
  return { kafka, brokers, producer: await createProducer(kafka) };
}

/** The host as `bun run enrich` has it, until it is stopped. */
export async function startHost({ brokers, producer }: Cluster, more: Partial<HostOptions> = {}) {
  // A client of its own, as each process has: kafkajs keeps a group's offsets in it.
  const kafka = createKafka({ brokers: [brokers], clientId: "host" }, QUIET);
  const accounting = createAccounting();
  const { handle, chunks, errors } = host({
    producer,
    accounting,
    resume: createResume(kafka, FLOW, Date.now),
    raw: createRawTopic(kafka, FLOW.raw),
    now: Date.now,
    ...more,
  });
  const consumer = await consume(kafka, {
    groupId: "iot-enrich",
    topics: [FLOW.raw],
    from: "earliest",
    commit: true,
    handle,
    onJoin: accounting.joined,
    log: QUIET,
  });
  return { kafka, consumer, chunks, errors, accounting };
}

/** Runs the host until the group has no lag. */
export async function runHost(cluster: Cluster, more: Partial<HostOptions> = {}) {
  const running = await startHost(cluster, more);
  await withoutLag(running);
  await running.consumer.stop();
  return running;
}

export async function withoutLag({ kafka, consumer }: { kafka: Kafka; consumer: Consumer }): Promise<void> {
  const deadline = Date.now() + 20_000;
  while ((await groupLag(kafka, "iot-enrich", FLOW.raw)).some(({ lag }) => lag > 0)) {
    if (Date.now() > deadline) throw new Error(`lag after 20 s: ${consumer.health().join("; ")}`);
    await Bun.sleep(20);
  }
}

export const header = (message: WireMessage, name: string): string =>
  message.headers
    .filter(([found]) => found === name)
    .map(([, value]) => String(value))
    .join();

/** Where each output of a partition came from: `5 enriched`, `7..9 undecodable`; in the order of the source offsets. */
export async function sourcesOf(brokers: string, partition: number): Promise<string[]> {
  const lists = await Promise.all([topics.enriched, topics.dlq].map((topic) => readTopic(brokers, topic)));
  const all = lists.flatMap((partitions) => partitions[partition] ?? []);
  const from = (message: WireMessage) => Number(header(message, "iot.source.offset"));
  return all
    .sort((one, other) => from(one) - from(other))
    .map((message) => {
      const last = header(message, "iot.source.last_offset");
      const epoch = header(message, "iot.source.epoch") === "" ? "" : " of another epoch";
      return `${from(message)}${last === "" ? "" : `..${last}`} ${header(message, "iot.reason") || "enriched"}${epoch}`;
    });
}

/**
 * Reads one message by its place, for a permalink, without a consumer group.
 *
 * In: topic, partition, offset. Out: the message, or undefined if it is not (or no longer, or not yet) there; or those from there on.
 * kafkajs has this only inside a group, where a join may take three seconds and leaves a group behind. Its cluster object
 * has it, and kafkajs is pinned and patched here, so that object is taken from the client.
 */

import type { Kafka } from "./client.ts";
import { isOutage, protocolType } from "./errors.ts";
import { readFetched, type Undecodable } from "./fetched.ts";
import type { InMessage } from "./message.ts";

interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<{ fetch(request: object): Promise<FetchResponse> }>;
}
interface FetchResponse {
  responses: { partitions: FetchedPartition[] }[];
}
interface FetchedPartition {
  /** Bytes, with our patch */
  messages: Buffer;
  lastStableOffset: string;
  abortedTransactions: { producerId: string; firstOffset: string }[];
}

/** What stands at an offset and behind it. */
export interface Stretch {
  messages: InMessage[];
  /** Up to here everything is in `messages`, or holds none, or cannot be read; the offset asked for if there is nothing yet. */
  next: number;
  undecodable: Undecodable[];
}

/** One batch is enough: the broker returns it whole whatever its size. */
const ONE_BATCH = 1;

export async function fetchMessage(
  kafka: Kafka,
  topic: string,
  partition: number,
  offset: number,
): Promise<InMessage | undefined> {
  const { messages } = await fetchFrom(kafka, topic, partition, offset, ONE_BATCH);
  return messages.find((message) => message.offset === offset);
}

/** Up to so many bytes as they are stored, at least a batch; no messages if there is nothing (any more, or yet). */
export async function fetchFrom(
  kafka: Kafka,
  topic: string,
  partition: number,
  offset: number,
  maxBytes: number,
): Promise<Stretch> {
  const nothing = { messages: [], next: offset, undecodable: [] };
  const cluster = clusterOf(kafka);
  try {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) return nothing; // no such partition
    const broker = await cluster.findBroker({ nodeId });
    const { responses } = await broker.fetch({
      maxWaitTime: 100,
      minBytes: 1,
      maxBytes,
      isolationLevel: 1,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes }] }],
    });
    const [answer] = responses.flatMap(({ partitions }) => partitions);
    return answer ? stretchOf(answer, offset, kafka.maxBatchBytes) : nothing;
  } catch (error) {
    const type = protocolType(error);
    if (type === "OFFSET_OUT_OF_RANGE" || type === "UNKNOWN_TOPIC_OR_PARTITION") return nothing;
    throw error;
  } finally {
    await cluster.disconnect().catch((error) => {
      if (!isOutage(error)) throw error;
    });
  }
}

function stretchOf(answer: FetchedPartition, from: number, maxBatchBytes: number): Stretch {
  const stretch: Stretch = { messages: [], next: from, undecodable: [] };
  const spans = readFetched({
    bytes: answer.messages,
    from,
    stableEnd: Number(answer.lastStableOffset),
    aborted: answer.abortedTransactions,
    maxBatchBytes,
  });
  for (const { messages, next, undecodable } of spans) {
    for (const message of messages) stretch.messages.push(message);
    stretch.next = next;
    if (undecodable) stretch.undecodable.push(undecodable);
  }
  return stretch;
}

function clusterOf(kafka: Kafka): Cluster {
  const create = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === "private:Kafka:createCluster",
  );
  if (!create) throw new Error("kafkajs has changed: its client no longer makes a cluster");
  const make = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[create];
  if (!make) throw new Error("kafkajs has changed: its client no longer makes a cluster");
  return make({ allowAutoTopicCreation: false, isolationLevel: 1 });
}

/**
 * Reads one message by its place, for a permalink, without a consumer group.
 *
 * In: topic, partition, offset. Out: the message, or undefined if it is not (or no longer, or not yet) there; or those from there on.
 * kafkajs has this only inside a group, where a join may take three seconds and leaves a group behind. Its cluster object
 * has it, and kafkajs is pinned and patched here, so that object is taken from the client.
 */

import type { Kafka, KafkaMessage } from "kafkajs";
import { isOutage, protocolType } from "./errors.ts";
import { type InMessage, toInMessage } from "./message.ts";

interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<{ fetch(request: object): Promise<FetchResponse> }>;
}
interface FetchResponse {
  responses: { partitions: { messages: KafkaMessage[] }[] }[];
}

/** One batch is enough: the broker returns it whole whatever its size. */
const ONE_BATCH = 1;

export async function fetchMessage(
  kafka: Kafka,
  topic: string,
  partition: number,
  offset: number,
): Promise<InMessage | undefined> {
  const messages = await fetchFrom(kafka, topic, partition, offset, ONE_BATCH);
  return messages.find((message) => message.offset === offset);
}

/** What stands at `offset` and behind it, up to so many bytes, at least a batch; [] if there is nothing (any more, or yet). */
export async function fetchFrom(
  kafka: Kafka,
  topic: string,
  partition: number,
  offset: number,
  maxBytes: number,
): Promise<InMessage[]> {
  const cluster = clusterOf(kafka);
  try {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) return []; // no such partition
    const broker = await cluster.findBroker({ nodeId });
    const { responses } = await broker.fetch({
      maxWaitTime: 100,
      minBytes: 1,
      maxBytes,
      isolationLevel: 1,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes }] }],
    });
    const messages = responses.flatMap(({ partitions }) => partitions.flatMap((one) => one.messages));
    return messages.map(toInMessage).filter((message) => message.offset >= offset);
  } catch (error) {
    const type = protocolType(error);
    if (type === "OFFSET_OUT_OF_RANGE" || type === "UNKNOWN_TOPIC_OR_PARTITION") return [];
    throw error;
  } finally {
    await cluster.disconnect().catch((error) => {
      if (!isOutage(error)) throw error;
    });
  }
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

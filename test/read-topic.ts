/**
 * A whole topic from its first offset, read by a second Kafka client (@platformatic/kafka): what proves our own client
 * right must not share its code. Only what the broker has is returned: no group, no commit.
 */
import { Consumer, ListOffsetTimestamps } from "@platformatic/kafka";

export interface WireMessage {
  partition: number;
  offset: number;
  key: Buffer | null;
  value: Buffer | null;
  /** Record timestamp, ms. */
  timestamp: number;
  /** In the order of the wire; a name may stand twice. */
  headers: [string, Buffer | null][];
}

const FETCH_BYTES = 8 * 1_048_576;

/** Offsets of a partition that nobody can read, both included. */
export interface Range {
  partition: number;
  first: number;
  last: number;
}

/** One list of messages for each partition, by its number. */
export async function readTopic(
  brokers: string,
  topic: string,
  poisoned: Range[] = [],
): Promise<WireMessage[][]> {
  return withConsumer(brokers, "iot-test-reader", async (consumer) => {
    const low = await offsets(consumer, topic, ListOffsetTimestamps.EARLIEST);
    const high = await offsets(consumer, topic, ListOffsetTimestamps.LATEST);
    const read = high.map((end, partition) =>
      readPartition(consumer, topic, partition, { low: low[partition] ?? 0n, high: end, poisoned }),
    );
    return Promise.all(read);
  });
}

/** The offset after the last message of each partition. */
export function endOffsets(brokers: string, topic: string): Promise<number[]> {
  return withConsumer(brokers, "iot-test-reader", async (consumer) => {
    return (await offsets(consumer, topic, ListOffsetTimestamps.LATEST)).map(Number);
  });
}

/** The offset that `group` has committed for each partition; -1 = none. */
export async function committedOffsets(brokers: string, group: string, topic: string): Promise<number[]> {
  return withConsumer(brokers, group, async (consumer) => {
    const ends = await offsets(consumer, topic, ListOffsetTimestamps.LATEST);
    const partitions = ends.map((_, partition) => partition);
    const found = await consumer.listCommittedOffsets({ topics: [{ topic, partitions }] });
    return (found.get(topic) ?? []).map(Number);
  });
}

async function withConsumer<T>(
  brokers: string,
  groupId: string,
  use: (consumer: Consumer) => Promise<T>,
): Promise<T> {
  const consumer = new Consumer({
    clientId: "iot-test-reader",
    groupId,
    bootstrapBrokers: brokers.split(","),
    retries: 3,
  });
  try {
    return await use(consumer);
  } finally {
    await consumer.close(true);
  }
}

async function offsets(consumer: Consumer, topic: string, timestamp: bigint): Promise<bigint[]> {
  return (await consumer.listOffsets({ topics: [topic], timestamp })).get(topic) ?? [];
}

async function readPartition(
  consumer: Consumer,
  topic: string,
  partition: number,
  { low, high, poisoned }: { low: bigint; high: bigint; poisoned: Range[] },
): Promise<WireMessage[]> {
  const known = (await consumer.metadata({ topics: [topic] })).topics.get(topic);
  if (!known) throw new Error(`topic ${topic} is unknown to the broker`);
  const messages: WireMessage[] = [];
  // Beside a batch that it cannot read this client would read nothing: then one batch at a time.
  const left = poisoned.filter((range) => range.partition === partition);
  const partitionMaxBytes = left.length > 0 ? 1 : FETCH_BYTES;
  for (let next = low; next < high;) {
    const unread = left.find(({ first }) => BigInt(first) === next);
    if (unread) {
      next = BigInt(unread.last) + 1n;
      continue;
    }
    const response = await consumer.fetch({
      node: known.partitions[partition]?.leader ?? -1,
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      topics: [
        {
          topicId: known.id,
          partitions: [
            {
              partition,
              fetchOffset: next,
              currentLeaderEpoch: -1,
              lastFetchedEpoch: -1,
              partitionMaxBytes,
            },
          ],
        },
      ],
    });
    const before = next;
    for (const batch of response.responses[0]?.partitions[0]?.records ?? []) {
      for (const record of batch.records) {
        const offset = batch.firstOffset + BigInt(record.offsetDelta);
        if (offset < next) continue;
        messages.push({
          partition,
          offset: Number(offset),
          key: record.key,
          value: record.value,
          timestamp: Number(batch.firstTimestamp + record.timestampDelta),
          headers: record.headers.map(([name, value]) => [String(name), value]),
        });
      }
      next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    }
    if (next === before)
      throw new Error(`${topic}[${partition}]@${next}: expected messages up to ${high}, got none`);
  }
  return messages;
}

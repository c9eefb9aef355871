/**
 * A whole topic from its first offset, read by a second Kafka client (@platformatic/kafka): what proves our own client
 * right must not share its code. Only what the broker has is returned: no group, no commit.
 */
import {
  Consumer,
  type ConsumerOptions,
  FetchIsolationLevels,
  ListOffsetTimestamps,
} from "@platformatic/kafka";

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

const READER = "iot-audit";
const FETCH_BYTES = 8 * 1_048_576;

/** Where a cluster is, and how it is entered: an address list, or what the client takes. */
export type Cluster =
  string | Pick<ConsumerOptions<Buffer, Buffer, Buffer, Buffer>, "bootstrapBrokers" | "tls" | "sasl">;

/** Offsets of a partition, both included. */
export interface Range {
  partition: number;
  first: number;
  last: number;
}

/** What a topic holds. */
export interface Log {
  /** One list for each partition, by its number: what a reader of committed messages gets. */
  messages: WireMessage[][];
  /** Markers of transactions, and the messages of those that were aborted or are open still. */
  empty: Range[];
  /** Where reading began, by partition. */
  starts: number[];
}

export interface ReadOptions {
  /** Offsets that nobody can read: they are passed over. */
  poisoned?: Range[];
  /** So many offsets from each partition's end; default: all that are there. */
  newest?: number;
}

export async function readTopic(
  brokers: Cluster,
  topic: string,
  options: ReadOptions = {},
): Promise<WireMessage[][]> {
  return (await readLog(brokers, topic, options)).messages;
}

export async function readLog(
  brokers: Cluster,
  topic: string,
  { poisoned = [], newest = Number.MAX_SAFE_INTEGER }: ReadOptions = {},
): Promise<Log> {
  return withConsumer(brokers, READER, async (consumer) => {
    const low = await offsets(consumer, topic, ListOffsetTimestamps.EARLIEST);
    const high = await offsets(consumer, topic, ListOffsetTimestamps.LATEST);
    const starts = high.map((end, partition) => Math.max(Number(low[partition] ?? 0n), Number(end) - newest));
    const read = high.map((end, partition) =>
      readPartition(consumer, topic, partition, { low: BigInt(starts[partition] ?? 0), high: end, poisoned }),
    );
    const partitions = await Promise.all(read);
    return {
      messages: partitions.map((one) => one.messages),
      empty: partitions.flatMap((one) => one.empty),
      starts,
    };
  });
}

/** The offset after the last message of each partition. */
export function endOffsets(brokers: Cluster, topic: string): Promise<number[]> {
  return withConsumer(brokers, READER, async (consumer) => {
    return (await offsets(consumer, topic, ListOffsetTimestamps.LATEST)).map(Number);
  });
}

/** The offset that `group` has committed for each partition; -1 = none. */
export async function committedOffsets(brokers: Cluster, group: string, topic: string): Promise<number[]> {
  return withConsumer(brokers, group, async (consumer) => {
    const ends = await offsets(consumer, topic, ListOffsetTimestamps.LATEST);
    const partitions = ends.map((_, partition) => partition);
    const found = await consumer.listCommittedOffsets({ topics: [{ topic, partitions }] });
    return (found.get(topic) ?? []).map(Number);
  });
}

async function withConsumer<T>(
  brokers: Cluster,
  groupId: string,
  use: (consumer: Consumer) => Promise<T>,
): Promise<T> {
  const consumer = new Consumer({
    ...(typeof brokers === "string" ? { bootstrapBrokers: brokers.split(",") } : brokers),
    clientId: READER,
    groupId,
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
): Promise<{ messages: WireMessage[]; empty: Range[] }> {
  const known = (await consumer.metadata({ topics: [topic] })).topics.get(topic);
  if (!known) throw new Error(`topic ${topic} is unknown to the broker`);
  const messages: WireMessage[] = [];
  const transactions = createTransactions();
  // Beside a batch that it cannot read this client would read nothing: then one batch at a time.
  const left = poisoned.filter((range) => range.partition === partition);
  const partitionMaxBytes = left.length > 0 ? 1 : FETCH_BYTES;
  for (let next = low; next < high;) {
    const unread = left.find(({ first, last }) => BigInt(first) <= next && next <= BigInt(last));
    if (unread) {
      next = BigInt(unread.last) + 1n;
      continue;
    }
    const response = await consumer.fetch({
      node: known.partitions[partition]?.leader ?? -1,
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
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
      if (batch.firstOffset >= next) transactions.see(batch);
      for (const record of batch.attributes & IS_CONTROL ? [] : batch.records) {
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
  const empty = transactions.empty().map((range) => ({ partition, ...range }));
  const isEmpty = new Set(empty.flatMap(({ first, last }) => offsetsOf(first, last)));
  return { messages: messages.filter(({ offset }) => !isEmpty.has(offset)), empty };
}

const offsetsOf = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

const IS_TRANSACTIONAL = 0x10;
const IS_CONTROL = 0x20;
const ABORT = 0;

interface FetchedBatch {
  firstOffset: bigint;
  lastOffsetDelta: number;
  attributes: number;
  producerId: bigint;
  records: { key: Buffer | null }[];
}

/** Follows the log itself, not what the broker says of it: a producer's marker decides on what it has written since the one before. */
function createTransactions() {
  const open = new Map<bigint, Omit<Range, "partition">[]>();
  const empty: Omit<Range, "partition">[] = [];
  return {
    see({ firstOffset, lastOffsetDelta, attributes, producerId, records }: FetchedBatch): void {
      const first = Number(firstOffset);
      const range = { first, last: first + lastOffsetDelta };
      if (attributes & IS_CONTROL) {
        // A marker's key: version and type, two bytes each.
        if (records[0]?.key?.readInt16BE(2) === ABORT) empty.push(...(open.get(producerId) ?? []));
        open.delete(producerId);
        empty.push(range);
      } else if (attributes & IS_TRANSACTIONAL)
        open.set(producerId, [...(open.get(producerId) ?? []), range]);
    },
    empty: () => [...empty, ...[...open.values()].flat()],
  };
}

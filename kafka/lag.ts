/** How far a group is behind, asked from the brokers and not from the consumer, which may be stuck. */

import type { Kafka } from "kafkajs";
import { endOffsets, withAdmin } from "./admin.ts";

export interface PartitionLag {
  partition: number;
  /** The next offset that the group will read; null if it never committed. */
  committed: number | null;
  end: number;
  /** Messages still to read; for a group that never committed, all that are there. */
  lag: number;
  /** Messages that were deleted, by retention mostly, before the group came to them; absent where there are none. */
  lost?: number;
}

export async function groupLag(kafka: Kafka, groupId: string, topic: string): Promise<PartitionLag[]> {
  const [ends, committed] = await Promise.all([
    endOffsets(kafka, topic),
    committedOffsets(kafka, groupId, topic),
  ]);
  return ends.map(({ partition, low, high }) => {
    const offset = committed.get(partition) ?? null;
    const lost = offset !== null && offset < low ? { lost: low - offset } : {};
    const lag = Math.max(0, high - Math.max(offset ?? low, low));
    return { partition, committed: offset, end: high, lag, ...lost };
  });
}

/** Gives the committed offsets of the partitions that have one. */
export async function committedOffsets(
  kafka: Kafka,
  groupId: string,
  topic: string,
): Promise<Map<number, number>> {
  const commits = await commitsOf(kafka, groupId, topic);
  return new Map(commits.map(({ partition, offset }) => [partition, offset]));
}

export interface Commit {
  partition: number;
  offset: number;
  /** What the consumer has stored beside it; "" where it stores nothing. */
  metadata: string;
}

export async function commitsOf(kafka: Kafka, groupId: string, topic: string): Promise<Commit[]> {
  const topics = await withAdmin(kafka, (admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  return (topics[0]?.partitions ?? [])
    .map(({ partition, offset, metadata }) => ({
      partition,
      offset: Number(offset),
      metadata: metadata ?? "",
    }))
    .filter(({ offset }) => offset >= 0);
}

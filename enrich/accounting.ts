/**
 * Proves from offsets that every raw message became exactly one output: consumed = enriched + dead letters.
 *
 * In: what was acknowledged of each batch. Out: the difference, 0 when all is well. Errors: a line for each hole, once.
 * A repeat (after a crash or a rebalance) is no hole, nor is what was deleted before it was read: that is counted by itself.
 * Control records of somebody's transactions are seen as a hole.
 */
export interface Settled {
  topic: string;
  partition: number;
  first: number;
  last: number;
  /** Messages acknowledged by the brokers, enriched and dead letters together. */
  outputs: number;
}

export interface Accounting {
  /** Books a batch; returns what is wrong in words, or undefined. */
  settle(settled: Settled): string | undefined;
  /** The offset that must come next; undefined after a join, until the partition's next batch. */
  next(topic: string, partition: number): number | undefined;
  /** What the outputs tell about a partition that another member may have had: this offset must come next. */
  resume(topic: string, partition: number, next: number): void;
  /** After a join another member may have gone on in between: the next batch of each partition starts anew. */
  joined(): void;
  /** Before this offset nothing is left of the partition; gives how many messages nobody has read. */
  deleted(topic: string, partition: number, before: number): number;
  /** Raw messages without an output, plus outputs without a raw message. */
  difference(): number;
  /** Messages that were deleted before they were read. */
  lost(): number;
}

export function createAccounting(): Accounting {
  /** The offset that must come next, for each partition since the join. */
  const next = new Map<string, number>();
  let difference = 0;
  let lost = 0;

  return {
    settle({ topic, partition, first, last, outputs }) {
      const place = `${topic}[${partition}]`;
      const from = Math.min(next.get(place) ?? first, first);
      next.set(place, Math.max(next.get(place) ?? 0, last + 1));
      const missing = last + 1 - from - outputs;
      if (missing === 0) return undefined;
      difference += Math.abs(missing);
      return `${place}@${from}..${last}: expected ${last + 1 - from} outputs, found ${outputs}`;
    },
    next: (topic, partition) => next.get(`${topic}[${partition}]`),
    resume: (topic, partition, offset) => void next.set(`${topic}[${partition}]`, offset),
    deleted(topic, partition, before) {
      const place = `${topic}[${partition}]`;
      const gone = Math.max(0, before - (next.get(place) ?? before));
      if (gone > 0) next.set(place, before);
      lost += gone;
      return gone;
    },
    joined: () => next.clear(),
    difference: () => difference,
    lost: () => lost,
  };
}

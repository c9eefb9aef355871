/**
 * Proves from offsets that every raw message became exactly one output: consumed = enriched + dead letters.
 *
 * In: what was acknowledged of each batch. Out: the difference, 0 when all is well. Errors: a line for each hole, once.
 * A repeat (after a crash or a rebalance) is no hole, nor is what was deleted before it was read: that is counted by itself.
 * Offsets within a batch that hold no message (markers of transactions, what was aborted or compacted) are none either.
 */
export interface Settled {
  topic: string;
  partition: number;
  /** The offset that the batch begins with, and the one after all that it settles. */
  first: number;
  next: number;
  /** Offsets in between that hold no message. */
  empty: number;
  /** Acknowledged by the brokers, enriched and dead letters together. */
  outputs: number;
}

export interface Accounting {
  /** Books a batch; returns what is wrong in words, or undefined. */
  settle(settled: Settled): string | undefined;
  /** The offset that must come next; undefined after a join, until the partition's next batch. */
  next(topic: string, partition: number): number | undefined;
  /** What the outputs tell about a partition that another member may have had: this offset must come next. */
  resume(topic: string, partition: number, next: number): void;
  /** Goes on at `to`, though so many messages before it have no output; returns that in words, undefined if there are none. */
  skip(topic: string, partition: number, to: number, messages: number): string | undefined;
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

  function hole(range: string, messages: number, outputs: number): string | undefined {
    if (messages === outputs) return undefined;
    difference += Math.abs(messages - outputs);
    return `${range}: expected ${messages} outputs, found ${outputs}`;
  }

  return {
    settle({ topic, partition, first, next: after, empty, outputs }) {
      const place = `${topic}[${partition}]`;
      next.set(place, Math.max(next.get(place) ?? 0, after));
      return hole(`${place}@${first}..${after - 1}`, after - first - empty, outputs);
    },
    skip(topic, partition, to, messages) {
      const place = `${topic}[${partition}]`;
      const from = next.get(place) ?? to;
      next.set(place, to);
      return hole(`${place}@${from}..${to - 1}`, messages, 0);
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

/**
 * Proves from offsets that every raw message became exactly one output: consumed = enriched + dead letters.
 *
 * In: what was acknowledged of each batch. Out: the difference, 0 when all is well. Errors: a line for each hole, once.
 * A repeat (after a crash or a rebalance) is no hole. Control records of somebody's transactions are seen as one.
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
  /** False after a join, until the partition's next batch. */
  knows(topic: string, partition: number): boolean;
  /** What the outputs tell about a partition that another member may have had: this offset must come next. */
  resume(topic: string, partition: number, next: number): void;
  /** After a join another member may have gone on in between: the next batch of each partition starts anew. */
  joined(): void;
  /** Raw messages without an output, plus outputs without a raw message. */
  difference(): number;
}

export function createAccounting(): Accounting {
  /** The offset that must come next, for each partition since the join. */
  const next = new Map<string, number>();
  let difference = 0;

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
    knows: (topic, partition) => next.has(`${topic}[${partition}]`),
    resume: (topic, partition, offset) => void next.set(`${topic}[${partition}]`, offset),
    joined: () => next.clear(),
    difference: () => difference,
  };
}

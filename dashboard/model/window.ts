/**
 * Counting over time with bounded memory: buckets by time step, and a rolling tally by name.
 *
 * Both are rings indexed by time: a slot is cleared when its time comes round again, so nothing has to expire.
 */

export interface Buckets {
  stepMs: number;
  slots: number;
  columns: number;
  /** Which step a slot holds now: time / stepMs. */
  steps: Float64Array;
  counts: Uint32Array;
}

export function createBuckets(stepMs: number, spanMs: number, columns: number): Buckets {
  const slots = Math.ceil(spanMs / stepMs) + 1;
  return {
    stepMs,
    slots,
    columns,
    steps: new Float64Array(slots).fill(-1),
    counts: new Uint32Array(slots * columns),
  };
}

export function countAt(buckets: Buckets, time: number, column: number, amount = 1): void {
  const step = Math.floor(time / buckets.stepMs);
  const slot = step % buckets.slots;
  const held = buckets.steps[slot] ?? -1;
  if (step < 0 || held > step) return;
  if (held < step) {
    buckets.steps[slot] = step;
    buckets.counts.fill(0, slot * buckets.columns, (slot + 1) * buckets.columns);
  }
  buckets.counts[slot * buckets.columns + column] =
    (buckets.counts[slot * buckets.columns + column] ?? 0) + amount;
}

/** The count of one column in [from, to), whole steps. */
export function sum(buckets: Buckets, from: number, to: number, column: number): number {
  const last = Math.ceil(to / buckets.stepMs);
  let total = 0;
  for (let step = Math.max(Math.floor(from / buckets.stepMs), last - buckets.slots); step < last; step++) {
    const slot = step % buckets.slots;
    if (buckets.steps[slot] === step) total += buckets.counts[slot * buckets.columns + column] ?? 0;
  }
  return total;
}

export interface Tally {
  stepMs: number;
  /** Names beyond this count as "other". */
  maxNames: number;
  slots: { step: number; counts: Map<string, number> }[];
}

export function createTally(stepMs: number, spanMs: number, maxNames: number): Tally {
  const slots = Array.from({ length: Math.ceil(spanMs / stepMs) }, () => ({ step: -1, counts: new Map() }));
  return { stepMs, maxNames, slots };
}

export function tally(into: Tally, time: number, name: string): void {
  const step = Math.floor(time / into.stepMs);
  const slot = into.slots[step % into.slots.length];
  if (slot === undefined || slot.step > step) return;
  if (slot.step < step) {
    slot.step = step;
    slot.counts = new Map();
  }
  const known = slot.counts.has(name) || slot.counts.size < into.maxNames;
  const key = known ? name : "other";
  slot.counts.set(key, (slot.counts.get(key) ?? 0) + 1);
}

/** Counts over the whole span up to now, most frequent first. */
export function tallied(from: Tally, now: number): Map<string, number> {
  const totals = new Map<string, number>();
  const newest = Math.floor(now / from.stepMs);
  for (const { step, counts } of from.slots) {
    if (step <= newest - from.slots.length || step > newest) continue;
    for (const [name, amount] of counts) totals.set(name, (totals.get(name) ?? 0) + amount);
  }
  return new Map([...totals].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}

/** Bounds of a latency histogram: each 2^(1/4) times the one before, from 1 ms to about 4.5 hours. */
const LATENCY_PER_DOUBLING = 4;
export const LATENCY_COLUMNS = 24 * LATENCY_PER_DOUBLING;

export function latencyColumn(ms: number): number {
  const column = ms <= 1 ? 0 : Math.ceil(Math.log2(ms) * LATENCY_PER_DOUBLING);
  return Math.min(column, LATENCY_COLUMNS - 1);
}

/** The latency, ms, that the given shares of messages in [from, to) kept under; undefined without messages. */
export function quantiles(
  buckets: Buckets,
  from: number,
  to: number,
  shares: number[],
): number[] | undefined {
  const counts = Array.from({ length: buckets.columns }, (_, column) => sum(buckets, from, to, column));
  const total = counts.reduce((a, b) => a + b, 0);
  if (total === 0) return undefined;
  return shares.map((share) => {
    let seen = 0;
    let column = 0;
    for (; column < counts.length - 1; column++) {
      seen += counts[column] ?? 0;
      if (seen >= share * total) break;
    }
    return 2 ** (column / LATENCY_PER_DOUBLING);
  });
}

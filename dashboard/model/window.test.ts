import { describe, expect, test } from "bun:test";
import {
  countAt,
  createBuckets,
  createTally,
  LATENCY_COLUMNS,
  latencyColumn,
  quantiles,
  sum,
  tallied,
  tally,
} from "./window.ts";

const T = 1_800_000_000_000;

describe("buckets", () => {
  test("count by step, and forget what the ring has overtaken", () => {
    const buckets = createBuckets(1_000, 10_000, 2);
    countAt(buckets, T, 0);
    countAt(buckets, T + 999, 0);
    countAt(buckets, T + 1_000, 1, 5);
    expect(sum(buckets, T, T + 1_000, 0)).toBe(2);
    expect(sum(buckets, T, T + 2_000, 1)).toBe(5);
    countAt(buckets, T + 11_000, 0);
    expect(sum(buckets, T, T + 1_000, 0)).toBe(0);
    expect(sum(buckets, T, T + 12_000, 0)).toBe(1);
  });

  test("what is older than the ring is left out, and never overwrites what is newer", () => {
    const buckets = createBuckets(1_000, 10_000, 1);
    countAt(buckets, T + 11_000, 0);
    countAt(buckets, T, 0);
    countAt(buckets, -5, 0);
    expect(sum(buckets, T - 5_000, T + 12_000, 0)).toBe(1);
  });
});

describe("tally", () => {
  test("covers its span and no more, most frequent first", () => {
    const counts = createTally(60_000, 3_600_000, 10);
    tally(counts, T - 3_600_000, "old");
    tally(counts, T, "b");
    tally(counts, T, "a");
    tally(counts, T - 1_800_000, "a");
    expect([...tallied(counts, T)]).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });

  test("names beyond the cap count as other: ten thousand event types cost no memory", () => {
    const counts = createTally(60_000, 3_600_000, 3);
    for (let i = 0; i < 10_000; i++) tally(counts, T, `event-${i}`);
    const totals = tallied(counts, T);
    expect(totals.size).toBe(4);
    expect(totals.get("other")).toBe(9_997);
  });
});

describe("quantiles", () => {
  test("are right within their column of 19 per cent", () => {
    const buckets = createBuckets(10_000, 600_000, LATENCY_COLUMNS);
    for (let ms = 1; ms <= 1_000; ms++) countAt(buckets, T, latencyColumn(ms));
    const [p50 = 0, p99 = 0] = quantiles(buckets, T - 10_000, T + 10_000, [0.5, 0.99]) ?? [];
    expect(p50 / 500).toBeWithin(1, 1.19);
    expect(p99 / 990).toBeWithin(1, 1.19);
  });

  test("are unknown without messages, and a clock that runs back counts as no latency", () => {
    const buckets = createBuckets(10_000, 600_000, LATENCY_COLUMNS);
    expect(quantiles(buckets, T, T + 10_000, [0.5])).toBeUndefined();
    countAt(buckets, T, latencyColumn(-5_000));
    expect(quantiles(buckets, T, T + 10_000, [0.5])).toEqual([1]);
  });
});

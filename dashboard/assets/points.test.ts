import { describe, expect, test } from "bun:test";
import { aligned, type Points, take } from "./points.ts";

const empty = (): Points => ({
  spec: { spanMs: 5_000, lines: [{ name: "raw" }, { name: "dlq" }] },
  points: new Map(),
  stepS: 1,
  begin: 0,
});
const series = (from: number, raw: (number | null)[], dlq: (number | null)[] = raw) => ({
  from: from * 1_000,
  stepMs: 1_000,
  begin: 0,
  values: { raw, dlq },
});

describe("the points of a chart", () => {
  test("keep what is not known as null, which uPlot draws as a gap, beside zeros", () => {
    const chart = empty();
    take(chart, series(10, [3, 0, null, null, 4], [0, 0, null, null, 1]), true);
    expect(aligned(chart)).toEqual([
      [10, 11, 12, 13, 14],
      [3, 0, null, null, 4],
      [0, 0, null, null, 1],
    ]);
  });

  test("of later frames correct what stands and go on from it, for as long as the chart is", () => {
    const chart = empty();
    take(chart, series(10, [1, 2, 3, 0, 0]), true);
    take(chart, series(13, [4, null, 6]), false);
    expect(aligned(chart).slice(0, 2)).toEqual([
      [11, 12, 13, 14, 15],
      [2, 3, 4, null, 6],
    ]);
    // A whole series replaces all: an outage that is over has taken zeros back.
    take(chart, series(12, [null, null, null, null, 7]), true);
    expect(aligned(chart)[1]).toEqual([null, null, null, null, 7]);
  });

  test("of a line that a frame does not have are not known", () => {
    const chart = empty();
    take(chart, { from: 10_000, stepMs: 1_000, begin: 0, values: { raw: [1, 2] } }, true);
    expect(aligned(chart)[2]).toEqual([null, null]);
  });
});

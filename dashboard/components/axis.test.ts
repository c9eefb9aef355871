import { describe, expect, test } from "bun:test";
import { RANGES } from "../model/series.ts";
import { createView } from "../model/view.ts";
import { NOW } from "../sample.fixture.ts";
import { alone, axisWords, niceTop, timeTicks, timeWords } from "./axis.ts";
import { RateCard } from "./rate-chart.tsx";

const SECOND = 1_000;

describe("the scale of a chart", () => {
  test("ends little above the greatest value, on four whole steps", () => {
    expect([0, 3, 7, 10, 19, 29, 96, 130, 570_000].map(niceTop)).toEqual([
      4, 4, 8, 12, 20, 32, 120, 160, 600_000,
    ]);
    for (let most = 8; most < 5_000_000; most = Math.ceil(most * 1.03)) {
      const top = niceTop(most);
      expect([most, top % 4]).toEqual([most, 0]);
      expect(most / top).toBeWithin(0.6, 0.96);
    }
  });

  test("has words that fit the margin", () => {
    const words = [0, 2_500, 12_000, 150_000, 400_000, 1_200_000].map((value) => axisWords(value, "count"));
    expect(words).toEqual(["0", "2,500", "12 k", "150 k", "400 k", "1.2 M"]);
    for (let power = 1; power < 1e9; power *= 10)
      for (const most of [1.1, 1.5, 1.9, 2.3, 3, 3.9, 5, 7, 9])
        for (const share of [0.25, 0.5, 0.75, 1])
          expect(axisWords(niceTop(most * power) * share, "count").length).toBeLessThan(7);
  });

  test("tells a latency as the caption does", () => {
    expect([25, 1_500, 2_000, 220_000].map((ms) => axisWords(ms, "ms"))).toEqual([
      "25 ms",
      "1.5 s",
      "2 s",
      "3 min 40 s",
    ]);
  });
});

test("a value between two gaps is alone, one beside another is not", () => {
  expect(alone([1, null, 2, 3, null, 0, null])).toEqual([0, 5]);
  expect(alone([7])).toEqual([0]);
  expect(alone([null, 1, 2])).toEqual([]);
});

describe("the times under a chart", () => {
  test("are round, different from each other and few, for each range", () => {
    for (const { spanMs, stepMs } of Object.values(RANGES))
      for (let off = 0; off < 70; off += 7) {
        const from = NOW + off * SECOND;
        const ticks = timeTicks(from, from + spanMs - stepMs);
        const words = ticks.map((at) => timeWords(at, spanMs));
        expect(ticks.length).toBeWithin(3, 7);
        expect(new Set(words).size).toBe(words.length);
        expect(ticks.filter((at) => at < from || at >= from + spanMs)).toEqual([]);
        expect(ticks.filter((at) => at % (5 * SECOND) !== 0)).toEqual([]);
      }
  });

  test("tell seconds up to five minutes", () => {
    const view = createView(NOW);
    view.coveredFrom = NOW - 3_600_000;
    const card = (range: "1" | "5" | "15") => String(RateCard({ view, range, now: NOW }));
    const labels = (range: "1" | "5" | "15") =>
      [...card(range).matchAll(/<text[^>]*middle[^>]*>([^<]*)</g)].map(([, words]) => words);
    expect(labels("1")).toEqual(["14:26:15", "14:26:30", "14:26:45", "14:27:00"]);
    expect(labels("5")).toEqual(["14:23:00", "14:24:00", "14:25:00", "14:26:00"]);
    expect(labels("15")).toEqual(["14:15", "14:18", "14:21", "14:24"]);
  });
});

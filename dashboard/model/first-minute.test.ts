import { describe, expect, test } from "bun:test";
import { wordsOf } from "../count-elements.fixture.ts";
import { drawnFrom } from "../components/axis.ts";
import { RateCaption, RateCard } from "../components/rate-chart.tsx";
import { StatsGrid } from "../components/stats.tsx";
import { NOW, raw, record } from "../sample.fixture.ts";
import { fold } from "./fold.ts";
import { rateSeries } from "./series.ts";
import { rateNow, rateSpan, trend } from "./stats.ts";
import { createView, setKafka, type ViewModel } from "./view.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
/** 8 messages a second, since half a minute. */
const BEGAN = NOW - 30 * SECOND;

function justBegun(emptyBefore: boolean): ViewModel {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  view.coveredFrom = NOW - HOUR;
  view.emptyBefore = emptyBefore;
  const messages = Array.from({ length: 240 }, (_, i) => record(i, raw(), { timestamp: BEGAN + i * 125 }));
  fold(view, { topic: "raw", partition: 0, messages, highWatermark: 240 }, NOW);
  return view;
}

describe("of a flow that began half a minute ago", () => {
  test("the rate is the mean of that half minute, and agrees with the chart", async () => {
    const view = justBegun(true);
    expect(rateSpan(view, NOW)).toBe(30 * SECOND);
    expect(rateNow(view, NOW)).toBe(8);
    expect(await wordsOf(String(StatsGrid({ view, now: NOW })), ".stat:nth-child(4)")).toStartWith(
      "Rate, mean of 30 s 8.0 msg/s",
    );
    expect(await wordsOf(String(RateCaption({ view, range: "15", now: NOW })), "li:first-child")).toBe(
      "Raw 480/min (480–480)",
    );
  });

  test("nothing is drawn as zero before its first message, and sums say what they are over", async () => {
    const view = justBegun(true);
    const { from, stepMs, values } = rateSeries(view, "15", NOW);
    const known = values.raw.flatMap((value, i) => (value === null ? [] : [from + i * stepMs]));
    expect(known[0]).toBeWithin(BEGAN, BEGAN + stepMs);
    expect(values.raw).not.toContain(0);
    expect(trend(view, NOW, 0).filter((value) => value !== null)).toEqual([]);
    expect(await wordsOf(String(RateCaption({ view, range: "15", now: NOW })), "li:nth-child(3)")).toContain(
      "0 in 28 s",
    );
  });

  test("a silence that is known is one: where there were messages before, zero is zero", () => {
    const view = justBegun(false);
    expect(rateNow(view, NOW)).toBe(4);
    expect(rateSeries(view, "15", NOW).values.raw[0]).toBe(0);
    expect(trend(view, NOW, 0)[12]).toBe(0);
  });

  test("before its first message no rate is told", async () => {
    const view = createView(NOW);
    setKafka(view, true, NOW);
    view.coveredFrom = NOW - HOUR;
    view.emptyBefore = true;
    expect(rateNow(view, NOW)).toBeUndefined();
    expect(await wordsOf(String(StatsGrid({ view, now: NOW })), ".stat:nth-child(4) .v")).toBe("– msg/s");
    expect(rateSeries(view, "15", NOW).values.raw.filter((value) => value !== null)).toEqual([]);
  });
});

describe("a chart begins", () => {
  const last = NOW - (NOW % 5_000);

  test("with what is known, but is never shorter than twelve steps nor longer than its range", () => {
    const from = (begin: number) => last - drawnFrom(begin, last, 5_000, 900_000);
    expect(from(last - 300_000)).toBe(300_000);
    expect(from(last - 303_000)).toBe(300_000);
    expect(from(last - 10_000)).toBe(55_000);
    expect(from(last + 10_000)).toBe(55_000);
    expect(from(last - HOUR)).toBe(895_000);
  });

  test("so in the picture that stands without JavaScript", () => {
    const labels = (view: ViewModel) =>
      [...String(RateCard({ view, range: "15", now: NOW })).matchAll(/<text[^>]*middle[^>]*>([^<]*)</g)].map(
        ([, words]) => words,
      );
    expect(labels(justBegun(true))).toEqual(["14:26:15", "14:26:30", "14:26:45", "14:27:00"]);
    expect(labels(justBegun(false))).toEqual(["14:15", "14:18", "14:21", "14:24"]);
  });
});

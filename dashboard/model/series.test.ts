import { describe, expect, test } from "bun:test";
import { fold } from "./fold.ts";
import { createView, setKafka, type ViewModel } from "./view.ts";
import { enriched, NOW, raw, record } from "../sample.fixture.ts";
import { rateSeries, summaryOf } from "./series.ts";
import { fleetOf, rateNow, trend } from "./stats.ts";

const MINUTE = 60_000;

function running(): ViewModel {
  const view = createView(NOW - 30 * MINUTE);
  view.coveredFrom = NOW - 10 * MINUTE;
  setKafka(view, true, NOW);
  return view;
}

describe("the rate's series", () => {
  test("is per minute, by complete steps only", () => {
    const view = running();
    const messages = [0, 1, 2].map((i) => record(i, raw(), { timestamp: NOW - 20_000 + i }));
    fold(view, { topic: "raw", partition: 0, messages, highWatermark: 3 }, NOW);
    const series = rateSeries(view, "15", NOW);
    const { from, stepMs, values } = series;
    expect(stepMs).toBe(5_000);
    expect(values.raw).toHaveLength(180);
    const at = values.raw.findIndex((value) => value !== null && value > 0);
    expect(values.raw[at]).toBe(36);
    expect(from + at * stepMs).toBeLessThanOrEqual(NOW - 20_000);
    expect(from + values.raw.length * stepMs).toBeLessThanOrEqual(NOW - 1_000);
    expect(summaryOf(series, "raw")).toMatchObject({ most: 36, least: 0, total: 3 });
  });

  test("is unknown, not zero, before what was read back and while the brokers are away", () => {
    const view = running();
    setKafka(view, false, NOW + 60_000, "away");
    const { values } = rateSeries(view, "15", NOW + 2 * MINUTE);
    expect(values.raw[0]).toBeNull();
    expect(values.raw.at(-1)).toBeNull();
    expect(values.raw[100]).toBe(0);
  });

  test("while the brokers are away the figures of now are those of when they were heard, not zero", () => {
    const view = running();
    const messages = Array.from({ length: 60 }, (_, i) =>
      record(i, raw(), { timestamp: NOW - i * 1_000 - 1 }),
    );
    fold(view, { topic: "raw", partition: 0, messages, highWatermark: 60 }, NOW);
    expect(rateNow(view, NOW)).toBeCloseTo(1, 1);
    setKafka(view, false, NOW + 5_000, "away");
    expect(rateNow(view, NOW + 2 * MINUTE)).toBeCloseTo(1, 1);
    expect(trend(view, NOW + 30 * MINUTE, 0).at(-1)).toBeGreaterThan(0);
    setKafka(view, true, NOW + 3 * MINUTE);
    expect(rateNow(view, NOW + 3 * MINUTE)).toBe(0);
  });

  test("is unknown from the last answer on when that is old, also before anybody says that the brokers are away", () => {
    const view = running();
    const message = record(0, enriched({ timestamp: new Date(NOW - 1_500).toISOString() }), {
      source: 0,
      timestamp: NOW - 1_500,
    });
    fold(view, { topic: "enriched", partition: 0, messages: [message], highWatermark: 1 }, NOW);
    const at = (now: number) => rateSeries(view, "1", now).values.raw.slice(-3);
    expect(at(NOW + 5_000)).toEqual([0, 0, 0]);
    expect(at(NOW + 6_000)).toEqual([null, null, null]);
    expect(rateSeries(view, "1", NOW + 6_000).values.raw.at(-6)).toBe(0);
    expect(rateNow(view, NOW + 30_000, "enriched")).toBeGreaterThan(0);
    // The device sends every 5 s, as far as anybody knows.
    expect(fleetOf(view, NOW + 30_000)).toMatchObject({ reporting: 1, silent: 0 });
    setKafka(view, true, NOW + 30_000);
    expect(fleetOf(view, NOW + 30_000)).toMatchObject({ reporting: 0, silent: 1 });
  });

  test("has a gap, not zero, for an outage that is over, said or not; but what was written meanwhile stands", () => {
    for (const isSaid of [true, false]) {
      const view = running();
      const { past } = view;
      if (isSaid) setKafka(view, false, NOW + 9_000, "away");
      setKafka(view, true, NOW + 30_000);
      // Frames repeat the newest steps only: the charts are sent whole.
      expect(view.past).toBe(past + (isSaid ? 2 : 1));
      const messages = [12_300, 33_300].map((ms, i) => record(i, raw(), { timestamp: NOW + ms }));
      fold(view, { topic: "raw", partition: 0, messages, highWatermark: 2 }, NOW + 34_000);
      const { from, values } = rateSeries(view, "1", NOW + 34_000);
      const at = (ms: number) => values.raw[(NOW + ms - from) / 1_000];
      expect([-1_000, 0, 11_000, 12_000, 13_000, 29_000, 30_000, 33_000].map(at)).toEqual([
        0,
        null,
        null,
        60,
        null,
        null,
        0,
        undefined,
      ]);
      expect(values.dlq[(NOW + 12_000 - from) / 1_000]).toBe(0);
      expect(rateSeries(view, "60", NOW + 120_000).values.raw.slice(-5)).toContain(null);
    }
  });

  test("of brokers that answer every few seconds has no gap, and outages are kept for as long as they are shown", () => {
    const view = running();
    const { past } = view;
    for (let ms = 0; ms <= 30_000; ms += 5_000) setKafka(view, true, NOW + ms);
    expect(rateSeries(view, "1", NOW + 31_000).values.raw).not.toContain(null);
    expect(view).toMatchObject({ past, kafka: { outages: [] } });
    for (let i = 1; i <= 150; i++) setKafka(view, true, NOW + i * MINUTE);
    expect(view.kafka.outages).toHaveLength(100);
    setKafka(view, true, NOW + 24 * 60 * MINUTE);
    expect(view.kafka.outages).toEqual([{ from: NOW + 150 * MINUTE, to: NOW + 24 * 60 * MINUTE }]);
  });

  test("an outage of the enrichment shows: enriched counts when it was enriched, not when its raw arrived", () => {
    const view = running();
    const late = enriched({ enriched_at: new Date(NOW - 5_000).toISOString() });
    fold(
      view,
      {
        topic: "enriched",
        partition: 0,
        messages: [record(0, late, { source: 0, timestamp: NOW - 2 * MINUTE })],
        highWatermark: 1,
      },
      NOW,
    );
    const series = rateSeries(view, "15", NOW);
    const { from, stepMs, values } = series;
    const at = values.enriched.findIndex((value) => value !== null && value > 0);
    expect(NOW - (from + at * stepMs)).toBeLessThan(12_000);
  });
});

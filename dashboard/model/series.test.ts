import { describe, expect, test } from "bun:test";
import { fold } from "./fold.ts";
import { createView, setKafka, type ViewModel } from "./view.ts";
import { enriched, NOW, raw, record } from "../sample.case.ts";
import { rateSeries, summaryOf } from "./series.ts";
import { rateNow, trend } from "./stats.ts";

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
    const { from, stepMs, values } = rateSeries(view, "15", NOW);
    expect(stepMs).toBe(5_000);
    expect(values.raw).toHaveLength(180);
    const at = values.raw.findIndex((value) => value !== null && value > 0);
    expect(values.raw[at]).toBe(36);
    expect(from + at * stepMs).toBeLessThanOrEqual(NOW - 20_000);
    expect(from + values.raw.length * stepMs).toBeLessThanOrEqual(NOW - 1_000);
    expect(summaryOf({ from, stepMs, values }, "raw")).toMatchObject({ most: 36, least: 0, total: 3 });
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
    const { from, stepMs, values } = rateSeries(view, "15", NOW);
    const at = values.enriched.findIndex((value) => value !== null && value > 0);
    expect(NOW - (from + at * stepMs)).toBeLessThan(12_000);
  });
});

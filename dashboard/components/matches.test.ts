import { expect, test } from "bun:test";
import { wordsOf } from "../count-elements.fixture.ts";
import { fold } from "../model/fold.ts";
import type { Filters } from "../model/filters.ts";
import { createView, setKafka, type ViewModel } from "../model/view.ts";
import { createWatch, openWatch } from "../model/watch.ts";
import { enriched, NOW, record } from "../sample.fixture.ts";
import { FeedCount, WatchCount } from "./matches.tsx";

/** More than is kept to search, 10 a second; the first seven are bad. */
const ALL = 3_000;

function put(view: ViewModel, from: number, until: number): void {
  const messages = Array.from({ length: until - from }, (_, n) => {
    const i = from + n;
    return record(i, enriched({ grade: i < 7 ? "BAD" : "GOOD" }), {
      source: i,
      timestamp: NOW - (ALL - i) * 100,
    });
  });
  fold(view, { topic: "enriched", partition: 0, messages, highWatermark: until }, NOW);
}

function filled(): ViewModel {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  view.coveredFrom = NOW - 3_600_000;
  put(view, 0, ALL);
  return view;
}

const shown = (view: ViewModel, filters: Partial<Filters>) =>
  wordsOf(
    String(FeedCount({ view, filters: { topic: "enriched", limit: 50, ...filters }, now: NOW })),
    "span",
  );

test("a search says what it has searched, and where the counts of the hour reach further", async () => {
  const view = filled();
  expect(await shown(view, { grade: "BAD" })).toBe(
    "latest arrival first, 0 of 0 that match; searched: the newest 2,000 of 3,000, since 14:23:52 UTC; 7 were counted in the last hour, the older ones are no longer kept",
  );
  expect(await shown(view, {})).toBe(
    "latest arrival first, 50 of 2,000; searched: the newest 2,000 of 3,000, since 14:23:52 UTC; 3,000 were counted in the last hour, the older ones are no longer kept",
  );
  // Nobody counts by device, nor by two things at once: nothing is said of them.
  for (const filters of [{ device: "b-1" }, { grade: "BAD", type: "smart_breaker" }] as const)
    expect(await shown(view, filters)).not.toContain("counted");
});

test("an open page adds what it has looked at since, whatever is kept", async () => {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  const watch = createWatch({ topic: "enriched", limit: 50, grade: "BAD" });
  put(view, 0, 1_000);
  const close = openWatch(view, watch, NOW);
  const words = () => wordsOf(String(WatchCount({ view, watch, now: NOW })), "span");
  expect(await words()).toBe(
    "latest arrival first, 7 of 7 that match; searched: 1,000 of 1,000, since 14:22:12 UTC",
  );
  put(view, 1_000, ALL);
  expect(await words()).toBe(
    "latest arrival first, 7 of 7 that match; searched: 3,000 of 3,000, since 14:22:12 UTC",
  );
  close();
});

import { beforeEach, describe, expect, test } from "bun:test";
import { enriched, NOW, raw, record } from "../sample.fixture.ts";
import { fold } from "./fold.ts";
import type { Filters, Watch } from "./filters.ts";
import { createView, type ViewModel } from "./view.ts";
import { createWatch, foundBy, MAX_WATCHES, openWatch } from "./watch.ts";

let view: ViewModel;
let offset: number;
beforeEach(() => {
  view = createView(NOW);
  offset = 0;
});

/** More than the ring keeps, in one batch; every `nth` is of the device "rare". */
const MANY = 5_000;
function put(count: number, nth = 0, topic: "raw" | "enriched" = "enriched"): void {
  const messages = Array.from({ length: count }, (_, i) => {
    const key = nth > 0 && i % nth === 0 ? "rare" : "often";
    const at = offset++;
    const value = topic === "raw" ? raw({ device_id: key }) : enriched({ device_id: key });
    return record(at, value, { key, timestamp: NOW + at, ...(topic === "enriched" && { source: at }) });
  });
  fold(view, { topic, partition: 0, messages, highWatermark: offset }, NOW + offset);
}

function open(filters: Partial<Filters>): { watch: Watch; close: () => void; offsets: () => number[] } {
  const watch = createWatch({ topic: "enriched", limit: 50, ...filters });
  const close = openWatch(view, watch, NOW);
  const offsets = () => foundBy(view, watch).map((row) => row.offset);
  offsets();
  return { watch, close, offsets };
}

describe("a watch", () => {
  test("finds every message that matches, also those that the ring no longer keeps when its page is rendered", () => {
    put(10, 5);
    const { watch, offsets } = open({ device: "rare" });
    expect(offsets()).toEqual([5, 0]);
    put(MANY, 1_000);
    expect(view.topics.enriched.newest.rows[0]?.offset).toBeGreaterThan(2_000);
    expect(offsets()).toEqual([4_010, 3_010, 2_010, 1_010, 10, 5, 0]);
    expect(watch).toMatchObject({ matched: 7, missed: 0, since: NOW });
  });

  test("keeps the newest, and counts all that matched", () => {
    const { watch, offsets } = open({ device: "often", limit: 3 });
    put(MANY);
    expect(offsets()).toEqual([4_999, 4_998, 4_997]);
    expect(watch).toMatchObject({ matched: MANY, missed: 0 });
  });

  test("is of one topic, finds a repeat once, and is told nothing after it was closed", () => {
    const { watch, close, offsets } = open({ topic: "raw", device: "rare" });
    put(MANY, 1_000);
    put(3, 3, "raw");
    expect(offsets()).toEqual([MANY]);
    const again = record(MANY, raw({ device_id: "rare" }), { key: "rare" });
    fold(view, { topic: "raw", partition: 0, messages: [again], highWatermark: offset }, NOW);
    expect(watch.matched).toBe(1);
    close();
    put(1, 1, "raw");
    expect(watch.matched).toBe(1);
    expect(view.watches.size).toBe(0);
  });

  test("that used up its time is left out until it is asked; then it looks at what is kept, and knows what it missed", () => {
    const { watch, offsets } = open({ device: "rare" });
    watch.credit = -1_000_000;
    put(MANY, 1_000);
    put(10, 5);
    expect(watch.isBehind).toBe(true);
    const kept = view.topics.enriched.newest.rows.length;
    expect(offsets()).toEqual([5_005, 5_000, 4_000].filter((at) => at >= MANY + 10 - kept));
    expect(watch.missed).toBe(MANY + 10 - kept);
    // And goes on.
    watch.credit = 100;
    put(MANY, 1_000);
    expect(offsets()).toContain(5_010);
    expect(watch.missed).toBe(MANY + 10 - kept);
  });

  test("one too many is not told: it looks at what is kept, and says that it missed something", () => {
    for (let i = 0; i < MAX_WATCHES; i++) open({ device: `d${i}` });
    const { watch, offsets } = open({ device: "rare" });
    put(MANY, 1_000);
    const kept = view.topics.enriched.newest.rows.length;
    expect(offsets()).toEqual([4_000, 3_000].filter((at) => at >= MANY - kept));
    expect(watch).toMatchObject({ isTold: false, missed: MANY - kept });
  });

  test("without a filter costs nothing as messages come: the ring has the newest", () => {
    const { offsets } = open({ limit: 2 });
    expect(view.watches.size).toBe(0);
    put(MANY);
    expect(offsets()).toEqual([4_999, 4_998]);
  });
});

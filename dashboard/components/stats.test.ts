import { expect, test } from "bun:test";
import { wordsOf } from "../count-elements.fixture.ts";
import { fold } from "../model/fold.ts";
import { createView, setKafka } from "../model/view.ts";
import { enriched, NOW, raw, record } from "../sample.fixture.ts";
import { StatsGrid } from "./stats.tsx";

test("the share that was enriched is one of messages: what transactions leave in the offsets is none", async () => {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  // Two transactions of one message each, and one that was aborted: seven offsets with the markers.
  const raws = [record(0, raw()), record(4, raw())];
  fold(view, { topic: "raw", partition: 0, messages: raws, next: 7, highWatermark: 7 }, NOW);
  const judged = [record(0, enriched(), { source: 0 }), record(1, enriched(), { source: 4 })];
  fold(view, { topic: "enriched", partition: 0, messages: judged, highWatermark: 2 }, NOW);
  const enrichedStat = await wordsOf(String(StatsGrid({ view, now: NOW })), ".stat:nth-child(2)");
  expect(enrichedStat).toContain("100 % of raw");
});

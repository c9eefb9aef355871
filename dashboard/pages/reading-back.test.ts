import { expect, test } from "bun:test";
import { counts, wordsOf } from "../count-elements.fixture.ts";
import { beat } from "../full.fixture.ts";
import { fold } from "../model/fold.ts";
import { presence } from "../model/presence.ts";
import { createView, setKafka, type ViewModel } from "../model/view.ts";
import type { GroupFacts } from "../reading/group.ts";
import { enriched, NOW, record } from "../sample.fixture.ts";
import { appFor } from "../serve.fixture.ts";

const MINUTE = 60_000;
const FACTS: GroupFacts = { at: NOW, lags: [], members: [] };

/** Three devices that send every 5 s, and the heartbeat of an enricher, as far as they were read: up to 50 minutes ago. */
function partly(): ViewModel {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  view.coveredFrom = NOW - 60 * MINUTE;
  view.caughtUp = false;
  const timestamp = NOW - 50 * MINUTE;
  const messages = (["GOOD", "BAD", "UNCERTAIN"] as const).map((grade, i) => {
    const value = enriched({ device_id: `b-${i}`, grade, timestamp: new Date(timestamp).toISOString() });
    return record(i, value, { source: i, timestamp, key: `b-${i}` });
  });
  fold(view, { topic: "enriched", partition: 0, messages, highWatermark: 9 }, NOW);
  return view;
}

const pageOf = async (view: ViewModel, path: string, now = NOW): Promise<string> => {
  const group = { last: () => FACTS, first: async () => FACTS };
  const { app } = await appFor({ view, group, now: () => now });
  return (await app.request(path, { headers: { host: "localhost" } })).text();
};

test("while the past is read back no device is silent, bad or good, and no service missing; then each is what it is", async () => {
  const view = partly();
  beat(view, { service: "enrich", instance: "host:1" });
  const later = NOW + MINUTE;
  setKafka(view, true, later);
  const before = await pageOf(view, "/", later);
  expect(await counts(before, "#fleet dd a", "#attention li")).toEqual([0, 0]);
  expect(await wordsOf(before, "#fleet p")).toBe("3 devices so far. How they are is told when all is read.");
  expect(await wordsOf(before, "#attention header .sub")).toBe("not known yet");
  expect(await wordsOf(before, "#stats .stat:nth-child(8) dd")).toBe("– 3 so far; not known yet");
  expect(await wordsOf(await pageOf(view, "/types", later), "#types-table td:nth-child(5)")).toBe("–");
  expect(await wordsOf(await pageOf(view, "/pipeline", later), "#services .st")).toBe("Not known");
  expect(presence(view, FACTS, later).map(({ presence: state }) => state)).toEqual(["up"]);

  view.caughtUp = true;
  const after = await pageOf(view, "/", later);
  expect(await counts(after, "#fleet dd a.off", "#attention li")).toEqual([3, 4]);
  expect(await wordsOf(after, "#attention li:first-child")).toStartWith("Enricher none up");
  expect(await wordsOf(after, "#stats .stat:nth-child(8) dd")).toStartWith("0 of 3 3 silent");
});

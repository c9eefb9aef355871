import { describe, expect, test } from "bun:test";
import { counts, wordsOf } from "../count-elements.fixture.ts";
import { Attention } from "../components/attention.tsx";
import { Fleet } from "../components/fleet.tsx";
import { StatsGrid } from "../components/stats.tsx";
import { beat } from "../full.fixture.ts";
import { enriched, NOW, raw, record } from "../sample.fixture.ts";
import { appFor } from "../serve.fixture.ts";
import { fold } from "./fold.ts";
import { standing } from "./standing.ts";
import { createView, setKafka, type ViewModel } from "./view.ts";

/** One device that is good, and an enricher that is up. */
function healthy(): ViewModel {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  put(view, "raw", 0, NOW);
  put(view, "enriched", 0, NOW);
  beat(view, { service: "enrich", instance: "host:1" });
  return view;
}

function put(view: ViewModel, topic: "raw" | "enriched", offset: number, timestamp: number): void {
  const message = record(offset, topic === "raw" ? raw() : enriched(), {
    timestamp,
    ...(topic === "enriched" && { source: offset }),
  });
  fold(view, { topic, partition: 0, messages: [message], highWatermark: offset + 1 }, timestamp);
}

const cards = (view: ViewModel, now: number): string =>
  String(Attention({ view, group: undefined, now })) +
  String(Fleet({ view, now })) +
  String(StatsGrid({ view, now }));

describe("what the pages show is", () => {
  test("live while the brokers answer, all is read back and nothing waits for long", async () => {
    const view = healthy();
    expect(standing(view, NOW + 5_000)).toEqual({ state: "live", at: NOW + 5_000 });
    const html = cards(view, NOW);
    expect(await wordsOf(html, "#attention .body")).toBe("All devices are reporting, and all is well");
    expect(await wordsOf(html, "#fleet .leg")).toBe("1 good");
  });

  test("as old as the brokers' last answer, and what is good then only was", async () => {
    const view = healthy();
    setKafka(view, false, NOW + 29_000, "away");
    const now = NOW + 40_000;
    expect(standing(view, now)).toEqual({ state: "away", at: NOW });
    const html = cards(view, now);
    expect(await wordsOf(html, "#attention .body")).toBe(
      "All was well; the current state is unknown since 14:27:12",
    );
    expect(await wordsOf(html, "#fleet header .st")).toBe("unknown since 14:27:12");
    expect(await wordsOf(html, "#fleet .leg")).toBe("1 was good");
    expect(await wordsOf(html, "#stats .stat:nth-child(8) dd.d")).toBe("unknown since 14:27:12");
    const { app } = await appFor({ view, now: () => now });
    const page = await (await app.request("/", { headers: { host: "localhost" } })).text();
    expect(await wordsOf(page, "#pill")).toBe("As of 14:27:12");
  });

  test("as old as their last answer also while they hang and that is not said yet", () => {
    expect(standing(healthy(), NOW + 6_000)).toEqual({ state: "away", at: NOW });
  });

  test("behind while an enricher that seems up judges nothing", async () => {
    const view = healthy();
    for (let i = 1; i <= 4; i++) put(view, "raw", i, NOW + i * 5_000);
    const now = NOW + 20_000;
    setKafka(view, true, now);
    beat(view, { service: "enrich", instance: "host:1" }, now);
    expect(standing(view, now)).toEqual({ state: "behind", at: NOW + 5_000 });
    const html = cards(view, now);
    expect(await wordsOf(html, "#attention li")).toBe(
      "Enricher behind 4 messages are waiting; which devices have fallen silent since 14:27:17 UTC is unknown",
    );
    expect(await wordsOf(html, "#fleet .leg")).toBe("1 was good");
    expect(await counts(html, "#fleet a.off")).toEqual([0]);
    // A hand-over is no news.
    expect(standing(view, NOW + 15_000).state).toBe("live");
    put(view, "enriched", 4, now);
    expect(standing(view, now).state).toBe("live");
  });

  test("unknown while the past is read back", () => {
    const view = healthy();
    view.caughtUp = false;
    expect(standing(view, NOW).state).toBe("reading");
  });
});

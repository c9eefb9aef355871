import { describe, expect, test } from "bun:test";
import type { Grade } from "../../schemas/enriched.ts";
import { attributesOf, counts, wordsOf } from "../count-elements.fixture.ts";
import { beat } from "../full.fixture.ts";
import { fold } from "../model/fold.ts";
import { createView, setKafka, type ViewModel } from "../model/view.ts";
import type { Group, GroupFacts } from "../reading/group.ts";
import { dead, enriched, NOW, raw, record } from "../sample.fixture.ts";
import { appFor } from "../serve.fixture.ts";
import { Attention } from "./attention.tsx";
import { Fleet } from "./fleet.tsx";

const LATER = NOW + 300_000;
const NOBODY: GroupFacts = { at: NOW, lags: [], members: [] };
const groupOf = (facts: GroupFacts): Group => ({ last: () => facts, first: async () => facts });
const put = (view: ViewModel, topic: "raw" | "enriched" | "dlq", messages: ReturnType<typeof record>[]) =>
  fold(view, { topic, partition: 0, messages, highWatermark: (messages.at(-1)?.offset ?? -1) + 1 }, LATER);
const shown = (view: ViewModel, now: number, group?: GroupFacts) =>
  String(Attention({ view, group, now })) + String(Fleet({ view, now }));

/** A fleet of one device, and `waits` messages of it that nobody judged. */
function fleet(waits: number): ViewModel {
  const view = createView(NOW);
  setKafka(view, true, LATER);
  put(view, "raw", [record(0, raw())]);
  put(view, "enriched", [record(0, enriched(), { source: 0 })]);
  for (let i = 1; i <= waits; i++) put(view, "raw", [record(i, raw(), { timestamp: NOW + i * 5_000 })]);
  return view;
}

describe("while no enricher is up", () => {
  test("that is said with how many messages wait, and a way to the pipeline; no device falls silent", async () => {
    const view = fleet(16);
    beat(view, { service: "enrich", instance: "host-a:11" });
    const html = shown(view, LATER, NOBODY);
    expect(await wordsOf(html, "#attention li")).toBe(
      "Enricher none up 16 messages are waiting; which devices have fallen silent since 14:27:17 UTC is unknown",
    );
    expect(await attributesOf(html, "#attention li a", "href")).toEqual(["/pipeline"]);
    expect(await counts(html, "#fleet a.off", "#fleet a.ok")).toEqual([0, 1]);
  });

  test("and nothing waits, a silence is one", async () => {
    const view = fleet(0);
    beat(view, { service: "enrich", instance: "host-a:11" });
    const html = shown(view, LATER, NOBODY);
    expect(await wordsOf(html, "#attention li:nth-child(1)")).toBe(
      "Enricher none up nothing is waiting for it yet",
    );
    expect(await counts(html, "#fleet a.off")).toEqual([1]);
  });

  test("is not said of one that is up, nor before its group is known, nor while Kafka is away", async () => {
    const up = fleet(16);
    const member = { clientId: "redpanda-connect", host: "/10.0.0.7" };
    const away = fleet(16);
    setKafka(away, false, LATER);
    for (const html of [
      shown(up, LATER, { ...NOBODY, members: [member] }),
      shown(fleet(16), LATER),
      shown(away, LATER, NOBODY),
    ])
      expect(html).not.toContain("none up");
  });
});

test("the overview and its stream know of the enrichment what the brokers tell of its group", async () => {
  const { app } = await appFor({ view: fleet(16), now: () => LATER, group: groupOf(NOBODY) });
  const ask = async (path: string) => await app.request(path, { headers: { host: "localhost" } });
  expect(await wordsOf(await (await ask("/")).text(), "#attention li:nth-child(1)")).toContain("none up");
  const reader = (await ask("/live/overview")).body?.getReader();
  const first = new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  expect(await wordsOf(first, "#attention li:nth-child(1)")).toContain("none up");
});

describe("the silent", () => {
  test("stand the longest silent first, with what was expected and what was wrong before", async () => {
    const view = createView(NOW);
    setKafka(view, true, LATER);
    const send = (i: number, device_id: string, grade: Grade, ms: number) =>
      put(view, "enriched", [
        record(i, enriched({ device_id, grade }), { source: i, key: device_id, timestamp: NOW - ms }),
      ]);
    send(0, "short", "GOOD", 1_000);
    send(1, "long", "BAD", 60_000);
    send(2, "middle", "UNCERTAIN", 30_000);
    const html = shown(view, LATER);
    const rhythm = "expected every 5 s, offline after 30 s";
    const lines = [1, 2, 3].map((n) => wordsOf(html, `#attention li:nth-child(${n})`));
    expect(await Promise.all(lines)).toEqual([
      `Silent long No data, last Bad, ${rhythm} 6 min`,
      `Silent middle No data, last Uncertain, ${rhythm} 5 min 30 s`,
      `Silent short No data, ${rhythm} 5 min 1 s`,
    ]);
  });
});

test("dead letters: the most frequent reason is named only where there is one", async () => {
  const words = async (reasons: string[]) => {
    const view = createView(NOW);
    put(
      view,
      "dlq",
      reasons.map((reason, i) => dead(i, "{", reason)),
    );
    return await wordsOf(shown(view, NOW), "#attention .what");
  };
  expect(await words(["not_json"])).toBe("not enriched in the last hour, not_json");
  expect(await words(["not_json", "not_json"])).toBe("not enriched in the last hour, all not_json");
  expect(await words(["schema", "not_json", "schema"])).toBe(
    "not enriched in the last hour, most often schema",
  );
  expect(await words(["schema", "not_json"])).toBe("not enriched in the last hour: 2 reasons");
  expect(await words(["schema", "not_json", "not_object", "schema", "not_json"])).toBe(
    "not enriched in the last hour: 3 reasons",
  );
});

import { describe, expect, test } from "bun:test";
import { counts, wordsOf } from "../count-elements.fixture.ts";
import { fold } from "../model/fold.ts";
import { createView, setKafka, type ViewModel } from "../model/view.ts";
import { dead, enriched, NOW, raw, record } from "../sample.fixture.ts";
import { beat, FULL_GROUP, fullView, REGISTRY } from "../full.fixture.ts";
import { Flow } from "./flow.tsx";
import { RegistryCard, Services } from "./services.tsx";
import { DeadLetterReasons } from "./shares.tsx";

test("each topic of the flow has the name that it has here, its total and its rate", async () => {
  const view = createView(NOW, { raw: "plant.raw", enriched: "plant.enriched", dlq: "plant.raw.dlq" });
  view.coveredFrom = NOW - 3_600_000;
  setKafka(view, true, NOW + 1_000);
  const put = (topic: "raw" | "enriched" | "dlq", messages: ReturnType<typeof record>[]) =>
    fold(view, { topic, partition: 0, messages, highWatermark: messages.length }, NOW);
  const times = (n: number) => Array.from({ length: n }, (_, i) => i);
  put(
    "raw",
    times(30).map((i) => record(i, raw())),
  );
  put(
    "enriched",
    times(24).map((i) => record(i, enriched(), { source: i })),
  );
  put(
    "dlq",
    times(6).map((i) => dead(i, "{", "not_json")),
  );
  const html = String(Flow({ view, group: undefined, now: NOW + 1_000, viewers: 0 }));
  const topics = [];
  for (const [step, topic] of [
    [2, 1],
    [4, 1],
    [4, 2],
  ])
    topics.push(await wordsOf(html, `.flow > li:nth-child(${step}) > .topic:nth-child(${topic})`));
  expect(topics).toEqual([
    "plant.raw 30 1 partition, 0.5 msg/s lag not known",
    "plant.enriched 24 0 repeats seen, 0.4 msg/s",
    "plant.raw.dlq 6 6 in the last hour, 0.1 msg/s",
  ]);
});

describe("the accounts", () => {
  const facts = FULL_GROUP.last();
  if (facts === undefined) throw new Error("no group");
  const header = (view: ViewModel, group = facts, now = NOW) =>
    wordsOf(String(Flow({ view, group, now, viewers: 0 })), "#flow > header");
  const enricher = (counters: Record<string, number>, instance = "host-a:11") => {
    const view = fullView();
    beat(view, { service: "enrich", instance, counters });
    return view;
  };

  test("are those of the enrichers: markers, aborted, compacted and expired messages in end offsets are no loss", async () => {
    // 900 offsets are committed, and 52 of them held a message.
    const lags = facts.lags.map((one) => ({ ...one, committed: 450, end: 450, lag: 0 }));
    const words = await header(fullView(), { ...facts, lags });
    expect(words).toContain(
      "52 raw messages processed since the enrichers started: 43 enriched, 9 dead letters",
    );
    expect(words).toEndWith("difference 0, nothing missing");
  });

  test("still tell a real loss among them, by whom, and also when that enricher is gone", async () => {
    const view = enricher({ records_consumed: 52, accounting_difference: 3 });
    const told = await header(view);
    expect(told).toEndWith("3 unaccounted for, according to enrich host-a:11");
    const later = NOW + 300_000;
    setKafka(view, true, later);
    beat(view, { service: "enrich", instance: "host-b:7", counters: { accounting_difference: 0 } }, later);
    expect(await header(view, facts, later)).toEndWith("3 unaccounted for, according to enrich host-a:11");
  });

  test("tell what retention deleted before it was read as that, and not as missing", async () => {
    const [first, ...others] = facts.lags;
    if (first === undefined) throw new Error("no partition");
    const view = enricher({ accounting_difference: 0, records_lost_to_retention: 3 });
    const words = await header(view, { ...facts, lags: [{ ...first, lost: 4 }, ...others] });
    expect(words).toEndWith("7 deleted by retention before they were read difference 0, nothing missing");
  });

  test("are not made up where nobody keeps any", async () => {
    const view = { ...fullView(), services: new Map() };
    const connect = { ...facts, members: [{ clientId: "connect", host: "/10.0.0.7" }] };
    expect(await header(view, connect)).toEndWith("Connect keeps no accounts");
    expect(await header(view)).toEndWith("accounts not known yet");
  });
});

describe("while no enricher is up", () => {
  const group = FULL_GROUP.last();
  const LATER = NOW + 20_000;
  const view = fullView();
  setKafka(view, true, LATER);

  test("any lag is a warning; while one is up it is not", async () => {
    const shown = (now: number) => String(Flow({ view, group, now, viewers: 0 }));
    const lag = ".flow > li:nth-child(2)";
    expect(await counts(shown(NOW), `${lag} .ok`, `${lag} .warn`)).toEqual([2, 0]);
    expect(await counts(shown(LATER), `${lag} .ok`, `${lag} .warn`)).toEqual([0, 2]);
    expect(await wordsOf(shown(LATER), ".flow > li:nth-child(3)")).toContain("none up");
  });

  test("its last lag is not told as one of now", async () => {
    const html = String(Services({ view, group, now: LATER }));
    expect(await wordsOf(html, "tbody tr:nth-child(1) td:nth-child(5)")).toBe("–");
  });
});

test("while Kafka is away no state is told as good, but since when it is not known", async () => {
  const view = fullView();
  beat(view, { service: "ingest", instance: "host-c:13" });
  setKafka(view, false, NOW + 60_000);
  const props = { view, group: FULL_GROUP.last(), now: NOW + 60_000 };
  const none = { ...view, tallies: createView(NOW).tallies };
  const cards = {
    flow: String(Flow({ ...props, viewers: 0 })),
    services: String(Services(props)),
    registry: String(RegistryCard(props)),
    reasons: String(DeadLetterReasons({ view: none, now: NOW + 60_000 })),
  };
  for (const [name, html] of Object.entries(cards)) {
    expect([name, await counts(html, ".ok", ".st.warn")]).toEqual([name, [0, 0]]);
    expect([name, html.includes("unknown since 14:27:12")]).toEqual([name, true]);
  }
  expect(await wordsOf(cards.services, "tbody tr:nth-child(1)")).toBe(
    `enrich host-a:11 Not known – 1 min 2 s – ${REGISTRY} 0.9.1`,
  );
});

import { describe, expect, test } from "bun:test";
import { loadRegistry } from "../../config/registry-file.ts";
import { fold } from "../model/fold.ts";
import { createView, setCatalog, type ViewModel } from "../model/view.ts";
import { enriched, NOW, record } from "../sample.fixture.ts";
import { createChannel } from "../stream/channel.ts";
import type { LivePage } from "../stream/frames.ts";
import { messagesLive } from "./messages.tsx";
import { pipelineLive } from "./pipeline.tsx";
import { typeLive } from "./type.tsx";
import { typesLive } from "./types.tsx";

const loaded = await loadRegistry("test/registry/device-registry.json");
const group = { last: () => undefined, first: async () => undefined };

/** Six enriched messages: five of breaker-001, one of a meter. */
function send(view: ViewModel): void {
  const of = (device_id: string, device_type: string) => enriched({ device_id, device_type });
  const values = Array.from({ length: 5 }, () => of("breaker-001", "smart_breaker"));
  const start = view.topics.enriched.folded;
  const messages = [...values, of("meter-001", "smart_meter")].map((value, i) =>
    record(start + i, value, {
      source: start + i,
      key: value.includes("meter-001") ? "meter-001" : "breaker-001",
    }),
  );
  fold(view, { topic: "enriched", partition: 0, messages, highWatermark: start + 6 }, NOW);
  fold(view, { topic: "raw", partition: 0, messages: messages.slice(0, 2), highWatermark: start + 7 }, NOW);
}

/** As assets/live.ts counts: of the topic that the tick names. */
function newWhilePaused(make: (view: ViewModel) => LivePage | undefined): number {
  const view = createView(NOW);
  setCatalog(view, { ...loaded, refusal: () => null });
  send(view);
  const page = make(view);
  if (page === undefined) throw new Error("no such page");
  const channel = createChannel(page, view, "test", NOW);
  const told = () => {
    const { counts, topic } = page.tick(view, NOW, false) as { counts: number[]; topic: string };
    return counts[["raw", "enriched", "dlq"].indexOf(topic)] ?? Number.NaN;
  };
  const before = told();
  send(view);
  channel.tick(NOW + 1_000);
  channel.close();
  return told() - before;
}

describe("a paused page counts as new", () => {
  const messages = (device?: string) => messagesLive({ topic: "enriched", limit: 2, device });
  test.each([
    ["what came, without a filter", () => messages(), 6],
    ["only what matches its filter, also beyond its rows", () => messages("breaker-001"), 5],
    ["nothing where nothing matches", () => messages("nobody"), 0],
    ["only what is of its type", (view: ViewModel) => typeLive(view, "smart_meter"), 1],
    ["what was enriched, on the page of all types", () => typesLive, 6],
    ["what came from the devices, on the pipeline page", () => pipelineLive("15", group, () => 1), 6],
  ] as const)("%s", (_, make, expected) => {
    expect(newWhilePaused(make)).toBe(expected);
  });
});

import { expect, test } from "bun:test";
import { wordsOf } from "../count-elements.case.ts";
import { fold } from "../model/fold.ts";
import { createView, setKafka } from "../model/view.ts";
import { dead, enriched, NOW, raw, record } from "../sample.case.ts";
import { Flow } from "./flow.tsx";

test("each topic of the flow has the name that it has here, its total and its rate", async () => {
  const view = createView(NOW, { raw: "plant.raw", enriched: "plant.enriched", dlq: "plant.raw.dlq" });
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

import { expect, test } from "bun:test";
import { fold } from "../model/fold.ts";
import { enriched, NOW, raw, record } from "../sample.case.ts";
import { appFor } from "../serve.case.ts";
import { createView, setKafka } from "../model/view.ts";

const away = async () => {
  throw new Error("connect ECONNREFUSED");
};

test("while the brokers are away a message that is kept is shown, and its other half is said to be not known, not expired", async () => {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  for (const [topic, message] of [
    ["raw", record(40, raw())],
    ["enriched", record(7, enriched(), { source: 39 })],
  ] as const)
    fold(view, { topic, partition: 2, messages: [message], highWatermark: 41 }, NOW);
  setKafka(view, false, NOW, "away");
  const { app } = await appFor({ view, now: () => NOW, places: { message: away, offsetAt: away } });
  const get = (path: string) => app.request(path, { headers: { host: "127.0.0.1:5001" } });
  for (const path of ["/messages/raw/2/40", "/messages/enriched/2/7"]) {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    const html = await answer.text();
    expect(html).toContain("not known now");
    expect(html).toContain("Kafka does not answer: connect ECONNREFUSED");
    expect(html).not.toMatch(/expired|not found/);
  }
  // One that had to be fetched itself.
  expect((await get("/messages/raw/2/1")).status).toBe(503);
});

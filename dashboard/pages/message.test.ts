import { expect, test } from "bun:test";
import { wordsOf } from "../count-elements.fixture.ts";
import { fold } from "../model/fold.ts";
import { createView, setKafka } from "../model/view.ts";
import { dead, enriched, NOW, record } from "../sample.fixture.ts";
import { appFor } from "../serve.fixture.ts";

const DAY = 86_400_000;

async function step(path: string, of: number, now = NOW): Promise<string> {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  const measured = new Date(NOW - 2 * DAY).toISOString();
  const put = (topic: "enriched" | "dlq", message: ReturnType<typeof record>) =>
    fold(view, { topic, partition: 0, messages: [message], highWatermark: 9 }, NOW);
  put("enriched", record(0, enriched({ timestamp: measured }), { source: 0 }));
  put("enriched", record(1, enriched(), { source: 1 }));
  // JSON but for one byte of a name: whoever puts a sign in its place reads what nobody sent.
  const broken = Buffer.from(`{"device_id":"a?","timestamp":"${measured}"}`);
  broken[broken.indexOf("?")] = 0xff;
  put("dlq", dead(2, broken, "not_utf8"));
  put("dlq", dead(3, '{"device_id":"a"}', "missing"));
  const { app } = await appFor({ view, now: () => now });
  const page = await (await app.request(path, { headers: { host: "localhost" } })).text();
  return wordsOf(page, `.steps li:nth-child(${of})`);
}

test("the time of another day has its date", async () => {
  expect(await step("/messages/enriched/0/0", 1)).toBe("Measured 2026-11-22 14:27:12.000 device clock");
  expect(await step("/messages/enriched/0/1", 1)).toBe("Measured 14:27:12.000 device clock");
  expect(await step("/messages/enriched/0/1", 2, NOW + DAY)).toStartWith("Arrived 2026-11-24 14:27:12.000");
});

test("nothing is read of bytes that are not text", async () => {
  expect(await step("/messages/dlq/0/2", 1)).toBe("Measured cannot be read");
  expect(await step("/messages/dlq/0/3", 1)).toBe("Measured no time sent");
});

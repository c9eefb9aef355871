import { expect, test } from "bun:test";
import { inChromium } from "./in-chromium.fixture.ts";
import { fold } from "../model/fold.ts";
import { setKafka } from "../model/view.ts";
import { raw, record } from "../sample.fixture.ts";

inChromium("the pill of a live page in Chromium", ({ live, served }) => {
  test("speaks of the data, not of the line alone: brokers away, the past read back, no verdicts; and is live again", async () => {
    const { view } = served();
    const { page, context } = await live();
    const pill = page.locator("#pill");
    const tells = async (state: string, words: RegExp) => {
      await page.waitForSelector(`#pill[data-state=${state}]`, { timeout: 5_000 });
      expect((await pill.innerText()).replace(/\s+/g, " ")).toMatch(words);
    };
    view.kafka.answered = Date.now() - 29_000;
    setKafka(view, false, Date.now(), "away");
    await tells("away", /^Kafka away (29|3\d) s$/);
    setKafka(view, true, Date.now());
    await tells("live", /^Live \d\.\d s$/);

    view.caughtUp = false;
    await tells("reading", /^Reading back$/);
    view.caughtUp = true;
    await tells("live", /^Live/);

    const message = record(5_000, raw(), { timestamp: Date.now() - 12_000 });
    fold(view, { topic: "raw", partition: 5, messages: [message], highWatermark: 5_001 }, Date.now());
    await tells("behind", /^Behind 1[2-9] s$/);

    await page.keyboard.press("p");
    await tells("paused", /^Paused/);
    await context.close();
  }, 40_000);
});

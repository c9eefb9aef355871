import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import type { Tick } from "../assets/stream.ts";
import { fold } from "../model/fold.ts";
import { inChromium } from "./in-chromium.fixture.ts";
import { enriched, record } from "../sample.fixture.ts";
import { createView, setKafka, type ViewModel } from "../model/view.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** When a device that sends every 5 s is silent, as far as its messages tell. */
const OFFLINE = 30 * SECOND;

inChromium("time on a live page in Chromium", ({ live, serve }) => {
  /** A clock that can be put forward, and a device of a 5 s interval beside one of unknown type. */
  async function start() {
    let ahead = 0;
    const now = () => Date.now() + ahead;
    const sent = now();
    const view = createView(sent);
    view.coveredFrom = sent - MINUTE;
    view.caughtUp = true;
    setKafka(view, true, sent);
    put(view, 0, enriched({ device_id: "quick", timestamp: iso(sent) }), sent);
    put(view, 1, enriched({ device_id: "odd", device_type: "unknown", timestamp: iso(sent) }), sent);
    await serve({ view, now });
    const { page, context } = await live();
    return {
      view,
      page,
      context,
      since: () => now() - sent,
      /** Waits for a frame of the new time. */
      async at(ms: number) {
        ahead += ms - (now() - sent);
        await frame(page, sent + ms);
      },
    };
  }

  test("a device is shown silent when it is offline, within a second; one of unknown type never", async () => {
    const { page, context, since, at } = await start();
    await page.waitForSelector(mark("quick", "good"));
    await at(OFFLINE - 1_500);
    expect(await page.locator(mark("quick", "good")).count()).toBe(1);
    await page.waitForSelector(mark("quick", "silent"));
    expect(since()).toBeWithin(OFFLINE, OFFLINE + SECOND);
    expect(await page.locator("#attention").innerText()).toContain(
      "No data, expected every 5 s, offline after 30 s",
    );

    await at(59 * MINUTE);
    expect(await page.locator(mark("odd", "unknown")).count()).toBe(1);
    await context.close();
  }, 40_000);

  test("late data never becomes a device's state; in the feed it stands where it arrived, and is marked late", async () => {
    const { view, page, context } = await start();
    await page.waitForSelector(mark("quick", "good"));
    const now = Date.now();
    // Measured an hour ago and bad, arrived only now; and one that was on its way for ten seconds.
    put(view, 2, enriched({ device_id: "quick", grade: "BAD", timestamp: iso(now - 60 * MINUTE) }), now);
    await page.waitForSelector("#m-enriched-0-2");
    put(view, 3, enriched({ device_id: "slow", timestamp: iso(now - 10 * SECOND) }), now - 10 * SECOND);
    await page.waitForSelector("#m-enriched-0-3");
    const ids = await page.locator("#feed > li").evaluateAll((all) => all.map((row) => row.id));
    expect(ids[0]).toBe("m-enriched-0-2");
    expect(ids.at(-1)).toBe("m-enriched-0-3");
    const hour = iso(now - 60 * MINUTE).slice(11, 19);
    expect(await page.locator("#m-enriched-0-2 summary").textContent()).toContain(`late ${hour}`);
    expect(await page.locator("#m-enriched-0-3 summary").textContent()).not.toContain("late");
    expect(await page.locator(".feed-head").innerText()).toStartWith("Arrived");
    await page.waitForSelector(mark("slow", "good"));
    expect(await page.locator(mark("quick", "good")).count()).toBe(1);
    expect(await page.locator("#attention").innerText()).not.toContain("quick");
    await context.close();
  }, 40_000);
});

const iso = (ms: number): string => new Date(ms).toISOString();
const mark = (id: string, word: string): string => `#fleet a[title="${id}: ${word}"]`;

function put(view: ViewModel, offset: number, value: string, timestamp: number): void {
  const messages = [record(offset, value, { source: offset, timestamp, key: `d${offset}` })];
  fold(view, { topic: "enriched", partition: 0, messages, highWatermark: offset + 1 }, Date.now());
}

/** The first frame that tells this time or a later one has been put on the page. */
const frame = (page: Page, time: number): Promise<void> =>
  page.evaluate(
    (from) =>
      new Promise<void>((resolve) => {
        document.addEventListener("iot:draw", function look(event) {
          if ((event as CustomEvent<{ tick: Tick }>).detail.tick.now < from) return;
          document.removeEventListener("iot:draw", look);
          requestAnimationFrame(() => resolve());
        });
      }),
    time,
  );

import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import {
  HUGE_PAGES,
  harmless,
  hostile,
  hostilePaths,
  hostileView,
  hugeView,
  PAYLOADS,
  SELECTORS,
  wrongPaths,
} from "../hostile.fixture.ts";
import { hostileGroup } from "../hostile-registry.fixture.ts";
import { inChromium } from "./in-chromium.fixture.ts";
import { NOW } from "../sample.fixture.ts";

inChromium("hostile content in Chromium", ({ open, serve, served }) => {
  test("of more than 500 kinds adds no element and no handler to any page, by its first HTML or by its stream", async () => {
    expect(PAYLOADS.length).toBeGreaterThan(500);
    const { page, context, complaints } = await open();
    // The first frame of a stream has every card and row again.
    await page.addInitScript(() => {
      document.addEventListener("htmx:sse:after:message", () => {
        const root = document.documentElement;
        root.dataset.frames = String(Number(root.dataset.frames ?? 0) + 1);
      });
    });
    const render = async (text: (i: number) => string) => {
      await page.goto("about:blank");
      const evil = text(PAYLOADS.length - 1);
      await serve({ view: hostileView(text), now: () => NOW, group: hostileGroup(evil) });
      const counted: number[][] = [];
      for (const path of [...hostilePaths(text), ...wrongPaths(evil)])
        counted.push([counted.length, ...(await count(page, served().url + path))]);
      return counted;
    };
    const expected = await render(harmless);
    expect(await render(hostile)).toEqual(expected);
    // What the browser says of an answer that is no page is said on purpose.
    expect(complaints.filter((text) => !/status of 40[04]/.test(text))).toEqual([]);
    await context.close();
  }, 400_000);

  test("a value that goes on behind a fold is copied whole, and one whose end is not shown is not", async () => {
    await serve({ view: await hugeView(), now: () => NOW });
    const { page, context } = await open({ permissions: ["clipboard-read", "clipboard-write"] });
    await page.goto(`${served().url}/messages/enriched/0/20000`, { waitUntil: "load" });
    await page.locator("details.same").first().locator("> summary").click();
    await page.locator(".json li[data-p='/measurements']").click();
    await page.locator('[data-copy="value"]').click();
    await page.getByText("Copied").waitFor();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    expect(Object.keys(copied)).toHaveLength(900);
    await page.goto(`${served().url}/messages/raw/0/1`, { waitUntil: "load" });
    await page.locator(".json li[data-p='/filler']").click();
    await page.locator('[data-copy="value"]').click();
    await page.getByText("Not copied").waitFor();
    await context.close();
  }, 60_000);

  test("much and long of everything: no page scrolls sideways at 390 px, and none is endless", async () => {
    await serve({ view: await hugeView(), now: () => NOW });
    for (const javaScriptEnabled of [true, false]) {
      const { page, context } = await open({ viewport: { width: 390, height: 844 }, javaScriptEnabled });
      for (const [path, most] of HUGE_PAGES) {
        const answer = await page.goto(served().url + path, { waitUntil: "load" });
        expect([path, answer?.status()]).toEqual([path, 200]);
        const { width, height } = await page
          .locator("html")
          .evaluate(({ scrollWidth, scrollHeight }) => ({ width: scrollWidth, height: scrollHeight }));
        expect([path, width]).toEqual([path, 390]);
        expect([path, height < most ? "short enough" : height]).toEqual([path, "short enough"]);
      }
      await context.close();
    }
  }, 120_000);
});

async function count(page: Page, url: string): Promise<number[]> {
  await page.goto(url, { waitUntil: "domcontentloaded" });
  if ((await page.locator("#live").count()) > 0)
    await page.waitForFunction(() => Number(document.documentElement.dataset.frames ?? 0) >= 2);
  return page.evaluate((selectors) => {
    const all = [...document.querySelectorAll("*")];
    const handlers = all.flatMap((one) => one.getAttributeNames()).filter((name) => /^on/i.test(name));
    return [handlers.length, ...selectors.map((selector) => document.querySelectorAll(selector).length)];
  }, SELECTORS);
}

import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { inChromium } from "./in-chromium.fixture.ts";

inChromium("the shares of the overview in Chromium", ({ open, live, served }) => {
  const shown = async (page: Page) => {
    const heightOf = async (selector: string) => (await page.locator(selector).boundingBox())?.height ?? 0;
    const [table, caption, more] = ["#types .hbars table", "#types figcaption", "#types .numbers"];
    const withTable = (await page.locator(table).count()) > 0;
    return [withTable, (await heightOf(caption)) > 1, (await heightOf(more)) > 0];
  };

  test("device types are told once to who looks: by bars and a caption, or without a script by a table of no hole", async () => {
    const scripted = await live();
    await scripted.page.waitForSelector("#types canvas");
    expect(await shown(scripted.page)).toEqual([false, true, true]);
    await scripted.context.close();

    const { page, context } = await open({ javaScriptEnabled: false });
    await page.goto(served().url);
    expect(await shown(page)).toEqual([true, false, false]);
    const box = async (selector: string) => (await page.locator(selector).boundingBox())?.height ?? 0;
    expect((await box("#types .hbars")) - (await box("#types .hbars table"))).toBeWithin(0, 2);
    // Who cannot see still has it.
    expect(await page.locator("#types figcaption").textContent()).toContain("smart_breaker");
    await context.close();
  }, 40_000);
});

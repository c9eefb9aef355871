import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import type { Tick } from "../assets/stream.ts";
import { isLive } from "./browser.fixture.ts";
import { inChromium } from "./in-chromium.fixture.ts";
import { startKillable } from "./killable.fixture.ts";
import { seeded, send } from "../seeded.fixture.ts";
import { REPEATED_STEPS } from "../model/series.ts";

inChromium("a live page in Chromium", ({ open, live, serve, served }) => {
  const rows = (page: Page) => page.locator("#feed > li").evaluateAll((all) => all.map((row) => row.id));

  test("a refused first connect is live within 6 s, by exactly one stream", async () => {
    const { page, context } = await open();
    let refused = 0;
    await page.route("**/live/**", (route) => (refused++ === 0 ? route.abort() : route.continue()));
    await page.goto(served().url, { waitUntil: "domcontentloaded" });
    expect(await isLive(page, 6_000)).toBeLessThan(6_000);
    expect(refused).toBe(2);
    // The element asks again every 5 s: while a stream is open it must not open a second one.
    await page.waitForTimeout(5_500);
    expect(served().clients()).toBe(1);
    await context.close();
  }, 40_000);

  test("a slow first answer opens one stream, not two", async () => {
    const { page, context } = await open();
    let asked = 0;
    await page.route("**/live/**", async (route) => {
      if (asked++ === 0) await Bun.sleep(7_000);
      await route.continue();
    });
    await page.goto(served().url, { waitUntil: "domcontentloaded" });
    await isLive(page, 20_000);
    await page.waitForTimeout(1_000);
    expect(asked).toBe(1);
    expect(served().clients()).toBe(1);
    await context.close();
  }, 40_000);

  test("the server killed and started again: said so, then live within 6 s, no row twice, no gap in the chart", async () => {
    const began = Date.now();
    await using killable = await startKillable(began);
    const { page, context } = await open();
    await page.goto(`${killable.url}/?range=1`, { waitUntil: "domcontentloaded" });
    await isLive(page, 8_000);
    await page.evaluate(() => {
      const kept = window as unknown as { ticks: Tick[] };
      kept.ticks = [];
      document.addEventListener("iot:draw", (event) => {
        kept.ticks.push((event as CustomEvent<{ tick: Tick }>).detail.tick);
      });
    });
    const stopped = Date.now();
    await killable.kill();
    await page.waitForSelector("#cut:not([hidden])");
    expect(await page.locator("#cut").innerText()).toMatch(/Connection lost at \d\d:\d\d:\d\d UTC/);
    expect(await page.locator("#pill").innerText()).toContain("Offline");
    // Longer than what every frame repeats: only the whole series can fill it.
    await page.waitForFunction((until) => Date.now() > until, stopped + (REPEATED_STEPS + 3) * 1_000);
    // A new process has read back what was sent before and meanwhile: one message a second.
    const view = seeded(began);
    let i = 300;
    for (let at = began; at < Date.now(); at += 1_000) send(view, i++, at);
    await serve({ view, port: killable.port });
    expect(await isLive(page, 6_000)).toBeLessThan(6_000);
    await page.waitForSelector(`#m-enriched-0-${i - 1}`);
    const ids = await rows(page);
    expect(ids).toHaveLength(new Set(ids).size);
    expect(ids).toHaveLength(15);
    expect(await page.locator("#cut").isHidden()).toBe(true);

    const ticks = await page.evaluate(() => (window as unknown as { ticks: Tick[] }).ticks);
    const points = drawn(ticks, "rate", "raw");
    const times = [...points.keys()].sort((x, y) => x - y);
    expect(times.length).toBeGreaterThanOrEqual(60);
    expect(times.filter((time, n) => n > 0 && time - (times[n - 1] ?? 0) !== 1_000)).toEqual([]);
    expect(times.filter((time) => points.get(time) === null)).toEqual([]);
    const away = times.filter((time) => time > stopped && time < stopped + REPEATED_STEPS * 1_000);
    expect(away.length).toBeGreaterThanOrEqual(REPEATED_STEPS - 1);
    expect(away.filter((time) => points.get(time) === 0)).toEqual([]);
    await context.close();
  }, 60_000);

  test("new rows come on top, the oldest leave, ages tick, the totals follow", async () => {
    const { page, context } = await live();
    send(served().view, 300);
    await page.waitForSelector("#m-enriched-0-300");
    const ids = await rows(page);
    expect(ids[0]).toBe("m-enriched-0-300");
    expect(ids).toHaveLength(15);
    const age = page.locator("#stats [data-big] span").first();
    const first = Number(await age.innerText());
    await page.waitForFunction(
      (before) => Number(document.querySelector("#stats [data-big] span")?.textContent) > before + 1,
      first,
    );
    await context.close();
  }, 40_000);

  test("three charts are drawn, and their height never grows", async () => {
    const { page, context } = await live();
    await page.waitForFunction(
      () => document.querySelectorAll("#rate canvas, .ring canvas, .hbars canvas").length === 3,
    );
    const heights = () =>
      page
        .locator("#rate, .ring, .hbars")
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
    const before = await heights();
    await page.evaluate(() => {
      const counter = window as unknown as { ticks: number };
      counter.ticks = 0;
      document.addEventListener("iot:draw", () => counter.ticks++);
    });
    for (let i = 300; i < 308; i++) {
      send(served().view, i);
      await page.waitForFunction((n) => (window as unknown as { ticks: number }).ticks >= n, i - 299);
    }
    expect(await heights()).toEqual(before);
    expect(before).toEqual([220, 128, 184]);
    await context.close();
  }, 40_000);

  test("the cursors of two charts move together, and each tells what stands under it", async () => {
    const { page, context } = await live("/pipeline");
    await page.waitForFunction(() => document.querySelectorAll("#latency canvas, #rate canvas").length === 2);
    await page.locator("#latency .u-over").hover();
    const told = (id: string) => page.locator(`section:has(#${id}) .at`).innerText();
    await page.waitForFunction(() => [...document.querySelectorAll(".at")].every((note) => note.textContent));
    expect((await told("rate")).slice(0, 6)).toBe((await told("latency")).slice(0, 6));
    await context.close();
  }, 40_000);

  test("pause holds the page still and counts what is new; resume brings it", async () => {
    const { page, context } = await live("/messages?topic=raw");
    await page.keyboard.press("p");
    expect(await page.locator("#pause").getAttribute("aria-pressed")).toBe("true");
    const before = await rows(page);
    for (let i = 1_000; i < 1_007; i++) send(served().view, i);
    await page.waitForFunction(() => document.querySelector("#pill .age")?.textContent === "7 new");
    expect(await rows(page)).toEqual(before);
    await page.locator("#pause").click();
    await page.waitForSelector("#m-raw-0-1006");
    await isLive(page, 6_000);
    expect((await rows(page))[0]).toBe("m-raw-0-1006");
    await context.close();
  }, 40_000);

  test("an opened row stays open and whole through ten frames, and new rows wait until it is closed", async () => {
    const { page, context } = await live();
    const id = (await rows(page))[2] ?? "";
    const row = page.locator(`#${id} details`);
    await row.locator("> summary").click();
    await row.locator(".more .json").first().waitFor();
    await page.evaluate(() => {
      const counter = window as unknown as { ticks: number };
      counter.ticks = 0;
      document.addEventListener("iot:draw", () => counter.ticks++);
    });
    for (let i = 300; i < 310; i++) {
      send(served().view, i);
      const seen = i - 299;
      await page.waitForFunction((ticks) => (window as unknown as { ticks: number }).ticks >= ticks, seen);
    }
    expect(await row.getAttribute("open")).not.toBeNull();
    expect(await row.locator(".more .json").count()).toBeGreaterThan(0);
    expect((await rows(page))[2]).toBe(id);
    await row.locator("> summary").click();
    await page.waitForSelector("#m-enriched-0-309");
    const ids = await rows(page);
    expect(ids.slice(0, 3)).toEqual(["m-enriched-0-309", "m-enriched-0-308", "m-enriched-0-307"]);
    expect(ids).toHaveLength(new Set(ids).size);
    await context.close();
  }, 60_000);
});

/** What a chart has after these ticks: it keeps values by time, and a whole series replaces all. */
function drawn(ticks: Tick[], chart: string, line: string): Map<number, number | null> {
  const points = new Map<number, number | null>();
  for (const { whole, charts } of ticks) {
    if (whole) points.clear();
    const series = charts?.[chart];
    for (const [n, value] of (series?.values[line] ?? []).entries())
      points.set((series?.from ?? 0) + n * (series?.stepMs ?? 0), value);
  }
  return points;
}

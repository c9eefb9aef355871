import { expect, test } from "bun:test";
import { createConnection, createServer, type Socket } from "node:net";
import type { Page } from "playwright-core";
import { isLive } from "./browser.fixture.ts";
import { inChromium } from "./in-chromium.fixture.ts";
import { createView, setKafka } from "../model/view.ts";
import { seeded, send } from "../seeded.fixture.ts";

inChromium("a page whose stream tells of the past, in Chromium", ({ open, served, serve, live }) => {
  test("a slow line: ages grow with the delay, and before the page is far behind it begins anew", async () => {
    const line = await slowLine(served().port);
    const { page, context } = await open();
    await page.goto(line.url, { waitUntil: "domcontentloaded" });
    await isLive(page, 8_000);
    const opened = line.streams();
    line.slow(true);
    // Every frame still comes, each later than the one before: the age says so.
    await page.waitForFunction(
      () => Number.parseFloat(document.querySelector("#pill .age")?.textContent ?? "") >= 3,
    );
    expect(await page.locator("#pill").getAttribute("data-state")).toBe("live");
    await page.waitForFunction(
      () => Number.parseFloat(document.querySelector("#pill .age")?.textContent ?? "") < 1,
      undefined,
      { timeout: 20_000 },
    );
    expect(line.streams()).toBeGreaterThan(opened);
    await context.close();
    line.stop();
  }, 60_000);

  test("a line on which nothing comes any more, though it is open: not live after 2.5 s, cut after 7 s, then live by another one", async () => {
    const line = await slowLine(served().port);
    const { page, context } = await open();
    await page.goto(line.url, { waitUntil: "domcontentloaded" });
    await isLive(page, 8_000);
    const opened = line.streams();
    line.mute(true);
    await page.waitForSelector("#pill[data-state=late]", { timeout: 4_000 });
    expect(await page.locator("#pill").innerText()).toContain("Waiting");
    expect(await page.locator("#pill svg").getAttribute("class")).toBe("warn");
    expect(await page.locator("#cut").isHidden()).toBe(true);
    await page.waitForSelector("#cut:not([hidden])", { timeout: 6_500 });
    expect(await page.locator("#pill").innerText()).toContain("Offline");
    line.mute(false);
    // What asked meanwhile gets no answer either: it is given up after 10 s.
    await isLive(page, 15_000);
    expect(await page.locator("#cut").isHidden()).toBe(true);
    expect(line.streams()).toBeGreaterThan(opened);
    expect(served().clients()).toBeGreaterThan(0);
    await context.close();
    line.stop();
  }, 60_000);

  test("an outage that is over is a gap in the line itself, between zeros", async () => {
    const now = Date.now();
    const view = createView(now - 10 * 60_000);
    view.coveredFrom = now - 10 * 60_000;
    view.caughtUp = true;
    setKafka(view, true, now - 40_000);
    setKafka(view, false, now - 30_000, "away");
    setKafka(view, true, now - 20_000);
    await serve({ view });
    const { page, context } = await live("/?range=1");
    await page.waitForSelector("#rate canvas");
    const over = page.locator("#rate .u-over");
    const width = (await over.boundingBox())?.width ?? 0;
    const told = async (part: number) => {
      await over.hover({ position: { x: width * part, y: 20 } });
      return (await page.locator("section:has(#rate) .at").innerText()).slice("00:00:00".length);
    };
    // 51 s, 30 s and 6 s ago.
    expect(await told(0.15)).toContain("0");
    expect(await told(0.5)).toMatch(/^[^\d]*–[^\d]*$/);
    expect(await told(0.9)).toContain("0");
    await context.close();
  }, 40_000);

  test("a server of another build: an open page loads itself again, once, and not while it is paused", async () => {
    const { page, context } = await open();
    let loads = 0;
    page.on("load", () => loads++);
    // As if it had been open for a while.
    await page.addInitScript(() => {
      const since = performance.now.bind(performance);
      if (!sessionStorage.getItem("old")) performance.now = () => since() + 60_000;
      sessionStorage.setItem("old", "yes");
    });
    await page.goto(served().url, { waitUntil: "load" });
    await isLive(page, 8_000);
    await page.keyboard.press("p");
    const { port, view } = served();
    await serve({ view, port, build: "another" });
    await page.waitForFunction(() => document.querySelector("#pill .age")?.textContent?.endsWith("new"));
    send(view, 1_000);
    await page.waitForFunction(() => document.querySelector("#pill .age")?.textContent === "1 new");
    expect(loads).toBe(1);
    const reloaded = page.waitForEvent("load");
    await page.keyboard.press("p");
    await reloaded;
    await isLive(page, 8_000);
    await page.waitForTimeout(2_000);
    // The pages stay of the old build: loading again each time would go on for ever.
    expect(loads).toBe(2);
    await context.close();
  }, 60_000);

  test("a tab that was hidden for a while: nothing is live until it is, then all of it is new", async () => {
    const view = seeded();
    await serve({ view });
    const { page, context } = await live();
    await hide(page, true);
    await page.waitForFunction(() => document.hidden);
    for (const deadline = Date.now() + 8_000; served().clients() > 0; await Bun.sleep(50))
      if (Date.now() > deadline) throw new Error("the hidden tab keeps its stream");
    for (let i = 3_000; i < 3_030; i++) send(view, i);
    expect(await page.locator("#m-enriched-0-3029").count()).toBe(0);
    await hide(page, false);
    await page.waitForSelector("#m-enriched-0-3029");
    await isLive(page, 6_000);
    expect(served().clients()).toBe(1);
    await context.close();
  }, 60_000);
});

async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

/**
 * A TCP proxy whose answers, while it is slow, come ever later: 0.6 s for each second, in order and none lost. What is or
 * becomes open while it is mute stays open, and nothing comes through it any more.
 */
async function slowLine(port: number) {
  let slowSince: number | undefined;
  let muted = false;
  const lost = new Set<Socket>();
  const all = new Set<Socket>();
  let streams = 0;
  const server = createServer((client) => {
    const upstream = createConnection({ port, host: "127.0.0.1" });
    const opened = Date.now();
    let free = 0;
    all.add(client);
    if (muted) lost.add(client);
    client.on("data", (chunk) => {
      if (lost.has(client)) return;
      if (chunk.includes("GET /live/")) streams++;
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (lost.has(client)) return;
      const since = slowSince === undefined ? undefined : Math.max(slowSince, opened);
      const delay = since === undefined ? 0 : (Date.now() - since) * 0.6;
      free = Math.max(free, Date.now() + delay);
      setTimeout(() => client.writable && client.write(chunk), free - Date.now());
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    streams: () => streams,
    slow(on: boolean) {
      slowSince = on ? Date.now() : undefined;
    },
    mute(on: boolean) {
      muted = on;
      if (on) for (const client of all) lost.add(client);
    },
    stop: () => void server.close(),
  };
}

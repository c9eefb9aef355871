import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { FULL_GROUP, fullView } from "../full.fixture.ts";
import { ALL, EXPORTS, FILTERS } from "../pages/filters.case.ts";
import { NOW } from "../sample.fixture.ts";
import type { Opened } from "./browser.fixture.ts";
import { inChromium } from "./in-chromium.fixture.ts";

const TABS = [
  ["Raw", "raw"],
  ["Enriched", "enriched"],
  ["Dead letters", "dlq"],
] as const;

/** Pages, and whether each would be live with JavaScript. */
const PAGES: [path: string, isLive: boolean][] = [
  ["/", true],
  ["/messages", true],
  ["/messages?device=nobody", true],
  ["/messages/enriched/0/1", false],
  ["/messages/raw/0/41?view=bytes", false],
  ["/messages/dlq/0/0", false],
  ["/types", true],
  ["/types/smart_meter", true],
  ["/pipeline", true],
  ["/docs", false],
  ["/nowhere", false],
];

inChromium("without JavaScript, in Chromium", ({ open, serve, served }) => {
  let opened: Opened;
  beforeEach(async () => {
    await serve({ view: fullView(), now: () => NOW, group: FULL_GROUP });
    opened = await open({ javaScriptEnabled: false });
  });
  afterEach(() => opened.context.close());

  const go = (page: Page, path: string) => page.goto(served().url + path, { waitUntil: "domcontentloaded" });
  /** Partition and offset of each row. */
  const rows = (page: Page, topic: string) =>
    page
      .locator(`#feed.${topic} > li`)
      .evaluateAll((all) => all.map(({ id }) => id.split("-").slice(-2).join("/")));

  test("every page reads, says of what time it is, and shows no control that needs a script", async () => {
    const { page, complaints } = opened;
    for (const [path, isLive] of PAGES) {
      await go(page, path);
      expect([path, await page.locator("h1").count()]).toEqual([path, 1]);
      const text = await page.locator("main").innerText();
      expect([path, text.includes("Live updates need JavaScript")]).toEqual([path, isLive]);
      expect(await page.locator(".pill").innerText()).toMatch(/As of\s*14:27:12/);
      const scripted = page.locator(".scripted");
      for (let i = 0; i < (await scripted.count()); i++)
        expect([path, i, await scripted.nth(i).isVisible()]).toEqual([path, i, false]);
    }
    expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
  }, 60_000);

  test("charts stand as pictures, and their numbers unfold as tables", async () => {
    const { page } = opened;
    for (const [path, charts, tables] of [
      // The bars of the device types are a table themselves.
      ["/", ["#rate"], 1],
      ["/pipeline", ["#latency", "#rate"], 2],
    ] as const) {
      await go(page, path);
      for (const chart of charts) {
        const boxes = await page
          .locator(`${chart} path.ln`)
          .evaluateAll((all) => all.map((line) => line.getBoundingClientRect().width));
        // In the picture of the latency two values stand alone.
        expect([chart, boxes.length, Math.min(...boxes) > 50]).toEqual([chart, 3, true]);
      }
      const folds = page.locator("details.numbers:visible");
      expect(await folds.count()).toBe(tables);
      for (let i = 0; i < tables; i++) {
        expect(await folds.nth(i).locator("table").isVisible()).toBe(false);
        await folds.nth(i).locator("summary").click();
        expect(await folds.nth(i).locator("table").isVisible()).toBe(true);
      }
    }
    await go(page, "/");
    expect(await page.locator("#event-ring circle").count()).toBe(2);
    expect(await page.locator("#type-bars table").isVisible()).toBe(true);
  }, 60_000);

  test.each(["/", "/messages"])(
    "each tab of %s shows its topic, and only that",
    async (path) => {
      const { page } = opened;
      await go(page, path);
      for (const [name, topic] of TABS) {
        await page.locator(".tabs a", { hasText: name }).click();
        await page.waitForURL(new RegExp(topic), { waitUntil: "domcontentloaded" });
        expect([topic, ...(await rows(page, topic))]).toEqual([topic, ...(ALL[topic] ?? [])]);
        expect(await page.locator(".tabs a[aria-current=page]").innerText()).toStartWith(name);
      }
    },
    60_000,
  );

  test("each select, the device and the text filter, and the form tells what was asked", async () => {
    const { page } = opened;
    for (const [topic, query, found] of eachField()) {
      await go(page, `/messages?topic=${topic}`);
      for (const [name, value] of Object.entries(query)) {
        const field = page.locator(`.tools [name=${name}]`);
        if ((await field.evaluate(({ tagName }) => tagName)) === "SELECT") await field.selectOption(value);
        else await field.fill(value);
      }
      await page.locator(".tools button[type=submit]").click();
      await page.waitForURL("**&q=*", { waitUntil: "domcontentloaded" });
      expect([topic, query, await rows(page, topic)]).toEqual([topic, query, found]);
      for (const [name, value] of Object.entries(query))
        expect([name, await page.locator(`.tools [name=${name}]`).inputValue()]).toEqual([name, value]);
      if (found.length === 0) {
        expect(await page.locator("#nothing").innerText()).toContain("device nobody");
        await page.locator("#nothing a").click();
        expect(await rows(page, topic)).toEqual(ALL[topic] ?? []);
      }
    }
  }, 120_000);

  test("each format of each topic is saved under its name, with what matches", async () => {
    const { page } = opened;
    for (const [address, topic, found] of [
      ["topic=raw", "raw", ALL.raw],
      ["topic=enriched&type=smart_breaker", "enriched", ["1/1", "0/0"]],
      ["topic=dlq&reason=not_json", "dlq", ["0/1", "0/0"]],
    ] as const) {
      await go(page, `/messages?${address}`);
      for (const [format, read] of Object.entries(EXPORTS)) {
        const saving = page.waitForEvent("download");
        await page.locator(".tools a", { hasText: new RegExp(`^${format.toUpperCase()}$`) }).click();
        const saved = await saving;
        expect(saved.suggestedFilename()).toBe(`messages-${topic}.${format}`);
        expect([format, ...read(await Bun.file(await saved.path()).text())]).toEqual([
          format,
          ...(found ?? []),
        ]);
      }
    }
  }, 60_000);

  test("a row of each topic opens, leads to the whole message, and from there to its other half", async () => {
    const { page } = opened;
    for (const [topic, words, title] of [
      ["raw", "mystery-1", "raw[0]@45"],
      ["enriched", "nearest smart_meter, 31 of 100", "enriched[0]@2"],
      ["dlq", "what not_object means", "dlq[0]@2"],
    ] as const) {
      await go(page, `/messages?topic=${topic}`);
      const row = page.locator("#feed > li").first();
      expect(await row.locator(".detail").isVisible()).toBe(false);
      await row.locator("> details > summary").click();
      expect(await row.locator(".detail").innerText()).toContain(words);
      await row.locator("a.whole").click();
      expect(await page.locator("h1").innerText()).toBe(title);
      await page.locator(".steps a").click();
      expect(await page.locator("h1").innerText()).not.toBe(title);
    }
  }, 60_000);

  test("a message as bytes and as lines; a range; loading again by itself and no longer", async () => {
    const { page } = opened;
    await go(page, "/messages/raw/0/41");
    const view = (name: string) => page.locator('nav[aria-label="Raw view"] a', { hasText: name }).click();
    await view("Bytes");
    expect(await page.locator("pre.bytes").innerText()).toContain("7b 22 64 65 76 69 63 65");
    await view("Lines");
    expect(await page.locator(".json").first().innerText()).toContain('"device_id"');
    await go(page, "/");
    for (const name of ["1 min", "5 min", "15 min", "1 h"]) {
      await page.locator(".range a", { hasText: new RegExp(`^${name}$`) }).click();
      expect(await page.locator(".range a[aria-current]").innerText()).toBe(name);
      expect(await page.locator("#rate-caption").innerText()).toMatch(new RegExp(` in ${name}$`));
    }
    await page.locator(".banner a", { hasText: "every 10 s" }).click();
    await page.locator(".banner a", { hasText: "Stop reloading" }).click();
    expect(page.url()).not.toContain("refresh");
  }, 60_000);

  test("compact rows are lower, a dark page is dark, and both stay on the next page", async () => {
    const { page } = opened;
    const look = () =>
      page.evaluate(() => ({
        height: document.querySelector("#feed summary")?.getBoundingClientRect().height ?? 0,
        cell: document.querySelector(".tbl td")?.getBoundingClientRect().height ?? 0,
        ground: getComputedStyle(document.documentElement).backgroundColor,
      }));
    const brightness = (colour: string) =>
      (colour.match(/[\d.]+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
    const choose = async (name: string) => {
      await page.locator(".menu summary").click();
      await page.locator(".menu a", { hasText: name }).click();
    };
    await go(page, "/");
    const before = await look();
    await choose("Compact");
    const compact = await look();
    expect(compact.height).toBeLessThan(before.height);
    expect(compact.cell).toBeLessThan(before.cell);
    await choose("Dark");
    const dark = await look();
    expect(brightness(dark.ground)).toBeLessThan(brightness(before.ground));
    await page.locator(".rail a", { hasText: "Messages" }).click();
    expect(await look()).toMatchObject({ height: compact.height, ground: dark.ground });
    await choose("Cosy");
    expect((await look()).height).toBe(before.height);
  }, 60_000);
});

/** One of the filters for each field of a topic's form; a limit has none. */
function eachField(): typeof FILTERS {
  const tried = new Set<string>();
  return FILTERS.filter(([topic, { limit, ...query }]) => {
    const fields = `${topic} ${Object.keys(query)}`;
    const isNew = limit === undefined && !tried.has(fields);
    tried.add(fields);
    return isNew;
  }).concat(FILTERS.filter(([, , found]) => found.length === 0));
}

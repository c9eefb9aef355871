import { expect, test } from "bun:test";
import { axe, isLive } from "./browser.fixture.ts";
import { FULL_GROUP, fullView } from "../full.fixture.ts";
import { fold } from "../model/fold.ts";
import { hostileMessage } from "../hostile.fixture.ts";
import { inChromium } from "./in-chromium.fixture.ts";
import { NOW } from "../sample.fixture.ts";
import { send } from "../seeded.fixture.ts";

const PAGES = [
  "/",
  "/?tab=raw&range=60",
  "/?tab=dlq&range=1",
  "/messages",
  "/messages?topic=raw&q=voltage.phase_a>1",
  "/messages?topic=dlq",
  "/messages?device=nobody",
  "/messages/enriched/0/288",
  "/messages/raw/0/279?view=bytes",
  "/messages/dlq/0/279",
  "/messages/enriched/2/0",
  "/types",
  "/types/smart_breaker",
  "/pipeline",
  "/docs",
  "/nowhere",
];

inChromium("the dashboard in Chromium", ({ open, live, serve, served }) => {
  test("every page keeps the policy, complains of nothing, and fits 390 px without sideways scroll", async () => {
    for (const width of [1440, 768, 390]) {
      const { page, context, complaints } = await open({ viewport: { width, height: 844 } });
      for (const path of PAGES) {
        await page.goto(served().url + path, { waitUntil: "domcontentloaded" });
        if ((await page.locator("#live").count()) > 0) await isLive(page, 8_000);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(`${path} at ${width}: ${over}`).toBe(`${path} at ${width}: 0`);
      }
      expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
      await context.close();
    }
  }, 120_000);

  test.each(["light", "dark"] as const)(
    "axe finds nothing on any page, %s, with a row, the menu and the dialog open",
    async (colorScheme) => {
      const { page, context } = await open({ bypassCSP: true, colorScheme });
      for (const path of PAGES) {
        await page.goto(served().url + path, { waitUntil: "domcontentloaded" });
        if ((await page.locator("#live").count()) > 0) await isLive(page, 8_000);
        const row = page.locator("#feed details").first();
        if ((await row.count()) > 0) {
          await row.locator("> summary").click();
          await row.locator(".more > *").first().waitFor();
        }
        await page.locator(".menu summary").click();
        expect([path, ...(await axe(page))]).toEqual([path]);
      }
      await page.goto(served().url, { waitUntil: "domcontentloaded" });
      await isLive(page, 8_000);
      await page.keyboard.press("?");
      await page.locator("#keys[open]").waitFor();
      expect(["the dialog", ...(await axe(page))]).toEqual(["the dialog"]);
      await context.close();
    },
    180_000,
  );

  test("a latency between two gaps is seen in the live chart, though no line leads to it", async () => {
    await serve({ view: fullView(), now: () => NOW, group: FULL_GROUP });
    const { page, context } = await live("/pipeline");
    await page.locator("#latency canvas").waitFor();
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>("#latency canvas");
      const { width = 0, height = 0 } = canvas ?? {};
      const pixels = canvas?.getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
      let coloured = 0;
      for (let i = 0; i < pixels.length; i += 4) {
        const [red = 0, green = 0, blue = 0] = pixels.slice(i, i + 3);
        // Grid and words are grey.
        if (Math.max(red, green, blue) - Math.min(red, green, blue) > 60) coloured++;
      }
      return coloured > 20;
    });
    await context.close();
  }, 40_000);

  test("scripts in a device's text never run, live or not", async () => {
    const payloads = [
      `<img src=x onerror="window.hit=1">`,
      `"><script>window.hit=1</script>`,
      `<hx-partial hx-target="body" hx-swap="innerHTML"><img src=x onerror="window.hit=1"></hx-partial>`,
      `<div hx-get="/api/stats" hx-trigger="load" hx-target="body"></div>`,
      `x\r\n\r\nevent: iot:tick\r\ndata: {}\r\n\r\n`,
    ];
    const put = (i: number, evil: string) => {
      const messages = [hostileMessage(i, evil, Date.now())];
      fold(served().view, { topic: "enriched", partition: 1, messages, highWatermark: i + 1 }, Date.now());
    };
    const { page, context, complaints } = await live();
    for (const [i, evil] of payloads.entries()) {
      put(i, evil);
      await page.waitForSelector(`#m-enriched-1-${i}`);
      await page.locator(`#m-enriched-1-${i} > details > summary`).click();
      await page.locator(`#m-enriched-1-${i} .more > *`).first().waitFor();
      await page.locator(`#m-enriched-1-${i} > details > summary`).click();
    }
    await page.goto(`${served().url}/messages/enriched/1/1`);
    expect(await page.evaluate(() => "hit" in window)).toBe(false);
    expect(await page.locator("img").count()).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);

  test("markup with hx- attributes that reaches the page is inert: it has not the page's nonce", async () => {
    const { page, context, complaints } = await live();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.evaluate(() => {
      const evil = document.createElement("div");
      evil.setAttribute("hx-get", "/api/stats");
      evil.setAttribute("hx-trigger", "load");
      document.body.append(evil);
      (window as unknown as { htmx: { process(element: Element): void } }).htmx.process(evil);
    });
    await page.waitForTimeout(500);
    expect(asked).not.toContain("/api/stats");
    expect(complaints.join()).toContain("[hx-csp] blocked");
    await context.close();
  }, 40_000);

  test("a keyboard reaches everything: skip link, search, rows", async () => {
    const { page, context } = await live();
    const focused = () =>
      page.evaluate(() => document.activeElement?.id || document.activeElement?.className || "");
    await page.keyboard.press("Tab");
    expect(await focused()).toContain("skip");
    await page.keyboard.press("Enter");
    expect(await focused()).toBe("main");
    await page.keyboard.press("/");
    expect(await focused()).toBe("search");
    await page.keyboard.type("p/");
    expect(await page.locator("#search").inputValue()).toBe("p/");
    expect(await page.locator("#pill").getAttribute("data-state")).toBe("live");
    await page.keyboard.press("Tab");
    for (const key of ["j", "j", "k", "Enter"]) await page.keyboard.press(key);
    await page.locator("#feed > li:nth-child(1) > details[open] .more > *").first().waitFor();
    await page.keyboard.press("?");
    expect(await page.locator("#keys").isVisible()).toBe(true);
    expect(await page.locator("#keys").innerText()).toContain("Messages");
    await page.keyboard.press("Escape");
    for (const [key, path] of [
      ["m", "/messages"],
      ["t", "/types"],
      ["p", "/pipeline"],
      ["o", "/"],
    ] as const) {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await page.waitForURL(served().url + path);
      await isLive(page, 8_000);
    }
    await page.locator(".menu summary").focus();
    await page.keyboard.press("Enter");
    await page.locator(".menu a", { hasText: "Dark" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("html[data-theme=dark]").waitFor();
    await context.close();
  }, 40_000);

  test.each([
    ["reduce", false],
    ["no-preference", true],
  ] as const)(
    "reduced motion %s: from page to page moves: %p; nothing moves in a page",
    async (reducedMotion, moves) => {
      const { page, context } = await open({ reducedMotion });
      await page.addInitScript(() => {
        addEventListener("pagereveal", (event) => {
          document.documentElement.dataset.moved = String(
            "viewTransition" in event && event.viewTransition !== null,
          );
        });
      });
      await page.goto(served().url, { waitUntil: "domcontentloaded" });
      await isLive(page, 8_000);
      send(served().view, 300);
      await page.waitForSelector("#m-enriched-0-300");
      expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
      await page.locator(".rail a", { hasText: "Types" }).click();
      await page.locator(`html[data-moved=${moves}]`).waitFor();
      await context.close();
    },
    40_000,
  );

  test("a whole message, the path and the value of a line can be copied, by mouse and by keyboard", async () => {
    const { page, context } = await open({ permissions: ["clipboard-read", "clipboard-write"] });
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.goto(`${served().url}/messages/raw/0/288`, { waitUntil: "domcontentloaded" });
    await page.locator("[data-copy]").first().click();
    await page.getByText("Copied").waitFor();
    expect(JSON.parse(await copied())).toMatchObject({ device_id: "smart_breaker-0" });
    await page.locator(".json li", { hasText: '"phase_b"' }).first().click();
    await page.locator('[data-copy="path"]').click();
    await page.getByText("Copied").last().waitFor();
    expect(await copied()).toBe("/measurements/voltage/phase_b");
    await page.locator(".json").first().focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await page.locator('[data-copy="value"]').click();
    await page.getByText("Copied").last().waitFor();
    expect(JSON.parse(await copied())).toEqual({ phase_a: 120.1, phase_b: 121.4, phase_c: 119.8 });
    await context.close();
  }, 40_000);
});

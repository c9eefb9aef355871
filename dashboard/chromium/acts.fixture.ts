/** What somebody does with a live page while its feed runs. */
import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { isLive } from "./browser.fixture.ts";

type Act = [string, (page: Page) => Promise<void>];

export const ACTS: [Act, ...Act[]] = [
  ["resize", resize],
  ["hover", hover],
  ["open a row", openRow],
  ["pause and resume", pause],
  ["open, pause, close, resume", openInPause],
  ["load again", reload],
  ["lose the line", loseStream],
];

/** The rows of the feed, from the top. */
export const ids = (page: Page): Promise<string[]> =>
  page.locator("#feed > li").evaluateAll((all) => all.map(({ id }) => id));

const SIZES: [number, number][] = [
  [390, 844],
  [768, 1024],
  [1440, 900],
];

async function resize(page: Page): Promise<void> {
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(300);
  }
}

async function hover(page: Page): Promise<void> {
  const box = await page.locator("#feed").boundingBox();
  await page.mouse.move((box?.x ?? 0) + 200, (box?.y ?? 0) + 20);
  for (let i = 0; i < 10; i++) {
    await page.mouse.move((box?.x ?? 0) + 200 + i, (box?.y ?? 0) + 20 + i * 20);
    await page.waitForTimeout(100);
  }
}

/** The row moves: it is clicked where it is by then. */
async function toggle(page: Page, open: boolean): Promise<void> {
  await page.evaluate((isOpen) => {
    const all = [...document.querySelectorAll<HTMLDetailsElement>("#feed details")];
    const one = isOpen ? all[2] : all.find((details) => details.open);
    one?.querySelector("summary")?.click();
  }, open);
}

async function openRow(page: Page): Promise<void> {
  await toggle(page, true);
  await page.locator("#feed details[open] .more *").first().waitFor();
  await page.waitForTimeout(1_200);
  await toggle(page, false);
  await page.waitForTimeout(700);
}

const TWO_FRAMES_MS = 1_100;

/** What is paused does not move. */
async function holds(page: Page): Promise<void> {
  const before = await ids(page);
  await page.waitForTimeout(TWO_FRAMES_MS);
  expect(await ids(page)).toEqual(before);
}

async function pause(page: Page): Promise<void> {
  await page.keyboard.press("p");
  await holds(page);
  await page.keyboard.press("p");
  await isLive(page, 8_000);
  await page.waitForTimeout(700);
}

async function openInPause(page: Page): Promise<void> {
  await toggle(page, true);
  await page.waitForTimeout(TWO_FRAMES_MS);
  await page.keyboard.press("p");
  await toggle(page, false);
  await holds(page);
  await page.keyboard.press("p");
  await isLive(page, 8_000);
  await page.waitForTimeout(700);
}

async function reload(page: Page): Promise<void> {
  await page.reload({ waitUntil: "domcontentloaded" });
  await isLive(page, 8_000);
  await page.waitForTimeout(1_000);
}

/** A line that is cut in the middle. */
async function loseStream(page: Page): Promise<void> {
  await page.context().setOffline(true);
  await page.waitForTimeout(300);
  await page.context().setOffline(false);
  await page.evaluate(() => document.querySelector<HTMLButtonElement>("#cut-try")?.click());
  await isLive(page, 8_000);
  await page.waitForTimeout(700);
}

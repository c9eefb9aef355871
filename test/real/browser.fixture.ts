/** The system's Chromium, headless; what its pages report as errors is kept. */
import { type Browser, chromium, type Page } from "playwright-core";
import { partPath } from "./parts.fixture.ts";

export interface OpenPage {
  page: Page;
  /** Errors of the console, of scripts, and of the content security policy. */
  errors: string[];
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: partPath("chromium"), args: ["--no-sandbox"] });
}

export async function openPage(
  browser: Browser,
  url: string,
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<OpenPage> {
  const page = await browser.newPage(options);
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(url, { waitUntil: "domcontentloaded" });
  return { page, errors };
}

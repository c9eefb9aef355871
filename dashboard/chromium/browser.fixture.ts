/** A real Chromium for the tests of this folder. */
import { readFileSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { partPath } from "../../test/real/parts.fixture.ts";

const AXE = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: partPath("chromium"), args: ["--no-sandbox"] });

export interface Opened {
  page: Page;
  context: BrowserContext;
  /** What the console said, without what the network refused on purpose. */
  complaints: string[];
}

type ContextOptions = Parameters<Browser["newContext"]>[0];

export async function open(browser: Browser, options: ContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, context, complaints };
}

/** The rules that are broken, with the elements; [] = none. The context needs `bypassCSP`. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async (tags) => {
    const { axe: engine } = window as unknown as {
      axe: {
        run(
          options: object,
        ): Promise<{ violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[] }>;
      };
    };
    const { violations } = await engine.run({ runOnly: tags });
    return violations.flatMap(({ id, nodes }) =>
      nodes.slice(0, 5).map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary}`),
    );
  }, AXE_TAGS);
}

export async function isLive(page: Page, withinMs: number): Promise<number> {
  const began = performance.now();
  await page.waitForSelector("#pill[data-state=live]", { timeout: withinMs });
  return performance.now() - began;
}

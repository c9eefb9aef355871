/** End to end on Apache Kafka 4.1, with the page in Chromium. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { endToEnd } from "./e2e.case.ts";
import { until } from "./processes.fixture.ts";
import { startQuickKafka } from "./real/apache-kafka.fixture.ts";
import { openPage, startBrowser } from "./real/browser.fixture.ts";
import { describeWith } from "./real/parts.fixture.ts";
import { stats } from "./system.fixture.ts";

describeWith(["java", "kafka-jars", "chromium"], "with Chromium", () => {
  endToEnd("Apache Kafka 4.1", startQuickKafka, (running) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await startBrowser();
    });
    afterAll(() => browser?.close());

    test("the page in Chromium counts up by itself, without an error", async () => {
      const { page, errors } = await openPage(browser, running().dashboard.url);
      const shown = await statistic(page, "Enriched");
      await until("the page counts up", async () => (await statistic(page, "Enriched")) > shown + 100);
      const { total_enriched_messages: told } = await stats(running().dashboard);
      await until("the page has caught up", async () => (await statistic(page, "Enriched")) >= told);
      expect(errors).toEqual([]);
      await page.close();
    });

    test("a message on the page opens to what was sent and what was appended", async () => {
      const { page, errors } = await openPage(browser, running().dashboard.url);
      // Rows move on while they are clicked: any row that opens will do, and it stays.
      await page.locator("#feed summary").first().click();
      const open = page.locator("#feed details[open]");
      await until("the open message shows its members", async () =>
        (await open.innerText()).includes("data_quality"),
      );
      expect(errors).toEqual([]);
      await page.close();
    });

    test("without JavaScript, at the width of a telephone, the page reads and does not scroll sideways", async () => {
      const { page } = await openPage(browser, running().dashboard.url, {
        javaScriptEnabled: false,
        viewport: { width: 390, height: 844 },
      });
      expect(await statistic(page, "Enriched")).toBeGreaterThan(0);
      expect(await page.evaluate(tooWide)).toEqual([]);
      await page.close();
    });
  });
});

/** Runs in the page: where it scrolls sideways, the elements that reach beyond it. */
function tooWide(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > clientWidth)
    .map((element) => `${element.outerHTML.slice(0, 120)} reaches ${element.getBoundingClientRect().right}`);
}

/** A number of the statistics grid by its name. */
async function statistic(page: Page, name: string): Promise<number> {
  const text = await page
    .locator("#stats .stat")
    .filter({ has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) })
    .locator("dd.v")
    .innerText();
  return Number(text.replace(/\D/g, ""));
}

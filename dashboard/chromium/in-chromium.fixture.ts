/** Set-up of the browser tests: one Chromium for a file, and for each test a dashboard of its own over a seeded view. */
import { afterAll, afterEach, beforeAll, beforeEach } from "bun:test";
import type { Browser } from "playwright-core";
import { describeWith } from "../../test/real/parts.fixture.ts";
import { isLive, launch, type Opened, open } from "./browser.fixture.ts";
import { seeded } from "../seeded.fixture.ts";
import { type Served, type ServeOptions, serveDashboard } from "../serve.fixture.ts";

export interface InChromium {
  /** The dashboard of this test. */
  served(): Served;
  /** Another one in its place; the one before is stopped first. */
  serve(options: ServeOptions): Promise<Served>;
  open(options?: Parameters<typeof open>[1]): Promise<Opened>;
  /** A page of the dashboard, once it is live. */
  live(path?: string, options?: Parameters<typeof open>[1]): Promise<Opened>;
}

export function inChromium(name: string, tests: (chromium: InChromium) => void): void {
  describeWith(["chromium"], name, () => {
    let browser: Browser;
    let served: Served;
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser.close());
    beforeEach(async () => {
      served = await serveDashboard({ view: seeded() });
    });
    afterEach(() => served.stop());

    tests({
      served: () => served,
      async serve(options) {
        await served.stop();
        served = await serveDashboard(options);
        return served;
      },
      open: (options) => open(browser, options),
      async live(path = "/", options = {}) {
        const opened = await open(browser, options);
        await opened.page.goto(served.url + path, { waitUntil: "domcontentloaded" });
        await isLive(opened.page, 8_000);
        return opened;
      },
    });
  });
}

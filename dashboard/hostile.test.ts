import { describe, expect, test } from "bun:test";
import { counts } from "./count-elements.case.ts";
import { HUGE_PAGES, hostilePaths, hostileView, hugeView, PAYLOADS, SELECTORS } from "./hostile.case.ts";
import { NOW } from "./sample.case.ts";
import { appFor } from "./serve.case.ts";

describe("much of everything", () => {
  test("ten thousand devices, two hundred types and messages of 60 KB keep every page small", async () => {
    const served = await appFor({ view: await hugeView(), now: () => NOW });
    for (const [path] of HUGE_PAGES) {
      const answer = await served.app.request(path, { headers: { host: "localhost" } });
      expect([path, answer.status]).toEqual([path, 200]);
      const html = await answer.text();
      expect([path, html.length < 700_000]).toEqual([path, true]);
      expect([path, Bun.gzipSync(html).length < 60_000]).toEqual([path, true]);
    }
  });
});

describe("hostile content", () => {
  test("of more than 500 kinds adds no element and no handler, in any field of any page", async () => {
    expect(PAYLOADS.length).toBeGreaterThan(500);
    const harmless = await render((i) => `plain-${PAYLOADS.indexOf(PAYLOADS[i] ?? "")}`);
    const hostile = await render((i) => PAYLOADS[i] ?? "");
    expect(hostile).toEqual(harmless);
  });

  async function render(text: (i: number) => string) {
    const served = await appFor({ view: hostileView(text), now: () => NOW });
    return Promise.all(
      hostilePaths(text).map(async (path) => {
        const answer = await served.app.request(path, { headers: { host: "localhost" } });
        return counts(await answer.text(), ...SELECTORS);
      }),
    );
  }
});

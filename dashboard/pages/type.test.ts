import { describe, expect, test } from "bun:test";
import { get, loaded, page } from "../app.fixture.ts";
import { attributesOf, counts, wordsOf } from "../count-elements.fixture.ts";

const hrefs = async (path: string, selector: string) => attributesOf(await page(path), selector, "href");

describe("the page of a type", () => {
  test("holds each example's message, folded", async () => {
    const shapes = loaded.registry.shapes?.filter(({ device_type }) => device_type === "smart_breaker") ?? [];
    const owners = [loaded.registry.device_types.smart_breaker, ...shapes];
    const examples = owners.flatMap((owner) => owner?.examples ?? []);
    expect(examples.length).toBeGreaterThan(1);
    const html = await page("/types/smart_breaker");
    const card = "section[aria-labelledby=h-examples]";
    expect(await counts(html, `${card} details:not([open]) > .json`, `${card} details[open]`)).toEqual([
      examples.length,
      0,
    ]);
    const first = await wordsOf(html, `${card} li:nth-child(1) .json`);
    expect(first.replace(/\s/g, "")).toContain(
      `"device_id":${JSON.stringify(examples[0]?.message.device_id)}`,
    );
  });

  test("says for every shape what it is recognised by", async () => {
    const html = await page("/types/smart_meter_3p");
    const shapes =
      loaded.registry.shapes?.filter(({ device_type }) => device_type === "smart_meter_3p") ?? [];
    expect(await counts(html, "#shapes tbody tr")).toEqual([shapes.length]);
    expect(await wordsOf(html, "#shapes .tag")).toContain("no /params/em:0");
    const without = Object.keys(loaded.registry.device_types).find(
      (key) => !loaded.registry.shapes?.some(({ device_type }) => device_type === key),
    );
    if (without !== undefined) expect(await counts(await page(`/types/${without}`), "#shapes")).toEqual([0]);
  });

  test("is linked from a message, from a row of a feed and from the fleet; there is none for unknown", async () => {
    const link = "/types/smart_breaker";
    expect(await hrefs("/messages/raw/2/40", ".big a")).toEqual([link]);
    expect(await hrefs("/messages?topic=enriched", ".detail a[href^='/types']")).toEqual([link]);
    expect(await hrefs("/", "#fleet dt a")).toEqual([link]);
    expect((await get(link)).status).toBe(200);
  });
});

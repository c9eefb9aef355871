import { expect, test } from "bun:test";
import { page } from "../app.fixture.ts";
import { wordsOf } from "../count-elements.fixture.ts";

test("the API page describes every parameter and every member, also those inside of others", async () => {
  const html = await page("/docs");
  const names = [...html.matchAll(/<th scope="row" class="mono wrap">([^<]*)</g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(80);
  const inside = ["data_quality.good", "services[].presence", "types[].devices", "findings[].code"];
  for (const name of [...inside, "messages[].findings[].severity", "last_refusal.at"])
    expect(names).toContain(name);
  expect([...html.matchAll(/<td class="wrap wide">\s*<\/td>/g)]).toEqual([]);
  expect(await wordsOf(html, "td.wide")).not.toContain("(1)");
});

import { describe, expect, test } from "bun:test";
import { page } from "../app.fixture.ts";

/** Name and value of each field of the form in the bar. */
async function fields(path: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  const rewriter = new HTMLRewriter().on(".bar form input", {
    element: (input) => {
      found.push([input.getAttribute("name") ?? "", input.getAttribute("value") ?? ""]);
    },
  });
  await rewriter.transform(new Response(await page(path))).text();
  return found;
}

describe("the search in the bar", () => {
  test("shows what is searched for, and keeps the other filters", async () => {
    expect(
      await fields("/messages?topic=enriched&device=breaker-001&grade=BAD&code=&q=phase&live=off"),
    ).toEqual([
      ["topic", "enriched"],
      ["device", "breaker-001"],
      ["grade", "BAD"],
      ["q", "phase"],
    ]);
  });

  test("begins anew on any other page, also on one that says what is wrong", async () => {
    for (const path of ["/?tab=raw&range=5", "/types", "/messages?grade=nix&q=a"])
      expect([path, await fields(path)]).toEqual([path, [["q", ""]]]);
  });
});

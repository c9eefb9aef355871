import { expect, test } from "bun:test";
import { slowest } from "./verify-times.ts";

test("the slowest files come first, with their share of all", () => {
  const files = { "a.test.ts": 500, "b.real.test.ts": 12_345, "c.test.ts": 7_155 };
  expect(slowest(JSON.stringify({ version: 1, files }), 2)).toEqual([
    "   12.3 s  62 %  b.real.test.ts",
    "    7.2 s  36 %  c.test.ts",
  ]);
});

test("a run that was ended before it wrote its times has none to show", () => {
  expect(slowest(undefined)).toEqual([]);
});

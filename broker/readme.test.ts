import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { APIS } from "./apis/table.ts";

const README = join(import.meta.dir, "README.md");
const MARKS = /(<!-- versions: [^>]*-->\n)([\s\S]*?)(<!-- \/versions -->)/;
const COLUMNS = 6;

function versionTable(): string {
  const cells = APIS.map(({ key, name, versions }) => `${name} (${key}): ${versions.join("-")}`);
  const row = (texts: string[]) => `| ${texts.join(" | ")} |`;
  const rows = Array.from({ length: Math.ceil(cells.length / COLUMNS) }, (_, at) => {
    const texts = cells.slice(at * COLUMNS, (at + 1) * COLUMNS);
    return row([...texts, ...Array.from({ length: COLUMNS - texts.length }, () => "")]);
  });
  const rule = row(Array.from({ length: COLUMNS }, () => "---"));
  return [rows[0], rule, ...rows.slice(1)].map((line) => `${line}\n`).join("");
}

test("the README's table of APIs and versions is that of apis/table.ts", () => {
  const text = readFileSync(README, "utf8");
  const current = text.replace(MARKS, (_, open, __, close) => `${open}\n${versionTable()}\n${close}`);
  if (process.env.README_UPDATE) writeFileSync(README, current);
  const table = (it: string) =>
    it
      .match(MARKS)?.[2]
      ?.replaceAll(/ *\| */g, "|")
      .replaceAll(/-{3,}/g, "---")
      .trim();
  expect(table(readFileSync(README, "utf8"))).toBe(table(current));
});

test("the broker is at most 3,000 lines, and its README at most 30", () => {
  const files = [...new Bun.Glob("**/*.ts").scanSync(import.meta.dir)];
  const own = files.filter((file) => !/\.(test|fixture|case)\.ts$/.test(file));
  const lines = (file: string) => readFileSync(join(import.meta.dir, file), "utf8").split("\n").length - 1;
  expect(own.map(lines).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(3_000);
  expect(lines("README.md")).toBeLessThanOrEqual(30);
});

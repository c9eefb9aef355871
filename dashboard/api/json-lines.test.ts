import { describe, expect, test } from "bun:test";
import { jsonLines, type Line } from "./json-lines.ts";

const shown = (lines: Line[]) =>
  lines.map(({ indent, parts }) => "  ".repeat(indent) + parts.map((part) => part.text).join(""));

describe("jsonLines", () => {
  test("numbers, escapes and repeated names stay as they were written", () => {
    const text = '{"a":1.0e2,"b":"\\u00e9\\n","a":31.040,"c":12345678901234567890}';
    expect(shown(jsonLines(text))).toEqual([
      "{",
      '  "a": 1.0e2,',
      '  "b": "\\u00e9\\n",',
      '  "a": 31.040,',
      '  "c": 12345678901234567890',
      "}",
    ]);
  });

  test("a small object stands on one line, unless a finding speaks of one of its values", () => {
    const text = '{"m":{"v":{"a":1,"b":2},"i":{"a":3}}}';
    expect(shown(jsonLines(text))).toEqual(["{", '  "m": { "v": { "a": 1, "b": 2 }, "i": { "a": 3 } }', "}"]);
    expect(shown(jsonLines(text, new Set(["/m/v/b"])))).toEqual([
      "{",
      '  "m": {',
      '    "v": {',
      '      "a": 1,',
      '      "b": 2',
      "    },",
      '    "i": { "a": 3 }',
      "  }",
      "}",
    ]);
  });

  test("an object that stands on one line fits it with its indent and comma", () => {
    for (let length = 1; length < 80; length++) {
      const text = JSON.stringify({ a: { b: { c: { long: "x".repeat(length) }, d: 1 } } });
      const lines = shown(jsonLines(text)).filter((line) => line.includes("{") && /}|1/.test(line));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(72);
    }
    const fits = (length: number) =>
      shown(jsonLines(JSON.stringify({ a: [{ b: "x".repeat(length) }, 1, "y".repeat(60)] }))).some((line) =>
        line.startsWith('    { "b": "x'),
      );
    expect([fits(50), fits(56), fits(70)]).toEqual([true, false, false]);
  });

  test("every value has its JSON Pointer, with ~ and / escaped", () => {
    const pointers = jsonLines('{"a/b":{"c~d":[1,{"e":2}]}}').flatMap((line) => line.pointers);
    expect(pointers).toEqual(["", "/a~1b", "/a~1b/c~0d", "/a~1b/c~0d/0", "/a~1b/c~0d/1", "/a~1b/c~0d/1/e"]);
  });

  test("the layout says the same as the text, whatever it holds", () => {
    const texts = ["[]", "{}", " 7 ", '"x"', "null", '[ {} , [ ] ,"]}"]', '{"a":"\\"}","b":[[1],[2,[3]]]}'];
    for (const text of texts) expect(JSON.parse(shown(jsonLines(text)).join("\n"))).toEqual(JSON.parse(text));
  });

  test("very deep and very long texts are bounded", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect(jsonLines(deep).length).toBeLessThan(100);
    const long = JSON.stringify(Array.from({ length: 50_000 }, (_, i) => `${i}${"x".repeat(90)}`));
    expect(jsonLines(long).length).toBeLessThan(4_100);
  });

  test("of half a million values so many are read as a page has room for, and what follows them is still in its place", () => {
    const many = `{"before":1,"many":[${"1,".repeat(499_999)}1],"deep":${"[".repeat(9)}"]"${"]".repeat(9)}}`;
    const lines = jsonLines(many);
    expect(lines.reduce((sum, { pointers }) => sum + pointers.length, 0)).toBeLessThan(17_000);
    expect(shown(lines.slice(0, 2))).toEqual(["{", '  "before": 1,']);
    const token = jsonLines(JSON.stringify({ a: "x".repeat(1_000_000) }));
    expect(shown(token).join("").length).toBeLessThan(70_000);
    expect(shown(token).join("")).toContain("… 934466 more characters");
    const wide = `[[${"1,".repeat(20_000)}2],{"after":"]"}]`;
    expect(shown(jsonLines(wide)).at(-1)).toBe("…");
  });

  test("what stands under a name of many characters is a text: its place is not written for each of its values", () => {
    const long = jsonLines(`{"${"k".repeat(5_000)}":[${"1,".repeat(3_000)}1],"after":{"b":[2]}}`);
    expect(long.reduce((sum, { pointers }) => sum + pointers.join("").length, 0)).toBeLessThan(6_000);
    expect(shown(long).at(-2)).toBe('  "after": { "b": [ 2 ] }');
    const nested = jsonLines(`${`{"${"k".repeat(400)}":`.repeat(30)}1${"}".repeat(30)}`);
    expect(nested.reduce((sum, { pointers }) => sum + pointers.join("").length, 0)).toBeLessThan(4_000);
    expect(jsonLines('{"a":1}', new Set([`/a${"/".repeat(1_000_000)}`]))).toHaveLength(3);
  });
});

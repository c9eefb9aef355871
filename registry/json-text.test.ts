import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkJsonText, REGISTRY_MAX_DEPTH } from "./json-text.ts";

describe("checkJsonText", () => {
  test("what JSON.parse prints is accepted", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 1, 2), (value, indent) => {
        expect(checkJsonText(JSON.stringify(value, null, indent))).toBeUndefined();
      }),
    );
  });

  test("whatever is accepted, JSON.parse accepts, and the other way round", () => {
    const nearly = fc.string({
      unit: fc.constantFrom(...'{}[]",:01.eE+-\\ntrue fals\u0000\n'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(nearly, (text) => {
        let parsed = true;
        try {
          JSON.parse(text);
        } catch {
          parsed = false;
        }
        const fault = checkJsonText(text);
        expect(fault === undefined || fault.problem.includes("twice")).toBe(parsed);
      }),
      { numRuns: 5000 },
    );
  });

  test("half a file is refused with the line where it ends", () => {
    const text = JSON.stringify({ metadata: { version: "1" }, device_types: {} }, null, 2);
    for (let length = 0; length < text.length; length++) {
      const fault = checkJsonText(text.slice(0, length));
      expect(fault?.problem).toMatch(/^not JSON at line \d+, column \d+: (the text ends|found ")/);
    }
  });

  test("a key that stands twice is named, also when it is spelt with an escape", () => {
    expect(checkJsonText('{"a": {"b": 1,\n "\\u0062": 2}}')).toEqual({
      path: "/a/b",
      problem: "appears twice, the second time at line 2, column 2",
      expected: "each key once",
    });
  });

  test("a byte order mark and a hard blank are named, since nobody sees them", () => {
    expect(checkJsonText("\ufeff{}")?.problem).toBe("not JSON at line 1, column 1: found U+FEFF");
    expect(checkJsonText('{\u00a0"a":1}')?.problem).toBe("not JSON at line 1, column 2: found U+00A0");
    expect(checkJsonText("{b:1}")?.problem).toBe('not JSON at line 1, column 2: found "b:1}"');
  });

  test("nesting of 10,000 levels is refused, and so is one level too many", () => {
    expect(checkJsonText("[".repeat(10_000) + "]".repeat(10_000))?.problem).toBe("nested too deeply");
    const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    expect(checkJsonText(deep(REGISTRY_MAX_DEPTH))).toBeUndefined();
    expect(checkJsonText(deep(REGISTRY_MAX_DEPTH + 1))?.problem).toBe("nested too deeply");
  });
});

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bytesToText } from "./bytes-to-text.ts";
import { decode } from "./decode.ts";
import { findJsonFaults } from "./json-faults.ts";
import { NOT_UTF8, REFUSED, TAKEN } from "./json.case.ts";
import { readTextFacts } from "./text-facts.ts";
import { replaceLoneSurrogates } from "./text.ts";

const read = (text: string) => decode(text, Buffer.byteLength(text));
const readBytes = (bytes: Uint8Array) => decode(bytesToText(Buffer.from(bytes)), bytes.length);
const reasonOf = (text: string) => {
  const decoded = read(text);
  return decoded.ok ? "ok" : `${decoded.reason} ${decoded.path}`;
};

describe("JSON", () => {
  for (const value of TAKEN) {
    test(`as a member it is taken: ${value}`, () => {
      const decoded = read(`{"v":${value}}`);
      const expected = JSON.parse(replaceLoneSurrogates(`{"v":${value}}`));
      expect(decoded).toEqual({ ok: true, message: expected });
    });
  }
  for (const value of REFUSED) {
    test(`it is refused, alone and as a member: ${value.slice(0, 40)}`, () => {
      for (const text of [value, `{"v":${value}}`, `{"a":1,"v":[${value}]}`]) {
        const decoded = read(text);
        // A comma or a bracket may be right in other surroundings: what JSON.parse takes is no case of ours.
        if (parses(text)) continue;
        expect(decoded).toMatchObject({ ok: false, reason: "not_json" });
        if (decoded.ok) continue;
        expect(decoded.message).toMatch(/^(not JSON: at character \d+ expected |a number beyond a double)/);
      }
    });
  }

  test("nothing at all, and a tombstone, are not JSON", () => {
    expect(read("")).toMatchObject({ reason: "not_json", message: expect.stringContaining("tombstone") });
    expect(decode(bytesToText(null), 0)).toMatchObject({ reason: "not_json" });
  });

  test("a byte order mark is named", () => {
    expect(read('\ufeff{"a":1}')).toMatchObject({
      reason: "not_json",
      message: "a byte order mark (U+FEFF) stands before the JSON",
    });
  });

  test("a character that nobody sees is named", () => {
    for (const [character, name] of [
      ["\ufeff", "U+FEFF"],
      ["\u00a0", "U+00A0"],
      ["\u200b", "U+200B"],
      ["é", '"é"'],
      ["😀", '"😀"'],
    ])
      expect(read(`{${character}"a":1}`)).toMatchObject({
        message: `not JSON: at character 2 expected a member name in " or }, found ${name}`,
      });
  });

  test("the first byte that is no UTF-8 is named, or said not to be known", () => {
    const message = (...bytes: number[]) => {
      const decoded = readBytes(new Uint8Array(bytes));
      return decoded.ok ? "" : decoded.message;
    };
    const fits = (byte: string) => `the bytes are not UTF-8: byte ${byte} does not fit`;
    const accented = [0xc3, 0xa9];
    expect(message(...accented, 0x61, 0xe9)).toBe(fits("4"));
    expect(message(0xc3)).toBe(fits("1"));
    expect(message(0x61, 0xf0, 0x9f, 0x98)).toBe(fits("2"));
    // A U+FFFD that was sent as such, then a bad byte.
    expect(message(0x61, 0xef, 0xbf, 0xbd, 0xff)).toBe(fits("2 or a later one"));
  });

  test("the fault's place is a JSON Pointer and a character", () => {
    expect(read('{"a/b":[1,{"c~d":tru}]}')).toEqual({
      ok: false,
      reason: "not_json",
      path: "/a~1b/1/c~0d",
      message: 'not JSON: at character 18 expected a value, found "t"',
    });
    expect(reasonOf('{"m":{"x":1e400}}')).toBe("not_json /m/x");
  });

  test("every text: decode refuses exactly what JSON.parse refuses or what holds a number beyond a double", () => {
    const pieces = fc.constantFrom(
      ...'{}[],:"\\ \n0123456789.-+eEu/abtrufalsn',
      "null",
      "true",
      "1e999",
      '"a":',
      '"\\ud800"',
      '{"a":1}',
    );
    const text = fc.oneof(
      fc.array(pieces, { maxLength: 30 }).map((list) => list.join("")),
      fc.json(),
      fc.tuple(fc.json(), fc.nat(), pieces).map(([json, at, piece]) => {
        const where = at % (json.length + 1);
        return json.slice(0, where) + piece + json.slice(where + 1);
      }),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        const faults = findJsonFaults(candidate, 16);
        expect(faults.syntax === undefined).toBe(parses(candidate));
        const refused = reasonOf(candidate).startsWith("not_json");
        expect(refused).toBe(!parses(candidate) || faults.overflow !== undefined);
        if (parses(candidate)) expect(faults.overflow !== undefined).toBe(!isFinite_(JSON.parse(candidate)));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("UTF-8", () => {
  const around = (bytes: number[]) =>
    Buffer.concat([Buffer.from('{"v":"'), Buffer.from(bytes), Buffer.from('"}')]);
  for (const [name, bytes] of Object.entries(NOT_UTF8)) {
    test(`${name} is not_utf8, in Bun and as Go's strings show it`, () => {
      const raw = around(bytes);
      expect(readBytes(raw)).toMatchObject({ ok: false, reason: "not_utf8" });
      expect(decode(asGo(raw), raw.length)).toMatchObject({ ok: false, reason: "not_utf8" });
    });
  }

  test("a U+FFFD that the device sent is text like any other", () => {
    expect(readBytes(around([0xef, 0xbf, 0xbd]))).toEqual({ ok: true, message: { v: "\ufffd" } });
  });

  test("any bytes: not_utf8 exactly when a fatal decoder throws", () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.string({ unit: "grapheme", maxLength: 6 }).map((text) => new Uint8Array(Buffer.from(text))),
    );
    fc.assert(
      fc.property(fc.array(chunk, { minLength: 1, maxLength: 6 }), (chunks) => {
        const raw = Buffer.concat(chunks);
        const decoded = readBytes(raw);
        expect(!decoded.ok && decoded.reason === "not_utf8").toBe(!isUtf8ByTextDecoder(raw));
        const byGo = decode(asGo(raw), raw.length);
        expect(byGo).toEqual(decoded);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("size and form", () => {
  test("65,536 bytes are taken, one more is too_large, before any parsing", () => {
    const fill = (bytes: number) => `{"v":"${"x".repeat(bytes - 8)}"}`;
    expect(read(fill(65_536)).ok).toBe(true);
    expect(reasonOf(fill(65_537))).toBe("too_large ");
    expect(decode("{", 65_537)).toMatchObject({ reason: "too_large" });
  });

  test("what is no object says what it is", () => {
    for (const [text, kind] of Object.entries({
      "[1]": "an array",
      "1": "a number",
      null: "null",
      '"a"': "a string",
      true: "a boolean",
    }))
      expect(read(text)).toMatchObject({
        reason: "not_object",
        message: `expected an object, found ${kind}`,
      });
  });

  test("an object without members is empty_object", () => {
    expect(reasonOf("{}")).toBe("empty_object ");
    expect(reasonOf(" { \n } ")).toBe("empty_object ");
  });

  test("16 levels are taken, 17 are too_deep with the path of the first", () => {
    const nested = (levels: number) => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    expect(reasonOf(nested(16))).toBe("ok");
    expect(reasonOf(nested(17))).toBe(`too_deep /a${"/0".repeat(15)}`);
    expect(reasonOf(nested(30_000))).toBe(`too_deep /a${"/0".repeat(15)}`);
    expect(reasonOf(`{"a":"${"[{".repeat(100)}"}`)).toBe("ok");
    expect(reasonOf(`{"a":"\\"${"[{".repeat(100)}"}`)).toBe("ok");
  });

  test("a top-level member that stands twice is duplicate_key, however it is spelled", () => {
    expect(reasonOf('{"a":1,"b":2,"a":1}')).toBe("duplicate_key /a");
    expect(reasonOf('{"device_id":"x","devic\\u0065_id":"y"}')).toBe("duplicate_key /device_id");
    expect(reasonOf('{"a/b":1,"a\\/b":2}')).toBe("duplicate_key /a~1b");
    expect(reasonOf('{"__proto__":1,"__proto__":2}')).toBe("duplicate_key /__proto__");
    expect(reasonOf('{"":1,"":2}')).toBe("duplicate_key /");
    expect(reasonOf('{"1":1,"a":0,"1":2}')).toBe("duplicate_key /1");
    expect(reasonOf('{"a":{"s":"{"},"b":1,"b":"}"}')).toBe("duplicate_key /b");
  });

  test("a name that stands twice further in, or in a text, is no fault", () => {
    expect(reasonOf('{"a":{"b":1,"b":2},"b":[{"a":1}],"c":"\\"a\\":1,"}')).toBe("ok");
  });

  test("each member that the enrichment appends is reserved", () => {
    for (const name of [
      "device_metadata",
      "measurement_metadata",
      "normalized",
      "enrichment_info",
      "data_quality",
    ]) {
      expect(reasonOf(`{"device_id":"x","${name}":null}`)).toBe(`reserved_member /${name}`);
      expect(reasonOf(`{"device_id":"x","m":{"${name}":null}}`)).toBe("ok");
    }
  });

  test("__proto__ and constructor are members like any other and pollute nothing", () => {
    const decoded = read('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(decoded.ok && Object.keys(decoded.message)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("the facts of a text are what a parsed object shows, for any JSON", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const value: unknown = JSON.parse(text);
        const facts = readTextFacts(text);
        expect(facts.depth).toBe(depthOf(value));
        if (typeof value === "object" && value !== null && Object.keys(value).length > 0)
          expect(facts.commas + 1).toBe(Object.keys(value).length);
      }),
      { numRuns: 2_000 },
    );
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isFinite_(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isFinite_);
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function isUtf8ByTextDecoder(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** What Connect's engine makes of a record: Go decodes byte by byte, each bad byte is one U+FFFD. */
function asGo(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length;) {
    const size = [4, 3, 2, 1].find((n) => {
      const part = bytes.subarray(i, i + n);
      return part.length === n && isUtf8ByTextDecoder(part) && [...Buffer.from(part).toString()].length === 1;
    });
    text += size === undefined ? "\ufffd" : Buffer.from(bytes.subarray(i, i + size)).toString("utf8");
    i += size ?? 1;
  }
  return text;
}

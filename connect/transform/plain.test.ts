/** The shortcut of Connect's host changes nothing but the time: with it and without it every message has the same verdict. */
import { describe, expect, test } from "bun:test";
import { corpus } from "../corpus.case.ts";
import { bytesToText } from "../../enrich/bytes-to-text.ts";
import { decode, tryParse } from "../../enrich/decode.ts";
import { decodePlain, isPlain, namesStandOnce } from "./plain.ts";
import { ENRICH_CASES } from "../../enrich/enrich.case.ts";
import { isRecord } from "../../judge/values.ts";

const plain = (text: string) => isPlain(text, JSON.parse(text), Object.keys(JSON.parse(text)));

describe("isPlain", () => {
  test("is sure of what compact and of what spaced producers send", () => {
    for (const text of [
      '{"a":1}',
      '{"a": 1.0, "b": [1, 2e3, null]}',
      '{ "a" : {\n"b":"x:y"}}',
      '{"é":"{[😀"}',
    ])
      expect([text, plain(text)]).toEqual([text, true]);
  });

  test("is not sure of a member that stands twice, at any level, however it is spaced", () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"a":2,"b" :3}',
      '{"a":"x","a":1,"c":":"}',
      '{"x":{"a":1,"a":2}}',
      '{"x":[{"a":1,"a":2}]}',
    ])
      expect([text, plain(text)]).toEqual([text, false]);
  });

  test("is not sure of a number beyond a double, nor of deep nesting", () => {
    expect(plain('{"a":1e400}')).toBe(false);
    expect(plain('{"a":[-1e400,null]}')).toBe(false);
    expect(plain(`{"a":${"[".repeat(16)}${"]".repeat(16)}}`)).toBe(false);
  });
});

describe("namesStandOnce", () => {
  const once = (text: string) => namesStandOnce(text, Object.keys(JSON.parse(text)));

  test("is sure of a common message", () => {
    expect(once('{"device_id":"d","measurements":{"voltage":{"phase_a":1}}}')).toBe(true);
  });

  test("is not sure of a name that stands twice, however it is spaced or wherever it is", () => {
    for (const text of ['{"a":1,"a":2}', '{"a":1,"a" :2}', '{"b":"a","a":1}', '{"a":{"a":1}}'])
      expect([text, once(text)]).toEqual([text, false]);
  });

  test("of all samples it is sure of none that has a member twice", () => {
    for (const { value } of corpus(20_000, 6)) {
      const text = bytesToText(value);
      const verdict = decode(text, value?.length ?? 0);
      if (!verdict.ok && verdict.reason === "duplicate_key" && !text.includes("\\"))
        expect([text, once(text)]).toEqual([text, false]);
    }
  });
});

describe("decodePlain()", () => {
  const samples = [
    ...ENRICH_CASES.map(({ bytes }) => bytes),
    ...[...corpus(20_000, 5)].map(({ value }) => value),
  ];

  test("says what decode() says", () => {
    let taken = 0;
    for (const bytes of samples) {
      const text = bytesToText(bytes);
      const size = bytes?.length ?? 0;
      expect(decodePlain(text, size)).toEqual(decode(text, size));
      const value = tryParse(text);
      if (isRecord(value) && !text.includes("\\") && isPlain(text, value, Object.keys(value))) taken++;
    }
    expect(taken).toBeGreaterThan(samples.length / 3);
  }, 60_000);
});

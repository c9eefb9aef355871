import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bytesToText, keyToText } from "./bytes-to-text.ts";

const textOf = (...bytes: number[]) => keyToText(Buffer.from(bytes));
const BAD = "\ufffd";

describe("bytes that are no UTF-8", () => {
  test("keep their good characters, and each bad byte is one U+FFFD as in Go", () => {
    expect(textOf(0x61, 0xff, 0x62)).toBe(`a${BAD}b`);
    expect(textOf(0xc3, 0xa9, 0xc3)).toBe(`é${BAD}`);
    // A character that is cut off, an overlong slash, a surrogate, one beyond U+10FFFF, lone continuations.
    expect(textOf(0xf0, 0x9f, 0x98)).toBe(BAD.repeat(3));
    expect(textOf(0xc0, 0xaf)).toBe(BAD.repeat(2));
    expect(textOf(0xe0, 0x80, 0xaf)).toBe(BAD.repeat(3));
    expect(textOf(0xed, 0xa0, 0x80)).toBe(BAD.repeat(3));
    expect(textOf(0xf4, 0x90, 0x80, 0x80)).toBe(BAD.repeat(4));
    expect(textOf(0x80, 0xf0, 0x9f, 0x98, 0x80)).toBe(`${BAD}😀`);
  });

  test("grow by two for each bad byte, whatever stands beside it", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }).map((text) => Buffer.from(text.toWellFormed())),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const bytes = Buffer.concat(pieces);
        const text = bytesToText(bytes);
        const grown = Buffer.byteLength(text) - bytes.length;
        expect(grown % 2).toBe(0);
        expect(grown === 0).toBe(bytes.equals(Buffer.from(text)));
      }),
    );
  }, 30_000);
});

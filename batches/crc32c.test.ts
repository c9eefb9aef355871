import { expect, test } from "bun:test";
import { crc32c } from "./crc32c.ts";

/** Bit by bit, as the definition says. */
function slowly(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test("the sums are those of RFC 3720, appendix B.4", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, at) => at);
  const sums = [new Uint8Array(32), new Uint8Array(32).fill(0xff), ascending, ascending.toReversed()];
  expect(sums.map(crc32c)).toEqual([0x8a9136aa, 0x62a8ab43, 0x46dd794e, 0x113fdb5c]);
});

test("bytes of any length at any place of their memory have the sum of the definition", () => {
  const memory = Uint8Array.from({ length: 64 }, (_, at) => (at * 167 + 91) & 0xff);
  for (let start = 0; start < 9; start++) {
    for (let end = start; end < 40; end++) {
      const bytes = memory.subarray(start, end);
      expect(crc32c(bytes)).toBe(slowly(bytes));
    }
  }
});

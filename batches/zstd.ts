/**
 * Zstandard, unpacked: by Bun's own function, which is twice as fast but knows no bound, where the frames cannot exceed ours.
 *
 * Frame => magic descriptor [window] [dictionary] [contentSize] Block* [sum]; Block => 3 bytes: last 1 bit, type 2, size 21.
 * Source: RFC 8878, 3.1.1
 */
import { zstdDecompressSync } from "node:zlib";
import { TooLarge } from "./errors.ts";

const MAGIC = 0xfd2fb528;
const MAX_BLOCK = 131_072;
const [RLE, COMPRESSED] = [1, 2];

export function unpackZstd(input: Buffer, most: number): Buffer {
  const size = sizeOf(input);
  if (size.least > most) throw new TooLarge(`${size.least} bytes and more`);
  return size.most <= most
    ? Bun.zstdDecompressSync(input)
    : zstdDecompressSync(input, { maxOutputLength: most });
}

/**
 * What all blocks unpack to: at least, which those that are not compressed tell, and at most.
 * Errors: what is not a row of whole frames, of which zlib would give what there is.
 */
function sizeOf(input: Buffer): { least: number; most: number } {
  let least = 0;
  let compressed = 0;
  for (let at = 0; at < input.length;) {
    if (input.readUInt32LE(at) !== MAGIC) throw new Error(`no frame at byte ${at}`);
    const descriptor = input.readUInt8(at + 4);
    const isSingle = descriptor & 0x20;
    const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
    at += 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number) + sizeBytes;
    for (let isLast = false; !isLast;) {
      const head = input.readUIntLE(at, 3);
      const [type, size] = [(head >> 1) & 3, head >> 3];
      isLast = (head & 1) === 1;
      if (type > COMPRESSED) throw new Error(`no block at byte ${at}`);
      if (type === COMPRESSED) compressed++;
      else least += size;
      at += 3 + (type === RLE ? 1 : size);
    }
    at += descriptor & 4;
    if (at > input.length) throw new Error(`cut off at byte ${input.length}`);
  }
  return { least, most: least + compressed * MAX_BLOCK };
}

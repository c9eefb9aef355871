/**
 * LZ4 frames, unpacked: one frame of independent blocks, as Kafka's clients write them; what is behind it is not looked at.
 *
 * Frame => magic flags blockSize [contentSize] check Block* 0 [sum]; Block => size bytes [sum]; a size with its highest bit set: as it is.
 * Sums of content are not checked: the batch has its own.
 * Source: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md
 */
import { Output } from "./output.ts";

const MAGIC = 0x184d2204;
/** Version 1, blocks that do not reach back into others. */
const FLAGS = 0b011_00000;

export function unpackLz4(input: Buffer, most: number): Buffer {
  const flags = input.readUInt8(4);
  if (input.readUInt32LE(0) !== MAGIC || (flags & 0b111_00000) !== FLAGS) throw new Error("not a frame");
  const [hasBlockSums, hasSize] = [flags & 16, flags & 8];
  const descriptorEnd = hasSize ? 14 : 6;
  const check = (Bun.hash.xxHash32(input.subarray(4, descriptorEnd)) >>> 8) & 0xff;
  if (input.readUInt8(descriptorEnd) !== check)
    throw new Error("the checksum of the frame's header does not match");
  const output = new Output(most);
  let at = descriptorEnd + 1;
  for (;;) {
    const word = input.readUInt32LE(at);
    at += 4;
    if (word === 0) return output.content();
    const end = at + (word & 0x7fffffff);
    if (end > input.length) throw new Error(`cut off at byte ${input.length}`);
    if (word >>> 31) output.take(input, at, end);
    else unpackBlock(input.subarray(at, end), output);
    at = end + (hasBlockSums ? 4 : 0);
  }
}

/** Sequence => token [more literal length] literals [distance [more match length]]; the last one has no match. */
function unpackBlock(block: Buffer, output: Output): void {
  let at = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; length += more) more = block.readUInt8(at++);
    return length;
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = lengthFrom(token >> 4);
    output.take(block, at, at + literals);
    at += literals;
    if (at === block.length) return;
    const distance = block.readUInt16LE(at);
    at += 2;
    output.repeat(distance, lengthFrom(token & 15) + 4);
  }
}

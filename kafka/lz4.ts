/**
 * Decodes LZ4 frames, pure: kafkajs has no LZ4, the native packages do not build everywhere, and we only read it.
 *
 * In: one or more frames, as Java, librdkafka and franz-go write them into a record batch. Out: the content.
 * Errors: not a frame, cut off, a match that points before the start. Checksums are not verified: Kafka's CRC32C covers the batch.
 * Source: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md
 */

const MAGIC = 0x184d2204;
const MAX_BLOCK_BYTES = [0, 0, 0, 0, 65_536, 262_144, 1_048_576, 4_194_304];

export function lz4Decompress(input: Buffer): Buffer {
  const output = new Output(Math.max(input.length * 4, 1024));
  let at = 0;
  while (at < input.length) at = readFrame(input, at, output);
  return output.content();
}

/** Frame => magic FLG BD [content size] [dictionary id] HC block* end-mark [content checksum] */
function readFrame(input: Buffer, start: number, output: Output): number {
  if (input.length - start < 7 || input.readUInt32LE(start) !== MAGIC)
    throw new Error(`lz4: no frame at byte ${start} of ${input.length}`);
  const flags = byteAt(input, start + 4);
  const maxBlock = MAX_BLOCK_BYTES[(byteAt(input, start + 5) >> 4) & 7] ?? 0;
  const [blockChecksum, contentSize, contentChecksum, dictionary] = [16, 8, 4, 1].map((bit) => flags & bit);
  let at = start + 7 + (contentSize ? 8 : 0) + (dictionary ? 4 : 0);
  for (;;) {
    if (at + 4 > input.length) throw new Error(`lz4: cut off at byte ${at}`);
    const word = input.readUInt32LE(at);
    at += 4;
    if (word === 0) return at + (contentChecksum ? 4 : 0);
    const size = word & 0x7fffffff;
    if (at + size > input.length) throw new Error(`lz4: block of ${size} bytes cut off at byte ${at}`);
    output.reserve(maxBlock);
    // The highest bit marks a block that is stored as it is.
    if (word >>> 31) output.append(input, at, size);
    else readBlock(input, at, at + size, output);
    at += size + (blockChecksum ? 4 : 0);
  }
}

/** Block => sequence*; sequence => token [more literal length] literals offset [more match length] */
function readBlock(input: Buffer, start: number, end: number, output: Output): void {
  let at = start;
  const moreLength = (length: number): number => {
    if (length < 15) return length;
    let sum = length;
    let byte: number;
    do {
      byte = byteAt(input, at++);
      sum += byte;
    } while (byte === 255);
    return sum;
  };
  while (at < end) {
    const token = byteAt(input, at++);
    const literals = moreLength(token >> 4);
    if (at + literals > end) throw new Error(`lz4: literals cut off at byte ${at}`);
    output.append(input, at, literals);
    at += literals;
    if (at >= end) return; // the last sequence has no match
    const distance = byteAt(input, at) | (byteAt(input, at + 1) << 8);
    at += 2;
    output.repeat(distance, moreLength(token & 15) + 4);
  }
}

function byteAt(input: Buffer, at: number): number {
  const byte = input[at];
  if (byte === undefined) throw new Error(`lz4: cut off at byte ${at}`);
  return byte;
}

/** A growing buffer; matches may reach back into earlier blocks of it. */
class Output {
  private bytes: Buffer;
  private length = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  append(from: Buffer, at: number, size: number): void {
    this.reserve(size);
    from.copy(this.bytes, this.length, at, at + size);
    this.length += size;
  }

  repeat(distance: number, size: number): void {
    if (distance === 0 || distance > this.length)
      throw new Error(`lz4: match ${distance} bytes back of ${this.length}`);
    this.reserve(size);
    const { bytes } = this;
    let from = this.length - distance;
    // Byte by byte where source and target overlap: that repeats the pattern, which is what a match means.
    if (distance >= size) bytes.copyWithin(this.length, from, from + size);
    else for (let to = this.length; to < this.length + size;) bytes[to++] = bytes[from++] ?? 0;
    this.length += size;
  }

  content(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

/**
 * Snappy, unpacked: raw, as librdkafka writes it, or in the chunks of Java's client.
 *
 * Chunks => 0x82 "SNAPPY" 0 version compatibleVersion (length raw)*; Raw => size Element*; Element => tag bytes.
 * Source: https://github.com/google/snappy/blob/main/format_description.txt and github.com/xerial/snappy-java
 */
import { Output } from "./output.ts";

const JAVA = Buffer.from("\x82SNAPPY\0", "latin1");

export function unpackSnappy(input: Buffer, most: number): Buffer {
  const output = new Output(most);
  if (!input.subarray(0, JAVA.length).equals(JAVA)) unpackRaw(input, output);
  else
    for (let at = 16; at < input.length;) {
      const start = at + 4;
      at = start + input.readInt32BE(at);
      if (at < start || at > input.length) throw new Error(`cut off at byte ${input.length}`);
      unpackRaw(input.subarray(start, at), output);
    }
  return output.content();
}

function unpackRaw(input: Buffer, output: Output): void {
  let at = 0;
  let size = 0;
  for (let scale = 1, byte = 128; byte >= 128; scale *= 128) {
    byte = input.readUInt8(at++);
    size += (byte & 127) * scale;
  }
  const end = output.size + size;
  while (at < input.length) {
    const tag = input.readUInt8(at++);
    const kind = tag & 3;
    const width = [0, 1, 2, 4][kind] as number;
    // A literal: its length in the tag, or in one to four bytes behind it.
    if (kind === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const length = 1 + (extra === 0 ? tag >> 2 : input.readUIntLE(at, extra));
      at += extra;
      output.take(input, at, at + length);
      at += length;
      continue;
    }
    const low = input.readUIntLE(at, width);
    at += width;
    if (kind === 1) output.repeat(((tag >> 5) << 8) | low, ((tag >> 2) & 7) + 4);
    else output.repeat(low, (tag >> 2) + 1);
  }
  if (output.size !== end) throw new Error(`expected ${end} bytes, got ${output.size}`);
}

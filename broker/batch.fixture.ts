/** Record batches for tests, made from nothing but the format's description. */
import { gzipSync } from "node:zlib";
import { crc32c } from "./protocol/crc32c.ts";

export interface BatchOptions {
  /** ms, one for each value; default 1000, 1001, … */
  timestamps?: number[];
  /** 0 none, 1 gzip, 2 snappy (not packed here, only named), 4 zstd */
  compression?: number;
  producerId?: number;
  producerEpoch?: number;
  sequence?: number;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function record(value: string, timestampDelta: number, offsetDelta: number): Buffer {
  const bytes = Buffer.from(value);
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(timestampDelta),
    varint(offsetDelta),
    varint(-1),
    varint(bytes.length),
    bytes,
    varint(0),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

export function aBatch(values: string[], options: BatchOptions = {}): Buffer {
  const { compression = 0, producerId = -1, producerEpoch = -1, sequence = -1 } = options;
  const timestamps = options.timestamps ?? values.map((_, at) => 1000 + at);
  const first = timestamps[0] ?? 0;
  const plain = Buffer.concat(
    values.map((value, at) => record(value, (timestamps[at] ?? first) - first, at)),
  );
  const records =
    compression === 1 ? gzipSync(plain) : compression === 4 ? Bun.zstdCompressSync(plain) : plain;
  const header = Buffer.alloc(61);
  header.writeInt32BE(49 + records.length, 8);
  header.writeInt32BE(-1, 12);
  header.writeInt8(2, 16);
  header.writeInt16BE(compression, 21);
  header.writeInt32BE(values.length - 1, 23);
  header.writeBigInt64BE(BigInt(first), 27);
  header.writeBigInt64BE(BigInt(Math.max(...timestamps)), 35);
  header.writeBigInt64BE(BigInt(producerId), 43);
  header.writeInt16BE(producerEpoch, 51);
  header.writeInt32BE(sequence, 53);
  header.writeInt32BE(values.length, 57);
  return sealed(Buffer.concat([header, records]));
}

/** With the CRC that fits, after a change. */
export function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

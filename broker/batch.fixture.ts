/** Record batches for tests, made from nothing but the format's description. */
import { gzipSync } from "node:zlib";
import { crc32c } from "../batches/crc32c.ts";

export interface BatchOptions {
  /** ms, one for each value; default 1000, 1001, … */
  timestamps?: number[];
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd */
  compression?: number;
  producerId?: number;
  producerEpoch?: number;
  sequence?: number;
}

type Bytes = Buffer | string | null;

export interface RecordFields {
  key?: Bytes;
  value?: Bytes;
  headers?: [key: Bytes, value: Bytes][];
  timestampDelta?: number | bigint;
  offsetDelta?: number;
  attributes?: number;
}

/** What a batch's header says of the records behind it, whatever they are. */
export interface HeaderFields {
  count: number;
  /** Default: as `count` says. */
  lastOffsetDelta?: number;
  attributes?: number;
  baseTimestamp?: number | bigint;
  /** Default: the base timestamp. */
  maxTimestamp?: number | bigint;
  producerId?: number;
  producerEpoch?: number;
  sequence?: number;
  magic?: number;
}

/** Zigzag, of 64 bits. */
export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** Bytes behind their length; -1 stands for null. */
export function blob(bytes: Bytes): Buffer {
  if (bytes === null) return varint(-1);
  return Buffer.concat([varint(Buffer.byteLength(bytes)), Buffer.from(bytes)]);
}

export function aRecord(fields: RecordFields): Buffer {
  const { key = null, value = null, headers = [], attributes = 0 } = fields;
  return withLength(
    Buffer.from([attributes]),
    varint(fields.timestampDelta ?? 0),
    varint(fields.offsetDelta ?? 0),
    blob(key),
    blob(value),
    varint(headers.length),
    ...headers.flatMap(([name, content]) => [blob(name), blob(content)]),
  );
}

/** The parts as one record, its length in front. */
export function withLength(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(body.length), body]);
}

/** A batch whose header says just this, with the CRC that fits. */
export function rawBatch(records: Buffer, fields: HeaderFields): Buffer {
  const { count, baseTimestamp = Date.now(), producerId = -1, producerEpoch = -1, sequence = -1 } = fields;
  const header = Buffer.alloc(61);
  header.writeInt32BE(49 + records.length, 8);
  header.writeInt32BE(-1, 12);
  header.writeInt8(fields.magic ?? 2, 16);
  header.writeInt16BE(fields.attributes ?? 0, 21);
  header.writeInt32BE(fields.lastOffsetDelta ?? count - 1, 23);
  header.writeBigInt64BE(BigInt(baseTimestamp), 27);
  header.writeBigInt64BE(BigInt(fields.maxTimestamp ?? baseTimestamp), 35);
  header.writeBigInt64BE(BigInt(producerId), 43);
  header.writeInt16BE(producerEpoch, 51);
  header.writeInt32BE(sequence, 53);
  header.writeInt32BE(count, 57);
  return sealed(Buffer.concat([header, records]));
}

export function aBatch(values: string[], options: BatchOptions = {}): Buffer {
  const { compression = 0, timestamps = values.map((_, at) => 1000 + at), ...header } = options;
  const first = timestamps[0] ?? 0;
  const records = values.map((value, at) =>
    aRecord({ value, timestampDelta: (timestamps[at] ?? first) - first, offsetDelta: at }),
  );
  return rawBatch(packed(Buffer.concat(records), compression), {
    count: values.length,
    attributes: compression,
    baseTimestamp: first,
    maxTimestamp: Math.max(...timestamps),
    ...header,
  });
}

/** A codec that there is not leaves the bytes as they are. */
export function packed(plain: Buffer, compression: number): Buffer {
  if (compression === 1) return gzipSync(plain);
  if (compression === 2) return snappy(plain);
  if (compression === 3) return lz4Frame([lz4Stored(plain)]);
  if (compression === 4) return Bun.zstdCompressSync(plain);
  return plain;
}

/** Snappy's raw format, all of it literals. Source: github.com/google/snappy, format_description.txt */
function snappy(plain: Buffer): Buffer {
  const parts = [uvarint(plain.length)];
  for (let at = 0; at < plain.length; at += 65_536) {
    const piece = plain.subarray(at, at + 65_536);
    const tag = Buffer.from([61 << 2, 0, 0]);
    tag.writeUInt16LE(piece.length - 1, 1);
    parts.push(tag, piece);
  }
  return Buffer.concat(parts);
}

export function uvarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Blocks of at most 4 MiB, each on its own. Source: github.com/lz4/lz4, doc/lz4_Frame_format.md */
export function lz4Frame(blocks: Buffer[]): Buffer {
  const descriptor = Buffer.from([0x60, 0x70]);
  const check = (Bun.hash.xxHash32(descriptor) >>> 8) & 0xff;
  return Buffer.concat([
    Buffer.from("04224d18", "hex"),
    descriptor,
    Buffer.from([check]),
    ...blocks,
    Buffer.alloc(4),
  ]);
}

/** A block stored as it is. */
export function lz4Stored(plain: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(plain.length + 2 ** 31);
  return Buffer.concat([size, plain]);
}

/** Gives a changed batch the CRC that fits. */
export function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

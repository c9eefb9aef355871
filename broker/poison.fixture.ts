/**
 * Batches that hurt a reader or a broker which trusts what it is told: one function for each kind.
 *
 * In: the value of a good message (the records that a batch does hold are whole wherever its kind allows it), its key is "d1".
 * Out: a batch with a CRC that fits. `INVALID` is what our broker refuses, so that a reader only meets it on one started with
 * `validate: false`, or on another broker: Apache Kafka stores wrong offset deltas and lengths of -2. `HOSTILE` is well formed;
 * our broker refuses of it only what unpacks to more than 32 MiB.
 */
import { gzipSync } from "node:zlib";
import {
  aRecord,
  blob,
  type HeaderFields,
  lz4Frame,
  lz4Stored,
  packed,
  rawBatch,
  type RecordFields,
  sealed,
  uvarint,
  varint,
  withLength,
} from "./batch.fixture.ts";

type Poison = (value: string) => Buffer;

const one = (value: string, fields: RecordFields = {}) => aRecord({ key: "d1", value, ...fields });
const batchOf = (value: string, fields: RecordFields = {}, header: Partial<HeaderFields> = {}) =>
  rawBatch(one(value, fields), { count: 1, ...header });
/** Attributes, time and offset, key: what a record begins with. */
const start = Buffer.concat([Buffer.from([0]), varint(0), varint(0), blob("d1")]);
const packedAs = (compression: number, records: Buffer | string, count = 1) =>
  rawBatch(Buffer.from(records), { count, attributes: compression });

export const INVALID = {
  "corrupt-gzip": () => packedAs(1, Buffer.from("1f8b0800ff0011", "hex")),
  "corrupt-snappy": () => packedAs(2, Buffer.from("ffffffff0fff00", "hex")),
  "corrupt-lz4": () => packedAs(3, Buffer.from("04224d18ffeeddccbbaa", "hex")),
  "corrupt-zstd": () => packedAs(4, Buffer.from("28b52ffdffeeddccbbaa", "hex")),
  "gzip-cut": (value) => packedAs(1, packed(one(value), 1).subarray(0, -12)),
  "snappy-cut": (value) => packedAs(2, packed(one(value), 2).subarray(0, -4)),
  "lz4-cut": (value) => packedAs(3, packed(one(value), 3).subarray(0, -8)),
  "zstd-cut": (value) => packedAs(4, packed(one(value), 4).subarray(0, -4)),
  "records-cut": (value) => rawBatch(one(value).subarray(0, -4), { count: 1 }),
  "records-empty": () => rawBatch(Buffer.alloc(0), { count: 1 }),
  "records-empty-zstd": () => packedAs(4, packed(Buffer.alloc(0), 4)),
  "records-garbage": () => rawBatch(Buffer.alloc(300, "f7c3a1", "hex"), { count: 3 }),
  "records-behind-the-count": (value) => rawBatch(Buffer.concat([one(value), one(value)]), { count: 1 }),
  "bytes-behind-the-records": (value) =>
    rawBatch(Buffer.concat([one(value), Buffer.from([1, 2])]), { count: 1 }),
  "bytes-behind-the-headers": (value) =>
    rawBatch(withLength(start, blob(value), varint(0), Buffer.from([1, 2])), { count: 1 }),
  "count-more": (value) => batchOf(value, {}, { count: 5 }),
  "count-more-zstd": (value) => packedAs(4, packed(one(value), 4), 5),
  "count-1M": (value) => batchOf(value, {}, { count: 1_000_000 }),
  "count-2G": (value) => batchOf(value, {}, { count: 2_000_000_000 }),
  "count-2G-zstd": (value) => packedAs(4, packed(one(value), 4), 2_000_000_000),
  "count-zero": () => rawBatch(Buffer.alloc(0), { count: 0 }),
  "count-negative": (value) => batchOf(value, {}, { count: -1, lastOffsetDelta: 0 }),
  "last-offset-delta-wrong": (value) => batchOf(value, {}, { lastOffsetDelta: 3 }),
  "offset-delta-wrong": (value) =>
    rawBatch(Buffer.concat([one(value, { offsetDelta: 7 }), one(value, { offsetDelta: 3 })]), { count: 2 }),
  "offset-delta-wrong-zstd": (value) =>
    packedAs(
      4,
      packed(Buffer.concat([one(value, { offsetDelta: 7 }), one(value, { offsetDelta: 3 })]), 4),
      2,
    ),
  "offset-delta-negative": (value) => batchOf(value, { offsetDelta: -5 }),
  "record-length-zero": () => rawBatch(Buffer.alloc(20), { count: 1 }),
  "record-length-negative": () => rawBatch(Buffer.concat([varint(-1), Buffer.alloc(20)]), { count: 1 }),
  "key-length-huge": () =>
    rawBatch(withLength(Buffer.from([0]), varint(0), varint(0), varint(2 ** 30), Buffer.alloc(50)), {
      count: 1,
    }),
  "key-length-minus-2": (value) =>
    rawBatch(withLength(Buffer.from([0]), varint(0), varint(0), varint(-2), blob(value), varint(0)), {
      count: 1,
    }),
  "value-length-minus-2": () => rawBatch(withLength(start, varint(-2), varint(0)), { count: 1 }),
  "header-count-huge": (value) => rawBatch(withLength(start, blob(value), varint(2 ** 31 - 1)), { count: 1 }),
  "header-count-negative": (value) => rawBatch(withLength(start, blob(value), varint(-1)), { count: 1 }),
  "header-key-null": (value) => batchOf(value, { headers: [[null, "v"]] }),
  "header-value-length-huge": (value) =>
    rawBatch(withLength(start, blob(value), varint(1), blob("h"), varint(2 ** 30)), { count: 1 }),
  "varint-without-end": () => rawBatch(Buffer.alloc(30, 0xff), { count: 1 }),
  "time-delta-of-11-bytes": (value) =>
    rawBatch(
      withLength(
        Buffer.alloc(1),
        Buffer.alloc(10, 0x80),
        Buffer.from([0]),
        varint(0),
        blob("d1"),
        blob(value),
        varint(0),
      ),
      { count: 1 },
    ),
  "compression-5": (value) => batchOf(value, {}, { attributes: 5 }),
  "compression-7": (value) => batchOf(value, {}, { attributes: 7 }),
  "control-batch": (value) => batchOf(value, {}, { attributes: 0x20 }),
  transactional: (value) =>
    batchOf(value, {}, { attributes: 0x10, producerId: 5, producerEpoch: 0, sequence: 0 }),
  "base-offset-7": (value) => {
    const batch = batchOf(value);
    batch.writeBigInt64BE(7n);
    return batch;
  },
  "header-cut": (value) => {
    const batch = batchOf(value).subarray(0, 60);
    batch.writeInt32BE(48, 8);
    return batch;
  },
  "producer-without-sequence": (value) => batchOf(value, {}, { producerId: 5, producerEpoch: 0 }),
  "magic-1": (value) => batchOf(value, {}, { magic: 1 }),
  "magic-3": (value) => batchOf(value, {}, { magic: 3 }),
} satisfies Record<string, Poison>;

export const HOSTILE = {
  "headers-20000": (value) => batchOf(value, { headers: headers(20_000) }),
  "headers-named-as-objects-are": (value) =>
    batchOf(value, { headers: ["__proto__", "constructor", "toString"].map((name) => [name, "v"]) }),
  "header-empty": (value) => batchOf(value, { headers: [["", null]] }),
  "zstd-bomb-100MB": () => zstdBomb(100_000_000),
  "zstd-bomb-1.9GB": () => zstdBomb(1_900_000_000),
  "gzip-bomb-100MB": () => packedAs(1, gzipSync(one("0".repeat(100_000_000)))),
  "lz4-bomb-100MB": () => lz4Bomb(100_000_000),
  "zstd-1M-records": () => packedAs(4, Bun.zstdCompressSync(emptyRecords(1_000_000)), 1_000_000),
  "gzip-two-members": (value) => packedAs(1, inTwo(one(value), 1)),
  "zstd-two-frames": (value) => packedAs(4, inTwo(one(value), 4)),
  "time-int64-max": (value) => batchOf(value, {}, { baseTimestamp: 2n ** 63n - 1n }),
  "time-int64-min": (value) => batchOf(value, {}, { baseTimestamp: -(2n ** 63n) }),
  "time-minus-1": (value) => batchOf(value, {}, { baseTimestamp: -1 }),
  "time-delta-of-2-to-62": (value) =>
    rawBatch(Buffer.concat([one(value), one(value, { offsetDelta: 1, timestampDelta: 2n ** 62n })]), {
      count: 2,
      baseTimestamp: 0,
      maxTimestamp: 2n ** 62n,
    }),
  "log-append-time": (value) => batchOf(value, {}, { attributes: 0x08 }),
  "attributes-reserved": (value) => batchOf(value, {}, { attributes: 0x0780 }),
  "delete-horizon": (value) => batchOf(value, {}, { attributes: 0x40 }),
  "record-attributes": (value) => batchOf(value, { attributes: 0x55 }),
  "varint-of-more-bytes-than-needed": (value) =>
    rawBatch(withLength(Buffer.from([0, 0x80, 0x80, 0x00]), varint(0), blob("d1"), blob(value), varint(0)), {
      count: 1,
    }),
  "key-null": (value) => batchOf(value, { key: null }),
  "value-null": () => rawBatch(aRecord({ key: "d1" }), { count: 1 }),
} satisfies Record<string, Poison>;

/** Every kind by its name. */
export const POISON: Record<string, Poison> = { ...INVALID, ...HOSTILE };

function headers(count: number): RecordFields["headers"] {
  return Array.from({ length: count }, (_, at) => [`h${at.toString(16)}`, ""]);
}

function emptyRecords(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, offsetDelta) => aRecord({ offsetDelta })));
}

function inTwo(records: Buffer, compression: number): Buffer {
  return Buffer.concat(
    [records.subarray(0, 10), records.subarray(10)].map((part) => packed(part, compression)),
  );
}

/** One record with a value of so many zeros, up to the value's first byte. */
function upToValue(zeros: number): Buffer {
  const body = Buffer.concat([start, varint(zeros)]);
  return Buffer.concat([varint(body.length + zeros + 1), body]);
}

/** A frame of a few bytes for each 128 KiB: one block is one byte, repeated. Source: RFC 8878, 3.1.1.2 */
export function zstdBomb(zeros: number): Buffer {
  const RLE = 1;
  const LAST = 1;
  const block = (type: number, size: number, content: Buffer, last = 0) => {
    const head = Buffer.alloc(3);
    head.writeUIntLE(size * 8 + type * 2 + last, 0, 3);
    return Buffer.concat([head, content]);
  };
  const before = upToValue(zeros);
  const blocks = [Buffer.from("28b52ffd0038", "hex"), block(0, before.length, before)];
  for (let left = zeros; left > 0; left -= 131_072)
    blocks.push(block(RLE, Math.min(131_072, left), Buffer.alloc(1)));
  return packedAs(4, Buffer.concat([...blocks, block(0, 1, Buffer.alloc(1), LAST)]));
}

/** Blocks of a literal zero and one match that repeats it. */
export function lz4Bomb(zeros: number): Buffer {
  const blocks = [lz4Stored(upToValue(zeros))];
  const END = 5;
  for (let left = zeros; left > 0;) {
    const size = Math.min(4_194_304, left);
    left -= size;
    if (size < 64) blocks.push(lz4Stored(Buffer.alloc(size)));
    else blocks.push(lz4Repeat(size - 1 - END, END));
  }
  return packedAs(3, lz4Frame([...blocks, lz4Stored(Buffer.alloc(1))]));
}

/** One zero, `more` of them by a match, `end` of them as literals, with which a block has to end. */
function lz4Repeat(more: number, end: number): Buffer {
  const rest = more - 4 - 15;
  const match = [...Buffer.alloc(Math.floor(rest / 255), 255), rest % 255];
  const content = Buffer.from([0x1f, 0, 1, 0, ...match, end << 4, ...Buffer.alloc(end)]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  return Buffer.concat([size, content]);
}

/** Snappy's own claim of its size, which a decoder may allocate before it looks at anything. */
export const snappyClaim = (bytes: number) =>
  packedAs(2, Buffer.concat([uvarint(bytes), Buffer.from([0, 65])]));

/** A good batch in which every byte but the CRC's is as it was, and that one is not. */
export function wrongSum(value: string): Buffer {
  const batch = sealed(batchOf(value));
  batch.writeUInt32BE((batch.readUInt32BE(17) + 1) >>> 0, 17);
  return batch;
}

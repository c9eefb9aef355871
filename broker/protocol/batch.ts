/**
 * Record batches of format 2: checked, addressed, and walked by time, but never re-encoded.
 *
 * In: a batch as a producer sent it, or as the database gave it back.
 * Out: its header, its fault if it has one, the first record at or after a time.
 * Source: https://kafka.apache.org/documentation/#recordbatch
 */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { crc32c } from "./crc32c.ts";
import { ERROR } from "./errors.ts";

const HEADER_BYTES = 61;
const MOST_UNPACKED = 268_435_456;

export type BatchHeader = ReturnType<typeof batchHeader>;

/** Also: length at 8, leader epoch 12, magic 16, CRC 17. Times in ms; producerId -1: not idempotent. */
export function batchHeader(batch: Buffer) {
  const baseOffset = int64(batch, 0);
  const lastDelta = batch.readInt32BE(23);
  return {
    baseOffset,
    lastDelta,
    lastOffset: baseOffset + lastDelta,
    attributes: batch.readInt16BE(21),
    baseTimestamp: int64(batch, 27),
    maxTimestamp: int64(batch, 35),
    producerId: int64(batch, 43),
    producerEpoch: batch.readInt16BE(51),
    baseSequence: batch.readInt32BE(53),
    count: batch.readInt32BE(57),
  };
}

/** Producers may send any time; beyond 2^53 ms they are all the same to us. */
function int64(bytes: Buffer, at: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Number(bytes.readBigInt64BE(at)));
}

export type Fault = { errorCode: number; problem: string };

const fault = (errorCode: number, expected: string, got: unknown): Fault => ({
  errorCode,
  problem: `expected ${expected}, got ${got}`,
});

/** What is wrong with these bytes as one batch that has a place in the log; undefined: nothing. */
export function frameFault(batch: Buffer): Fault | undefined {
  const { length } = batch;
  if (length < HEADER_BYTES) return fault(ERROR.CORRUPT_MESSAGE, `a batch of ${HEADER_BYTES} bytes`, length);
  if (batch[16] !== 2) return fault(ERROR.INVALID_RECORD, "message format 2", batch[16]);
  const announced = 12 + batch.readInt32BE(8);
  if (announced > length) return fault(ERROR.CORRUPT_MESSAGE, `${announced} bytes`, length);
  if (announced < length) return fault(ERROR.INVALID_RECORD, `one batch of ${announced} bytes`, length);
  const lastDelta = batch.readInt32BE(23);
  return lastDelta < 0 ? fault(ERROR.INVALID_RECORD, "a last offset delta from 0 on", lastDelta) : undefined;
}

/** What is wrong with these bytes as exactly one whole batch; undefined: nothing. */
export function batchFault(batch: Buffer): Fault | undefined {
  const wrongFrame = frameFault(batch);
  if (wrongFrame) return wrongFrame;
  const crc = crc32c(batch.subarray(21));
  if (crc !== batch.readUInt32BE(17))
    return fault(ERROR.CORRUPT_MESSAGE, `CRC ${batch.readUInt32BE(17)}`, crc);
  const { attributes, count, lastDelta } = batchHeader(batch);
  if ((attributes & 7) > 4) return fault(ERROR.UNSUPPORTED_COMPRESSION, "compression 0 to 4", attributes & 7);
  if (attributes & 0x30) return fault(ERROR.INVALID_TXN_STATE, "no transaction", "one");
  if (count < 1 || lastDelta !== count - 1)
    return fault(ERROR.INVALID_RECORD, `${lastDelta + 1} messages`, count);
  return undefined;
}

/** Gives a batch its place in the log. Neither field is under the CRC. */
export function placeBatch(batch: Buffer, baseOffset: number): void {
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt32BE(0, 12);
}

/** The first record from `from` on with a timestamp at or after `since` (ms); the batch as a whole where it cannot be walked. */
export function firstRecordSince(batch: Buffer, since: number, from: number) {
  const { baseOffset, baseTimestamp, maxTimestamp, attributes, count } = batchHeader(batch);
  try {
    const records = unpacked(batch.subarray(HEADER_BYTES), attributes & 7);
    for (let index = 0, at = 0; index < count; index++) {
      const [length, attributesAt] = varint(records, at);
      const [timestampDelta, offsetDeltaAt] = varint(records, attributesAt + 1);
      const offset = baseOffset + varint(records, offsetDeltaAt)[0];
      const timestamp = baseTimestamp + timestampDelta;
      if (timestamp >= since && offset >= from) return { offset, timestamp };
      at = attributesAt + Math.max(1, length);
    }
    return undefined;
  } catch {
    // Snappy and lz4, which Bun cannot unpack, and records that are rotten under a valid sum.
    return { offset: Math.max(from, baseOffset), timestamp: maxTimestamp };
  }
}

function unpacked(records: Buffer, compression: number): Buffer {
  if (compression === 0) return records;
  if (compression === 1) return gunzipSync(records, { maxOutputLength: MOST_UNPACKED });
  if (compression === 4) return zstdDecompressSync(records, { maxOutputLength: MOST_UNPACKED });
  throw new Error(`compression ${compression}`);
}

/** A zigzag varint and the place behind it. */
function varint(bytes: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let next = at, scale = 1; ; scale *= 128) {
    const byte = bytes.readUInt8(next++);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value % 2 === 0 ? value / 2 : -(value + 1) / 2, next];
  }
}

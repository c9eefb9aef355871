/**
 * The header of a record batch of format 2, read but not believed.
 *
 * Also there: length at 8, leader epoch 12, magic 16, CRC 17. Source: https://kafka.apache.org/documentation/#recordbatch
 */
import { crc32c } from "./crc32c.ts";

export const HEADER_BYTES = 61;
/** The offset and length that stand in front of what the length counts. */
export const PREFIX_BYTES = 12;
/** Bits of the attributes. */
export const [CODEC, LOG_APPEND_TIME, TRANSACTION, CONTROL] = [7, 0x08, 0x10, 0x20];

export type BatchHeader = ReturnType<typeof batchHeader>;

/** Times in ms; producerId -1: not idempotent. */
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

/** The sum that the batch carries, and the one that its bytes have. */
export function sums(batch: Buffer): { announced: number; found: number } {
  return { announced: batch.readUInt32BE(17), found: crc32c(batch.subarray(21)) };
}

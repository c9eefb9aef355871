/**
 * Record batches of format 2: checked, addressed, and walked by time, but never re-encoded.
 *
 * In: a batch as a producer sent it, or as the database gave it back.
 * Out: its header, the first record at or after a time. Errors: BatchError, as Apache Kafka 4.1 would say.
 * Source: https://kafka.apache.org/documentation/#recordbatch
 */
import {
  type BatchHeader,
  batchHeader,
  CODEC,
  CONTROL,
  HEADER_BYTES,
  sums,
  TRANSACTION,
} from "../../batches/header.ts";
import { RecordWalk } from "../../batches/records.ts";
import { CODECS, unpack } from "../../batches/unpack.ts";
import { BatchError, ERROR } from "./errors.ts";

/** The most that the records of a batch may unpack to; a batch that is larger is not stored. */
export const MOST_UNPACKED = 33_554_432;

/** Up to the format's number, which says what is behind it. */
const FORMAT_BYTES = 17;
const NO_TIME = -1;

function check(isFine: boolean, errorCode: number, expected: string, got: unknown): void {
  if (!isFine) throw new BatchError(errorCode, `expected ${expected}, got ${got}`);
}

/** These bytes are exactly one batch, and it has a place in the log. */
export function checkFrame(batch: Buffer): void {
  const { length } = batch;
  check(length >= FORMAT_BYTES, ERROR.INVALID_RECORD, "a batch", `${length} bytes`);
  const announced = 12 + batch.readInt32BE(8);
  const format = batch[16] as number;
  check(announced >= FORMAT_BYTES && format <= 2, ERROR.CORRUPT_MESSAGE, "message format 2", format);
  check(announced === length, ERROR.INVALID_RECORD, `one batch of ${announced} bytes`, length);
  check(format === 2, ERROR.INVALID_RECORD, "message format 2", format);
  check(length >= HEADER_BYTES, ERROR.CORRUPT_MESSAGE, `a header of ${HEADER_BYTES} bytes`, length);
  const lastDelta = batch.readInt32BE(23);
  check(lastDelta >= 0, ERROR.INVALID_RECORD, "a last offset delta from 0 on", lastDelta);
}

function checkSum(batch: Buffer): void {
  const { announced, found } = sums(batch);
  check(found === announced, ERROR.CORRUPT_MESSAGE, `CRC ${announced}`, found);
}

/** What a topic demands of the times of its records, in ms. */
export interface TimeLimits {
  earliest: number;
  latest: number;
}

/** Checks what a producer sends as Apache Kafka does; gives the header with the newest of the records' own times. */
export function checkedHeader(batch: Buffer, { earliest, latest }: TimeLimits): BatchHeader {
  const header = batchHeader(batch);
  const { attributes, count, lastDelta, baseTimestamp } = header;
  check(header.baseOffset === 0, ERROR.INVALID_RECORD, "base offset 0", header.baseOffset);
  checkSum(batch);
  check((attributes & CONTROL) === 0, ERROR.INVALID_RECORD, "no control batch", "one");
  check((attributes & TRANSACTION) === 0, ERROR.INVALID_TXN_STATE, "no transaction", "one");
  check(count > 0 && count === lastDelta + 1, ERROR.INVALID_RECORD, `${lastDelta + 1} messages`, count);
  const isNumbered = header.producerId < 0 || header.baseSequence >= 0;
  check(isNumbered, ERROR.INVALID_RECORD, "a sequence from 0 on", header.baseSequence);
  const codec = attributes & CODEC;
  check(codec < CODECS.length, ERROR.UNSUPPORTED_COMPRESSION, "compression 0 to 4", codec);
  let maxTimestamp = Number.NEGATIVE_INFINITY;
  const walk = new RecordWalk(unpack(batch.subarray(HEADER_BYTES), codec, MOST_UNPACKED), count, lastDelta);
  while (walk.next()) {
    const time = baseTimestamp + walk.timeDelta;
    if (time > maxTimestamp) maxTimestamp = time;
    if (time < earliest || time > latest) {
      const expected = `record ${walk.offsetDelta}: ${earliest} to ${latest} ms`;
      check(time === NO_TIME, ERROR.INVALID_TIMESTAMP, expected, time);
    }
  }
  return { ...header, maxTimestamp: Math.min(Number.MAX_SAFE_INTEGER, maxTimestamp) };
}

/** Whether these bytes are a batch as it was taken in: a whole one, with the sum that it came with. */
export function isSound(batch: Buffer): boolean {
  try {
    checkFrame(batch);
    checkSum(batch);
    return true;
  } catch {
    return false;
  }
}

/** Gives a batch its place in the log. Neither field is under the CRC. */
export function placeBatch(batch: Buffer, baseOffset: number): void {
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt32BE(0, 12);
}

/** How many bytes may still be looked at. */
export type Budget = { bytes: number };

/**
 * The first record from `from` on with a timestamp at or after `since` (ms); the batch as a whole where it cannot be walked,
 * or not within the budget.
 */
export function firstRecordSince(batch: Buffer, since: number, from: number, budget: Budget) {
  const { baseOffset, baseTimestamp, maxTimestamp, attributes, count, lastDelta } = batchHeader(batch);
  const most = Math.min(MOST_UNPACKED, budget.bytes);
  try {
    if (batch.length > most) throw new RangeError();
    budget.bytes -= most;
    const records = unpack(batch.subarray(HEADER_BYTES), attributes & CODEC, most);
    budget.bytes += most - records.length;
    for (const walk = new RecordWalk(records, count, lastDelta); walk.next();) {
      const it = { offset: baseOffset + walk.offsetDelta, timestamp: baseTimestamp + walk.timeDelta };
      if (it.timestamp >= since && it.offset >= from) return it;
    }
    return undefined;
  } catch {
    // Too large, or not what our own check would let in: from a broker of before, or under a valid sum all the same.
    return { offset: Math.max(from, baseOffset), timestamp: maxTimestamp };
  }
}

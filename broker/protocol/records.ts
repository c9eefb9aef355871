/**
 * The records of one batch, walked without making anything of them.
 *
 * Records => Record*; Record => length attributes timestampDelta offsetDelta key value Header*; each number is a zigzag varint.
 * Errors: BatchError, which names the record, the byte, what was expected and what was found.
 * Source: https://kafka.apache.org/documentation/#record
 */
import { BatchError, ERROR } from "./errors.ts";

/** The longest varint of 32 bits, and of 64. */
const [SHORT, LONG] = [5, 10];

/** Where the walk is: there is only one at a time. */
let at = 0;
let record = 0;

/**
 * `see` gets each record's time in ms after the batch's and its offset after the batch's; true ends the walk.
 * At the end there must have been `count` of them, each in its order and of its length, and nothing behind.
 */
export function walkRecords(bytes: Buffer, count: number, see: (time: number, offset: number) => boolean) {
  at = 0;
  for (record = 0; record < count; record++) {
    const length = varint(bytes, SHORT);
    const end = at + length;
    if (length < 0 || end > bytes.length) fail(`a record within ${bytes.length - at} bytes`, length);
    at++;
    const time = varint(bytes, LONG);
    const offset = varint(bytes, SHORT);
    if (offset !== record) fail(`offset delta ${record}`, offset);
    skip(bytes, end, "a key");
    skip(bytes, end, "a value");
    const headers = varint(bytes, SHORT);
    if (headers < 0 || headers > end - at) fail(`headers within ${end - at} bytes`, headers);
    for (let header = 0; header < headers; header++) {
      if (skip(bytes, end, "a header's key") < 0) fail("a header's key", "null");
      skip(bytes, end, "a header's value");
    }
    if (at !== end) fail(`the record's end at byte ${end}`, at);
    if (see(time, offset)) return;
  }
  if (at !== bytes.length) fail(`${bytes.length} bytes of ${count} records`, at);
}

/** Passes over bytes behind their length, which is -1 for null. */
function skip(bytes: Buffer, end: number, what: string): number {
  const length = varint(bytes, SHORT);
  if (length < -1 || length > end - at) fail(`${what} within ${end - at} bytes`, length);
  if (length > 0) at += length;
  return length;
}

function varint(bytes: Buffer, most: number): number {
  let value = 0;
  let scale = 1;
  for (const last = at + most; at < last && at < bytes.length; scale *= 128) {
    const byte = bytes[at++] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  return fail(`a number of at most ${most} bytes`, at < bytes.length ? "more" : "the end of the records");
}

function fail(expected: string, got: unknown): never {
  throw new BatchError(
    ERROR.INVALID_RECORD,
    `record ${record}, byte ${at}: expected ${expected}, got ${got}`,
  );
}

/**
 * What an answer to a fetch holds: messages, offsets that hold none, and batches that cannot be read.
 *
 * In: the bytes of one partition, the offset that was asked for. Out: spans, one behind the other, which together settle every
 *   offset from there to the last one in the answer; batch by batch, so that one is unpacked at a time.
 * Errors: none for what stands in a batch: one that is corrupt, lies about its records, or unpacks to more than the bound is a span
 *   without messages that says so. A batch cut off by the end of the answer is left for the next fetch.
 * Of transactions only what is committed is a message, as for every reader with read_committed.
 */

import { InvalidBatch } from "../batches/errors.ts";
import {
  type BatchHeader,
  batchHeader,
  CODEC,
  CONTROL,
  HEADER_BYTES,
  LOG_APPEND_TIME,
  PREFIX_BYTES,
  sums,
  TRANSACTION,
} from "../batches/header.ts";
import { RecordWalk } from "../batches/records.ts";
import { unpack } from "../batches/unpack.ts";
import { type InMessage, NO_HEADERS } from "./message.ts";

export interface Fetched {
  bytes: Buffer;
  /** The offset that was asked for: what stands before it in its batch is passed over. */
  from: number;
  /** The offset behind which nothing is decided yet; undefined: the answer does not tell. */
  stableEnd?: number | undefined;
  /** Transactions that came to nothing, by their first offset. */
  aborted: { producerId: string; firstOffset: string }[];
  /** A batch that unpacks to more is not read, bytes. */
  maxBatchBytes: number;
}

export interface Span {
  /** The offset after everything that this settles. */
  next: number;
  /** The messages in the order of their offsets. */
  messages: InMessage[];
  /** Offsets that hold no message: markers, what was aborted or compacted. By the batch's own count, not by the messages made. */
  empty: number;
  /** Instead of messages. */
  undecodable?: Undecodable;
}

/** Offsets that no reader can read, both included, and why. */
export interface Undecodable {
  first: number;
  last: number;
  cause: string;
}

/** How many records are made at a time: each costs a hundred bytes and more, and a million fit in a few KB. */
const RECORDS_AT_ONCE = 10_000;
const FORMAT = 2;
const FORMAT_AT = 16;
/** The key of a control record => version int16, type int16 */
const ABORT = 0;

export function* readFetched({ bytes, from, stableEnd, aborted, maxBatchBytes }: Fetched): Generator<Span> {
  const isAborted = createAborted(aborted);
  let position = from;
  let at = 0;
  while (at + PREFIX_BYTES <= bytes.length) {
    const end = at + PREFIX_BYTES + bytes.readInt32BE(at + 8);
    if (end > bytes.length && at > 0) break;
    const batch = bytes.subarray(at, Math.max(at, end));
    const following = end > at ? baseOffsetAt(bytes, end) : undefined;
    for (const span of spansOf(batch, { position, following, stableEnd, maxBatchBytes, isAborted })) {
      position = span.next;
      yield span;
    }
    if (end < at + HEADER_BYTES && following === undefined) return; // nothing leads to the next one
    at = end;
  }
  if (position > from || at === 0) return;
  const cause = `expected a batch with this offset, got batches before it`;
  yield { next: from + 1, messages: [], empty: 0, undecodable: { first: from, last: from, cause } };
}

/** Reads a batch's base offset; undefined where no batch begins, or the answer ends too early to know. */
function baseOffsetAt(bytes: Buffer, at: number): number | undefined {
  const isBatch = at + FORMAT_AT < bytes.length && bytes[at + FORMAT_AT] === FORMAT;
  return isBatch ? Number(bytes.readBigInt64BE(at)) : undefined;
}

interface ReadContext {
  /** The offset up to which everything is settled. */
  position: number;
  /** The base offset of the batch behind this one, if the answer has it. */
  following: number | undefined;
  stableEnd: number | undefined;
  maxBatchBytes: number;
  isAborted: (batch: Buffer, header: BatchHeader) => boolean;
}

/** Checked as a whole before the first span is given. */
function spansOf(batch: Buffer, place: ReadContext): Iterable<Span> {
  const { position, following, stableEnd, maxBatchBytes, isAborted } = place;
  try {
    const header = checkedHeader(batch, following);
    if (header.lastOffset < position) return [];
    const next = header.lastOffset + 1;
    if (isAborted(batch, header) || (header.attributes & CONTROL) !== 0)
      return [{ next, messages: [], empty: next - position }];
    return slices(batch, header, position, maxBatchBytes);
  } catch (error) {
    if (!(error instanceof InvalidBatch)) throw error;
    // The answer may begin with a batch that ends before what was asked for.
    if (following !== undefined && following <= position) return [];
    const base = batch.length >= PREFIX_BYTES ? Number(batch.readBigInt64BE(0)) : position;
    const first = base > position && base < (following ?? Number.MAX_SAFE_INTEGER) ? base : position;
    const announced = batch.length < HEADER_BYTES ? first : base + batch.readInt32BE(23);
    const next = following ?? Math.min(announced + 1, stableEnd ?? announced + 1);
    const last = Math.max(first, next - 1);
    const cause = `a batch of ${batch.length} bytes: ${error.message}`;
    return [{ next: last + 1, messages: [], empty: last - position, undecodable: { first, last, cause } }];
  }
}

function checkedHeader(batch: Buffer, following: number | undefined): BatchHeader {
  const { length } = batch;
  if (length < HEADER_BYTES) throw new InvalidBatch(`expected a header of ${HEADER_BYTES} bytes`);
  const announced = PREFIX_BYTES + batch.readInt32BE(8);
  if (announced !== length) throw new InvalidBatch(`expected ${announced} bytes, got ${length}`);
  const format = batch[FORMAT_AT];
  if (format !== FORMAT) throw new InvalidBatch(`expected message format ${FORMAT}, got ${format}`);
  const sum = sums(batch);
  if (sum.found !== sum.announced) throw new InvalidBatch(`expected CRC ${sum.announced}, got ${sum.found}`);
  const header = batchHeader(batch);
  const { baseOffset, lastDelta, lastOffset, count } = header;
  if (baseOffset < 0 || lastDelta < 0 || !Number.isSafeInteger(lastOffset))
    throw new InvalidBatch(`expected offsets from 0 to 2^53, got ${baseOffset} and ${lastDelta} more`);
  if (following !== undefined && following <= lastOffset)
    throw new InvalidBatch(`expected offsets below ${following}, got up to ${lastOffset}`);
  if (count < 0 || count > lastDelta + 1)
    throw new InvalidBatch(`expected at most ${lastDelta + 1} messages, got ${count}`);
  return header;
}

/** The batch's messages from `position` on. Few are made while they are checked, many only when all are found sound. */
function slices(batch: Buffer, header: BatchHeader, position: number, most: number): Iterable<Span> {
  const { attributes, count, lastDelta, lastOffset } = header;
  const records = count === 0 ? batch.subarray(HEADER_BYTES) : unpacked(batch, attributes & CODEC, most);
  const make = maker(batch, header);
  const walk = new RecordWalk(records, count, lastDelta);
  const messages: InMessage[] = [];
  let passed = 0;
  while (walk.next())
    if (header.baseOffset + walk.offsetDelta < position) passed++;
    else if (count <= RECORDS_AT_ONCE) messages.push(make(walk));
  const next = lastOffset + 1;
  const empty = next - position - (count - passed);
  if (count <= RECORDS_AT_ONCE) return [{ next, messages, empty }];
  return slicesOfMany(new RecordWalk(records, count, lastDelta), header, { position, empty }, make);
}

/** The records, in memory of their own: some of the decoders use theirs again for the next batch. */
function unpacked(batch: Buffer, codec: number, most: number): Buffer {
  const records = unpack(batch.subarray(HEADER_BYTES), codec, most);
  return codec === SNAPPY || codec === LZ4 ? Buffer.from(records) : records;
}
const [SNAPPY, LZ4] = [2, 3];

function* slicesOfMany(
  walk: RecordWalk,
  { baseOffset, lastOffset }: BatchHeader,
  left: { position: number; empty: number },
  make: (walk: RecordWalk) => InMessage,
): Generator<Span> {
  let messages: InMessage[] = [];
  while (walk.next()) {
    const offset = baseOffset + walk.offsetDelta;
    if (offset < left.position) continue;
    messages.push(make(walk));
    if (messages.length < RECORDS_AT_ONCE) continue;
    const empty = offset + 1 - left.position - messages.length;
    left = { position: offset + 1, empty: left.empty - empty };
    yield { next: offset + 1, messages, empty };
    messages = [];
  }
  yield { next: lastOffset + 1, messages, empty: left.empty };
}

/** Makes the message where the walk stands. */
function maker(batch: Buffer, { baseOffset, baseTimestamp, attributes }: BatchHeader) {
  const exactBase = batch.readBigInt64BE(27);
  const appended = attributes & LOG_APPEND_TIME ? batch.readBigInt64BE(35) : undefined;
  return (walk: RecordWalk): InMessage => {
    let time: number | bigint = appended ?? baseTimestamp + walk.timeDelta;
    // Neither the delta nor the sum need be what the number says beyond 2^51.
    if (typeof time === "bigint" || Math.abs(walk.timeDelta) > EXACT || Math.abs(baseTimestamp) > EXACT)
      time = appended ?? BigInt.asIntN(64, exactBase + walk.exactTimeDelta());
    const message: InMessage = {
      offset: baseOffset + walk.offsetDelta,
      key: walk.key(),
      value: walk.value(),
      timestamp: Number(time),
      headers: walk.headerCount === 0 ? NO_HEADERS : headersOf(walk),
    };
    if (!Number.isSafeInteger(message.timestamp)) message.exactTimestamp = String(time);
    return message;
  };
}
const EXACT = 2 ** 51;

/** Reads the headers. Where one appears several times the last counts, as in Java's `lastHeader`; one without a value is left out. */
function headersOf(walk: RecordWalk): Record<string, Buffer> {
  const found = Object.create(null) as Record<string, Buffer>;
  walk.headers((name, value) => {
    if (value === null) delete found[name];
    else found[name] = value;
  });
  return found;
}

/**
 * Tells of each batch, in order, whether it is of a transaction that came to nothing: such a one begins at its first offset
 * and ends with the producer's abort marker.
 */
function createAborted(aborted: Fetched["aborted"]) {
  const waiting = aborted
    .map(({ producerId, firstOffset }) => ({ producerId, first: Number(firstOffset) }))
    .sort((one, other) => one.first - other.first);
  const open = new Set<string>();
  return (batch: Buffer, { lastOffset, attributes, count, lastDelta }: BatchHeader): boolean => {
    while (waiting[0] !== undefined && waiting[0].first <= lastOffset)
      open.add((waiting.shift() as { producerId: string }).producerId);
    if (open.size === 0 || (attributes & TRANSACTION) === 0) return false;
    const producerId = String(batch.readBigInt64BE(43));
    if ((attributes & CONTROL) === 0) return open.has(producerId);
    const marker = new RecordWalk(batch.subarray(HEADER_BYTES), count, lastDelta);
    if (marker.next() && marker.key()?.readInt16BE(2) === ABORT) open.delete(producerId);
    return true;
  };
}

/**
 * The records of one batch, walked one by one without making anything of them.
 *
 * Records => Record*; Record => length attributes timestampDelta offsetDelta key value Header*; each number is a zigzag varint.
 * Errors: InvalidBatch, which names the record, the byte, what was expected and what was found.
 * Source: https://kafka.apache.org/documentation/#record
 */
import { InvalidBatch } from "./errors.ts";

/** The longest varint of 32 bits, and of 64. */
const [SHORT, LONG] = [5, 10];

/** A walk's fields are of the record where it stands. Places are in bytes from the beginning of the records; a length of -1 is null. */
export class RecordWalk {
  /** In ms after the batch's base time; beyond 2^52 only `exactTimeDelta` is. */
  timeDelta = 0;
  /** After the batch's base offset; rising from record to record. */
  offsetDelta = -1;
  keyAt = 0;
  keyLength = 0;
  valueAt = 0;
  valueLength = 0;
  headersAt = 0;
  headerCount = 0;
  private record = -1;
  private at = 0;
  private timeAt = 0;

  /** The batch holds `count` records; the last one is at most `lastDelta` behind the base offset. */
  constructor(
    private readonly bytes: Buffer,
    private readonly count: number,
    private readonly lastDelta: number,
  ) {}

  /** Goes to the next record; false at the end, where nothing may be left. */
  next(): boolean {
    const { bytes } = this;
    if (++this.record >= this.count) {
      if (this.at !== bytes.length) this.fail(`${bytes.length} bytes of ${this.count} records`, this.at);
      return false;
    }
    const length = this.varint(SHORT);
    const end = this.at + length;
    if (length < 0 || end > bytes.length)
      this.fail(`a record within ${bytes.length - this.at} bytes`, length);
    this.timeAt = ++this.at;
    this.timeDelta = this.varint(LONG);
    const offset = this.varint(SHORT);
    if (offset <= this.offsetDelta || offset > this.lastDelta)
      this.fail(`an offset delta from ${this.offsetDelta + 1} to ${this.lastDelta}`, offset);
    this.offsetDelta = offset;
    this.keyLength = this.part(end, "a key");
    this.keyAt = this.at - Math.max(0, this.keyLength);
    this.valueLength = this.part(end, "a value");
    this.valueAt = this.at - Math.max(0, this.valueLength);
    this.headerCount = this.varint(SHORT);
    this.headersAt = this.at;
    if (this.headerCount < 0 || this.headerCount > end - this.at)
      this.fail(`headers within ${end - this.at} bytes`, this.headerCount);
    for (let header = 0; header < this.headerCount; header++) {
      if (this.part(end, "a header's key") < 0) this.fail("a header's key", "null");
      this.part(end, "a header's value");
    }
    if (this.at !== end) this.fail(`the record's end at byte ${end}`, this.at);
    return true;
  }

  key(): Buffer | null {
    return this.slice(this.keyAt, this.keyLength);
  }

  value(): Buffer | null {
    return this.slice(this.valueAt, this.valueLength);
  }

  /** Gives each header to `take`, in order; the walk stays where it is. */
  headers(take: (name: string, value: Buffer | null) => void): void {
    const { at, bytes } = this;
    this.at = this.headersAt;
    for (let header = 0; header < this.headerCount; header++) {
      const nameLength = this.part(bytes.length, "a header's key");
      const name = bytes.toString("utf8", this.at - nameLength, this.at);
      const length = this.part(bytes.length, "a header's value");
      take(name, this.slice(this.at - Math.max(0, length), length));
    }
    this.at = at;
  }

  /** The time delta, over the whole range of int64. */
  exactTimeDelta(): bigint {
    let value = 0n;
    for (let at = this.timeAt, shift = 0n; ; at++, shift += 7n) {
      const byte = this.bytes[at] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
  }

  private slice(start: number, length: number): Buffer | null {
    return length < 0 ? null : this.bytes.subarray(start, start + length);
  }

  /** Passes over bytes behind their length, which is -1 for null; gives the length. */
  private part(end: number, what: string): number {
    const length = this.varint(SHORT);
    if (length < -1 || length > end - this.at) this.fail(`${what} within ${end - this.at} bytes`, length);
    if (length > 0) this.at += length;
    return length;
  }

  private varint(most: number): number {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (const last = this.at + most; this.at < last && this.at < bytes.length; scale *= 128) {
      const byte = bytes[this.at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    const found = this.at < bytes.length ? "more" : "the end of the records";
    return this.fail(`a number of at most ${most} bytes`, found);
  }

  private fail(expected: string, found: unknown): never {
    throw new InvalidBatch(`record ${this.record}, byte ${this.at}: expected ${expected}, got ${found}`);
  }
}

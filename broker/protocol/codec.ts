/**
 * Big-endian primitives of the Kafka wire protocol.
 *
 * In: the bytes of one frame. Out: numbers, strings, slices of the frame (not copies).
 * Errors: ProtocolError when a frame ends early or a length in it cannot be true.
 * Source: https://kafka.apache.org/protocol#protocol_types
 */

export class ProtocolError extends Error {}

export class Reader {
  /** Flexible versions: lengths are unsigned varints plus one, structs end with tags. */
  compact = false;
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  /** The next `length` bytes. */
  take(length: number): Buffer {
    if (length < 0 || length > this.remaining) {
      throw new ProtocolError(`byte ${this.at}: expected ${length} more bytes, found ${this.remaining}`);
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  int8(): number {
    return this.take(1).readInt8(0);
  }

  int16(): number {
    return this.take(2).readInt16BE(0);
  }

  int32(): number {
    return this.take(4).readInt32BE(0);
  }

  /** Offsets and times fit in 2^53; a larger number is a client's fault and is clamped. */
  int64(): number {
    const value = Number(this.take(8).readBigInt64BE(0));
    return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.take(1)[0] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new ProtocolError(`byte ${this.at}: a varint of more than 5 bytes`);
  }

  /** -1 stands for null. */
  length(bytes: 2 | 4): number {
    if (this.compact) return this.unsignedVarint() - 1;
    return bytes === 2 ? this.int16() : this.int32();
  }

  skipTags(): void {
    if (!this.compact) return;
    for (let count = this.unsignedVarint(); count > 0; count--) {
      this.unsignedVarint();
      this.take(this.unsignedVarint());
    }
  }
}

export class Writer {
  compact = false;
  private bytes = Buffer.allocUnsafe(256);
  /** The first four bytes are the frame's length, written last. */
  private at = 4;

  /** Moves on by `length` bytes and gives the place where they start. */
  private claim(length: number): number {
    const start = this.at;
    this.at += length;
    if (this.at > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.at, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, start);
      this.bytes = larger;
    }
    return start;
  }

  raw(bytes: Uint8Array): void {
    const start = this.claim(bytes.length);
    this.bytes.set(bytes, start);
  }

  int8(value: number): void {
    const start = this.claim(1);
    this.bytes.writeInt8(value, start);
  }

  int16(value: number): void {
    const start = this.claim(2);
    this.bytes.writeInt16BE(value, start);
  }

  int32(value: number): void {
    const start = this.claim(4);
    this.bytes.writeInt32BE(value, start);
  }

  int64(value: number): void {
    const start = this.claim(8);
    this.bytes.writeBigInt64BE(BigInt(value), start);
  }

  unsignedVarint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.raw(Uint8Array.of((rest & 0x7f) | 0x80));
    this.raw(Uint8Array.of(rest));
  }

  length(value: number, bytes: 2 | 4): void {
    if (this.compact) this.unsignedVarint(value + 1);
    else if (bytes === 2) this.int16(value);
    else this.int32(value);
  }

  noTags(): void {
    if (this.compact) this.unsignedVarint(0);
  }

  /** What was written, as one frame: its length in front. */
  frame(): Buffer {
    this.bytes.writeInt32BE(this.at - 4, 0);
    return this.bytes.subarray(0, this.at);
  }
}

/**
 * The bytes of one frame: read with every length checked, written with the frame's own length in front.
 *
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

  /** The next `length` bytes, not copied. */
  take(length: number): Buffer {
    if (length < 0 || length > this.remaining) {
      throw new ProtocolError(`byte ${this.at}: expected ${length} more bytes, found ${this.remaining}`);
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.take(1).readUInt8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new ProtocolError(`byte ${this.at}: a varint of more than 5 bytes`);
  }

  /** -1 stands for null. */
  length(width: 2 | 4): number {
    return this.compact ? this.varint() - 1 : this.take(width).readIntBE(0, width);
  }

  skipTags(): void {
    if (!this.compact) return;
    for (let count = this.varint(); count > 0; count--) {
      this.varint();
      this.take(this.varint());
    }
  }
}

export class Writer {
  compact = false;
  private bytes = Buffer.allocUnsafe(256);
  /** The first four bytes are the frame's length, written last. */
  private at = 4;

  /** The next `length` bytes, to be filled. */
  claim(length: number): Buffer {
    const start = this.at;
    this.at += length;
    if (this.at > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.at, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, start);
      this.bytes = larger;
    }
    return this.bytes.subarray(start, this.at);
  }

  raw(bytes: Uint8Array): void {
    this.claim(bytes.length).set(bytes);
  }

  varint(value: number): void {
    if (value > 0x7f) {
      this.claim(1).writeUInt8((value & 0x7f) | 0x80);
      this.varint(value >>> 7);
    } else this.claim(1).writeUInt8(value);
  }

  length(value: number, width: 2 | 4): void {
    if (this.compact) this.varint(value + 1);
    else this.claim(width).writeIntBE(value, 0, width);
  }

  noTags(): void {
    if (this.compact) this.varint(0);
  }

  frame(): Buffer {
    this.bytes.writeInt32BE(this.at - 4, 0);
    return this.bytes.subarray(0, this.at);
  }
}

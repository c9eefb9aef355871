/**
 * The bytes of one frame: read with every length checked, written with the frame's own length in front.
 *
 * Errors: ProtocolError when a frame ends early or a length in it cannot be true.
 */

export class ProtocolError extends Error {}

export class Reader {
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
}

export class Writer {
  private bytes = Buffer.allocUnsafe(256);
  /** The first four bytes are the frame's length, written last. */
  private at = 4;

  /** The next `length` bytes, to be filled. */
  claim(length: number): Buffer {
    const start = this.at;
    this.at += length;
    if (this.at > this.bytes.length) this.bytes = Buffer.concat([this.bytes], this.at * 2);
    return this.bytes.subarray(start, this.at);
  }

  frame(): Buffer {
    this.bytes.writeInt32BE(this.at - 4, 0);
    return this.bytes.subarray(0, this.at);
  }
}

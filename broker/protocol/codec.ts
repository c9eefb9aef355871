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
    if (length < 0 || length > this.remaining)
      throw new ProtocolError(`byte ${this.at}: expected ${length} more bytes, found ${this.remaining}`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

export class Writer {
  /** The first four bytes are the frame's length, written last. */
  private readonly parts: Buffer[] = [Buffer.alloc(4)];

  /** The next `length` bytes, to be filled. */
  claim(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    this.parts.push(bytes);
    return bytes;
  }

  /** The next bytes: copied when the frame is put together. */
  append(bytes: Buffer): void {
    this.parts.push(bytes);
  }

  /** Writes the frame into `space` where it fits. */
  frame(space: Buffer = Buffer.alloc(0)): Buffer {
    const length = lengthOf(this.parts);
    const frame = length > space.length ? Buffer.allocUnsafe(length) : space.subarray(0, length);
    let at = 0;
    for (const it of this.parts) at += it.copy(frame, at);
    frame.writeInt32BE(length - 4, 0);
    return frame;
  }
}

export const lengthOf = (parts: Buffer[]) => parts.reduce((sum, it) => sum + it.length, 0);

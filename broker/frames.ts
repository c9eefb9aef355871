/**
 * Cuts the bytes of a connection into frames: four bytes of length, then the request.
 *
 * In: chunks of any size. Out: whole frames, each in a buffer of its own.
 * Errors: ProtocolError for a length that no request has, before any memory is taken for it.
 */
import { ProtocolError } from "./protocol/codec.ts";

/** Kafka's own default. "GET " reads as 1.2 GB and a TLS greeting as 370 MB, so both are met here. */
export const MAX_FRAME_BYTES = 104_857_600;
const FIRST_BUFFER = 65_536;

export class Frames {
  private readonly lengthBytes = Buffer.alloc(4);
  private lengthRead = 0;
  private expected = 0;
  private frame = Buffer.alloc(0);
  private filled = 0;

  /** The frames that `chunk` completes. */
  *push(chunk: Buffer): Generator<Buffer> {
    for (let at = 0; at < chunk.length;) {
      if (this.lengthRead < 4) {
        this.lengthBytes[this.lengthRead++] = chunk[at++] ?? 0;
        if (this.lengthRead === 4) this.begin(this.lengthBytes.readInt32BE(0));
      } else {
        at += this.fill(chunk.subarray(at, at + this.expected - this.filled));
      }
      if (this.lengthRead === 4 && this.filled === this.expected) {
        this.lengthRead = 0;
        yield this.frame;
      }
    }
  }

  private begin(length: number): void {
    // Eight bytes are the shortest header.
    if (length < 8 || length > MAX_FRAME_BYTES) {
      throw new ProtocolError(
        `expected a frame of 8 to ${MAX_FRAME_BYTES} bytes, got ${length}: not a Kafka client?`,
      );
    }
    this.expected = length;
    this.filled = 0;
    this.frame = Buffer.allocUnsafeSlow(Math.min(length, FIRST_BUFFER));
  }

  /** Grows with what has come, not with what was announced. */
  private fill(part: Buffer): number {
    if (this.filled + part.length > this.frame.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.min(this.expected, Math.max(this.frame.length * 2, this.filled + part.length)),
      );
      this.frame.copy(larger, 0, 0, this.filled);
      this.frame = larger;
    }
    part.copy(this.frame, this.filled);
    this.filled += part.length;
    return part.length;
  }
}

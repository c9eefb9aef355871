/** Cuts the bytes of a connection into frames: four bytes of length, then the request. */
import { ProtocolError } from "./protocol/codec.ts";

/** Kafka's own default. "GET " reads as 1.2 GB and a TLS greeting as 370 MB, so both are met here. */
const MAX_FRAME = 104_857_600;
/** Eight bytes are the shortest header. */
const MIN_FRAME = 8;
const FIRST_BUFFER = 16_384;

export class Frames {
  private bytes = Buffer.alloc(FIRST_BUFFER);
  private filled = 0;

  /** The frames that `chunk` completes. Memory grows with what came, not with what was announced. */
  *push(chunk: Buffer): Generator<Buffer> {
    const needed = this.filled + chunk.length;
    if (needed > this.bytes.length) this.bytes = Buffer.concat([this.bytes], needed * 2);
    this.filled += chunk.copy(this.bytes, this.filled);
    let start = 0;
    while (this.filled - start >= 4) {
      const length = this.bytes.readInt32BE(start);
      if (length < MIN_FRAME || length > MAX_FRAME)
        throw new ProtocolError(`expected a frame of ${MIN_FRAME} to ${MAX_FRAME} bytes, got ${length}`);
      if (this.filled - start < 4 + length) break;
      yield Buffer.from(this.bytes.subarray(start + 4, start + 4 + length));
      start += 4 + length;
    }
    this.bytes.copyWithin(0, start, this.filled);
    this.filled -= start;
    if (this.filled === 0 && start > FIRST_BUFFER) this.bytes = Buffer.alloc(FIRST_BUFFER);
  }
}

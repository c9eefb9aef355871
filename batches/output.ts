import { TooLarge } from "./errors.ts";

/** Room for one output at a time, up to so much: the page faults of fresh megabytes cost as much as filling them. */
let space = Buffer.allocUnsafeSlow(1_048_576);
const MOST_KEPT = 8_388_608;
const FEW = 32;

/** What a decoder has made so far, up to a bound: bytes taken over, and bytes said again. Good until the next one begins. */
export class Output {
  private bytes = space;
  private length = 0;

  constructor(private readonly most: number) {}

  take(from: Buffer, start: number, end: number): void {
    if (end > from.length) throw new Error(`cut off at byte ${from.length}`);
    this.reserve(end - start);
    const { bytes, length } = this;
    // A call costs more than some bytes one by one.
    if (end - start >= FEW) from.copy(bytes, length, start, end);
    else for (let at = start; at < end; at++) bytes[length + at - start] = from[at] as number;
    this.length += end - start;
  }

  /** The `size` bytes from `distance` back on; where these are fewer, again and again. */
  repeat(distance: number, size: number): void {
    if (distance < 1 || distance > this.length)
      throw new Error(`a copy from ${distance} bytes back, after only ${this.length} bytes`);
    this.reserve(size);
    const { bytes, length } = this;
    const start = length - distance;
    if (size < FEW)
      for (let to = length; to < length + size; to++) bytes[to] = bytes[to - distance] as number;
    // Twice as many with each step.
    else
      for (let made = 0; made < size;) {
        const step = Math.min(size - made, distance + made);
        bytes.copyWithin(length + made, start, start + step);
        made += step;
      }
    this.length += size;
  }

  get size(): number {
    return this.length;
  }

  content(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed > this.most) throw new TooLarge(`more than ${this.most} bytes`);
    if (needed <= this.bytes.length) return;
    // Copying at each growth costs more than room that is never touched.
    const grown = Buffer.allocUnsafeSlow(Math.min(this.most, needed * 8));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    if (grown.length <= MOST_KEPT) space = grown;
  }
}

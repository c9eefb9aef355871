/** What a decoder has made so far, up to a bound: bytes taken over, and bytes said again. */
export class TooLarge extends Error {}

export class Output {
  private bytes: Buffer;
  private length = 0;

  constructor(
    first: number,
    private readonly most: number,
  ) {
    this.bytes = Buffer.allocUnsafe(Math.min(first, most));
  }

  take(from: Buffer, start: number, end: number): void {
    if (end > from.length) throw new Error(`cut off at byte ${from.length}`);
    this.reserve(end - start);
    this.length += from.copy(this.bytes, this.length, start, end);
  }

  /** The `size` bytes from `distance` back on; where these are fewer, again and again. */
  repeat(distance: number, size: number): void {
    if (distance < 1 || distance > this.length) throw new Error(`${distance} bytes back of ${this.length}`);
    this.reserve(size);
    const { bytes, length } = this;
    const start = length - distance;
    if (size < 32) for (let to = length; to < length + size; to++) bytes[to] = bytes[to - distance] as number;
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
    if (needed > this.most) throw new TooLarge();
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.min(this.most, needed * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

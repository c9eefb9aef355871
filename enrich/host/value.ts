/**
 * An enriched value as the bytes that it is made of: of the raw record what stays, what its type always adds, its own verdict.
 *
 * In: the raw bytes and their text, the pieces of `enrich()`. Out: parts that the producer writes one behind the other: the bytes of
 * `join(text, pieces)`. The raw bytes are not decoded and encoded again, and those of a constant piece are made once.
 */
import type { EnrichedPieces } from "../enrich.ts";
import type { Constant, Pieces } from "../splice.ts";

/** An enriched message whose text is the bytes of its parts, one behind the other. */
export interface EnrichedBytes extends Pick<EnrichedPieces, "to" | "verdict"> {
  value: (Buffer | string)[];
}

export function valueBytes(raw: Buffer, text: string, { kept, added }: Pieces): (Buffer | string)[] {
  // What follows the last brace is white space: as many bytes as characters.
  const parts: (Buffer | string)[] = [raw.subarray(0, raw.length - (text.length - kept))];
  for (const piece of added) parts.push(typeof piece === "string" ? piece : bytesOf(piece));
  return parts;
}

const known = new WeakMap<Constant, Buffer>();

function bytesOf(constant: Constant): Buffer {
  let bytes = known.get(constant);
  if (bytes === undefined) {
    bytes = Buffer.from(constant.text);
    known.set(constant, bytes);
  }
  return bytes;
}

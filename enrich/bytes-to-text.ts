/** A record's bytes as the text that `enrich()` takes: the host's half of the rule for UTF-8 (decode.ts). */
import { isUtf8 } from "node:buffer";
import { REPLACEMENT } from "./text.ts";

/** Bytes that are no UTF-8 come out with each byte beyond ASCII as U+FFFD, so that the text grows and is refused. */
export function bytesToText(bytes: Buffer | null): string {
  if (bytes === null) return "";
  if (isUtf8(bytes)) return bytes.toString("utf8");
  return bytes.toString("latin1").replace(/[\u0080-\u00ff]/g, REPLACEMENT);
}

/**
 * A record's key as text. Of one that is no UTF-8 the good characters stay and each bad byte is one U+FFFD, as in Go's
 * strings, so that an id made of it is the same in Connect.
 */
export function keyToText(key: Buffer): string {
  if (isUtf8(key)) return key.toString("utf8");
  let text = "";
  for (let at = 0; at < key.length;) {
    const length = characterLength(key, at);
    text += length === 0 ? REPLACEMENT : key.toString("utf8", at, at + length);
    at += length || 1;
  }
  return text;
}

/** Bytes of the character at `at`; 0 when none is well formed there. */
function characterLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const end = at + length;
  return end <= bytes.length && isUtf8(bytes.subarray(at, end)) ? length : 0;
}

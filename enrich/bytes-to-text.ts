/** A record's bytes as the text that `enrich()` takes: the host's half of the rule for UTF-8 (decode.ts). */
import { isAscii, isUtf8 } from "node:buffer";
import { REPLACEMENT } from "./text.ts";

/** A value that is no UTF-8 comes out longer than it was, and is refused with the place of the first bad byte. */
export function bytesToText(bytes: Buffer | null): string {
  return bytes === null ? "" : keyToText(bytes);
}

/**
 * Of what is no UTF-8 the good characters stay and each bad byte is one U+FFFD, as in Go's strings, so that an id or a
 * dead letter's message made of it is the same in Connect.
 */
export function keyToText(bytes: Buffer): string {
  // Half the time of decoding UTF-8, and the same text.
  if (isAscii(bytes)) return bytes.toString("latin1");
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let text = "";
  let good = 0;
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    at += length || 1;
    if (length > 0) continue;
    text += bytes.toString("utf8", good, at - 1) + REPLACEMENT;
    good = at;
  }
  return text + bytes.toString("utf8", good);
}

/** Bytes of the character at `at`; 0 when none is well formed there. Source: the Unicode Standard, table 3-7. */
function characterLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const [least, most] = SECOND.get(lead) ?? [0x80, 0xbf];
  const second = bytes[at + 1] ?? 0;
  if (second < least || second > most) return 0;
  for (let more = at + 2; more < at + length; more++) {
    const byte = bytes[more] ?? 0;
    if (byte < 0x80 || byte > 0xbf) return 0;
  }
  return length;
}

/** No overlong form, no surrogate, nothing beyond U+10FFFF: what the second byte may be after these leads. */
const SECOND = new Map<number, [number, number]>([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);

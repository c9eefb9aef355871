/** Lengths and cuts of text in UTF-8 bytes, without TextEncoder: Connect's engine has none. */

/** What a decoder writes in place of bytes that are no UTF-8. */
export const REPLACEMENT = "\ufffd";

export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (isHigh(code) && isLow(text.charCodeAt(i + 1))) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return bytes;
}

/** The longest beginning of `text` that fits into `bytes`, cut between two characters. */
export function cut(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  let length = 0;
  let used = 0;
  while (length < text.length) {
    const character = text.slice(length, length + (isPair(text, length) ? 2 : 1));
    used += utf8Length(character);
    if (used > bytes) break;
    length += character.length;
  }
  return text.slice(0, length);
}

/**
 * Escapes of half a surrogate pair (`\ud800`) become `\u0000`, the rest stays, the length too.
 *
 * UTF-8 cannot say half a pair: one engine keeps it, another writes U+FFFD. With a control character in its place both
 * see the same text, and an id that holds one is refused by the same rule.
 */
export function replaceLoneSurrogates(json: string): string {
  if (!HALF_ESCAPE.test(json)) return json;
  return json.replace(ESCAPE, (found: string, first?: string, second?: string) => {
    if (first === undefined) return found;
    const firstCode = Number.parseInt(first, 16);
    if (isHigh(firstCode) && second !== undefined) return found;
    const rest = second === undefined ? "" : NUL_ESCAPE;
    return (isHigh(firstCode) || isLow(firstCode) ? NUL_ESCAPE : found.slice(0, 6)) + rest;
  });
}

const HALF_ESCAPE = /\\u[dD][89a-fA-F]/;
const NUL_ESCAPE = "\\u0000";
/** An escape; of `\uXXXX` also a low half that follows at once. */
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|[\s\S])/g;

const isHigh = (code: number) => code >= 0xd800 && code <= 0xdbff;
const isLow = (code: number) => code >= 0xdc00 && code <= 0xdfff;
const isPair = (text: string, at: number) => isHigh(text.charCodeAt(at)) && isLow(text.charCodeAt(at + 1));

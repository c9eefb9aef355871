/** How findings, faults and reasons write numbers, ranges and lists. */

const NONE = Number.MAX_VALUE;

/**
 * A number that no engine prints differently: rounded to `digits` significant digits first.
 * goja (Connect's engine) misprints one full-length double in 10,000.
 */
export function printNumber(value: number, digits = 12): string {
  return String(Number(value.toPrecision(digits)));
}

/** `110..130 V`, `at least 0 kWh`, `at most 5 A`; ±Number.MAX_VALUE is no bound. */
export function printRange(min: number, max: number, unit: string | null, digits = 12): string {
  const suffix = unit === null || unit === "1" ? "" : ` ${unit}`;
  if (min === -NONE) return `at most ${printNumber(max, digits)}${suffix}`;
  if (max === NONE) return `at least ${printNumber(min, digits)}${suffix}`;
  return `${printNumber(min, digits)}..${printNumber(max, digits)}${suffix}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function printList(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} ${last} ${words[words.length - 1]}`;
}

/**
 * A text out of a message, fit to be shown: at most `length` characters, without halves of surrogate pairs
 * (which engines print differently) and control characters.
 */
export function shown(text: string, length = 64): string {
  let result = "";
  for (const character of text.length > 2 * length ? text.slice(0, 2 * length) : text) {
    const code = character.charCodeAt(0);
    const half = character.length === 1 && code >= 0xd800 && code <= 0xdfff;
    result += half || code < 0x20 ? "\ufffd" : character;
    if (result.length >= length) return `${result}…`;
  }
  return result;
}

/** `U+FEFF`: the name of a character that nobody would see. */
export const codeName = (code: number) => `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;

/** A character in quotes, or its name where a page or a terminal shows nothing or a blank. */
export function characterName(character: string): string {
  return INVISIBLE.test(character) ? codeName(character.codePointAt(0) ?? 0) : JSON.stringify(character);
}

/** White space and format characters beyond the plain blank; JSON escapes what is below it. */
const INVISIBLE =
  /[\u007f-\u00a0\u00ad\u061c\u115f\u1160\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufeff\ufff9-\ufffb]|[\ufe00-\ufe0f]/;

/** Rounded to 12 significant digits, the most that `normalized` keeps. */
export function round12(value: number): number {
  // The common case without a text: at most six decimals below a million have at most twelve digits.
  if (value > -1e6 && value < 1e6 && Math.round(value * 1e6) / 1e6 === value) return value;
  return Number(value.toPrecision(12));
}

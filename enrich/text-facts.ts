/**
 * One pass over a JSON text for what `JSON.parse` does not tell: depth, repeated members, numbers out of reach.
 *
 * In: any text; the answers mean something only if it is JSON. Out: four facts, cheap enough to ask of every message
 * (bench/enrich.ts): where strings end is left to `indexOf`.
 */
export interface TextFacts {
  /** Deepest nesting; the outermost object is level 1. */
  depth: number;
  /** Commas between the members of the outermost object or array. */
  commas: number;
  /** A backslash stands somewhere. */
  escapes: boolean;
  /** A number might exceed a double: an exponent of three digits, or more than 200 characters. */
  hugeNumber: boolean;
}

/** With fewer characters and an exponent below 100 a number stays under 1e300. */
const SAFE_NUMBER_LENGTH = 200;

export function readTextFacts(text: string): TextFacts {
  const escapes = text.includes("\\");
  const length = text.length;
  let depth = 0;
  let deepest = 0;
  let commas = 0;
  let hugeNumber = false;
  /** Where the last string or structure character stood: a number is no longer than what follows. */
  let last = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      last = i = endOfString(text, i, escapes);
      while (isBetween(text.charCodeAt(i + 1))) i++;
    } else if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      if (code !== COMMA) depth--;
      else if (depth === 1) commas++;
      if (i - last > SAFE_NUMBER_LENGTH) hugeNumber = true;
      last = i;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > deepest) deepest = depth;
      last = i;
    } else if ((code === UPPER_E || code === LOWER_E) && isHugeExponent(text, i)) hugeNumber = true;
  }
  if (length - last > SAFE_NUMBER_LENGTH) hugeNumber = true; // a text that is nothing but a number
  return { depth: deepest, commas, escapes, hugeNumber };
}

/** A colon, a digit or what stands among digits: after a string there are many, and nothing is to be seen of them. */
const isBetween = (code: number) => code > COMMA && code < UPPER_E;

/** The index of the closing quote, or the end of the text. */
function endOfString(text: string, open: number, escapes: boolean): number {
  let end = text.indexOf('"', open + 1);
  while (escapes && end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

/** `e123` and `e+123`, but neither `true` nor `e-123`. */
function isHugeExponent(text: string, at: number): boolean {
  const first = text.charCodeAt(at + 1) === PLUS ? at + 2 : at + 1;
  return isDigit(text, first) && isDigit(text, first + 1) && isDigit(text, first + 2);
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const UPPER_E = 0x45;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_E = 0x65;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

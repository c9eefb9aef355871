/**
 * Good messages broken on purpose: bytes, structure, types, numbers, Unicode, times. A seed repeats a run.
 *
 * Used by enrich.test.ts (200,000 in `verify`) and bench/mutate.ts (10 million).
 */
import { NAUGHTY } from "./naughty.case.ts";

export type Random = () => number;

/** mulberry32: small, fast, repeatable; 0 <= x < 1. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const pick = <T>(random: Random, list: readonly [T, ...T[]] | readonly T[]): T =>
  list[Math.floor(random() * list.length)] as T;
const below = (random: Random, limit: number) => Math.floor(random() * limit);

const NUMBERS = (
  "0 -0 1 -1 0.1 1e-7 1E5 1e22 1e308 -1e308 5e-324 1e400 -1e400 1e-400 9007199254740993 -9007199254740993 " +
  "123456789012345678901234567890 0.70165703066969490001 1755296502 1755296502123 1755296502123456 -62135596800 " +
  "01 1. .5 +1 NaN Infinity 0x1f"
).split(" ");
const TIMES = (
  "2025-08-15T22:21:42Z|2025-08-15T22:21:42.123456789+05:30|2025-08-15 22:21:42|2025-08-15|22:21|yesterday|15.08.2025|" +
  "2025-02-30T00:00:00Z|2024-02-29T23:59:60Z|2025-13-01T00:00:00Z|0000-01-01T00:00:00Z|9999-12-31T23:59:59Z|" +
  "+010000-01-01T00:00:00Z|2025-08-15T24:00:00Z|2025-08-15T22:21:42,5Z|1755296502"
).split("|");
const VALUES = 'null true false "" [] {} [[1]] {"value":1} {"value":{"value":1}} [1,2,3] "120.5"'.split(" ");
const PIECES = [...'{}[],:"\\\n\u0000\ufeff -', "\\u", "\\ud83d", "\\u0000", "//", "e9"];

/** A name with its colon, or a value that is no object or array. */
const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|-?[0-9][0-9.eE+-]*|true|false|null/g;
type Kind = "name" | "value";
const TIMESTAMP = /"timestamp"\s*:\s*(?:"[^"]*"|[0-9]+)/g;
const MEMBER = /,"[^"]*":(?:"[^"]*"|[^,{}"[\]]+)/g;

type Mutator = (text: string, random: Random) => string | Buffer;

/** Changes to what a device means: the text is mostly JSON still. */
const OF_MEANING: Mutator[] = [
  (text, random) => replaceToken(text, "value", random, () => pick(random, NUMBERS)),
  (text, random) => replaceToken(text, "value", random, () => pick(random, VALUES)),
  (text, random) => replaceToken(text, "value", random, () => quote(pick(random, NAUGHTY))),
  (text, random) => replaceToken(text, "value", random, () => quote(pick(random, TIMES))),
  (text, random) => replaceToken(text, "value", random, (value) => nest(value, below(random, 20))),
  (text, random) => replaceOne(text, TIMESTAMP, random, () => `"timestamp":${quote(pick(random, TIMES))}`),
  (text, random) => replaceOne(text, TIMESTAMP, random, () => `"timestamp":${pick(random, NUMBERS)}`),
  (text, random) => replaceToken(text, "name", random, () => `${quote(pick(random, NAUGHTY))}:`),
  (text, random) =>
    replaceToken(text, "name", random, () => `${pick(random, text.match(/"[a-z_]+":/g) ?? ['"x":'])}`),
  (text, random) => replaceToken(text, "name", random, (name) => `${name}${pick(random, VALUES)},${name}`),
  (text, random) => replaceOne(text, /"[a-z_]+"/g, random, escapeOne),
  (text, random) => replaceOne(text, MEMBER, random, () => ""),
];

/** Changes as the wire and memory make them: the text is mostly not JSON any more, or not even text. */
const OF_BYTES: Mutator[] = [
  (text, random) => splice(text, random, 0, pick(random, PIECES)),
  (text, random) => splice(text, random, 1 + below(random, 8), ""),
  (text, random) => splice(text, random, 1, String.fromCharCode(below(random, 128))),
  (text, random) => text.slice(0, below(random, text.length)),
  (text, random) => text.slice(below(random, text.length)),
  (text, random) => {
    const at = below(random, text.length);
    const part = text.slice(at, at + below(random, 60));
    return splice(text, random, 0, part);
  },
  (text, random) =>
    text.replaceAll(
      pick(random, [",", ":", "{", "}"]),
      (match) => `${match}${pick(random, [" ", "\n", "\t", "\u00a0"])}`,
    ),
  (text, random) =>
    Buffer.from(text).fill(below(random, 256), below(random, text.length)).subarray(0, text.length),
  (text, random) => {
    const bytes = Buffer.from(text);
    for (let n = 1 + below(random, 3); n > 0; n--) bytes[below(random, bytes.length)] = below(random, 256);
    return bytes;
  },
];

/** One to three mutations of one of the good messages, as the bytes of a record; every third breaks bytes. */
export function mutate(good: readonly string[], random: Random): Buffer {
  let text = pick(random, good);
  for (let left = 1 + below(random, 3); left > 0; left--) {
    if (text.length === 0) break;
    const mutated = pick(random, random() < 0.3 ? OF_BYTES : OF_MEANING)(text, random);
    if (typeof mutated !== "string") return mutated;
    text = mutated;
  }
  return Buffer.from(text);
}

function replaceToken(text: string, kind: Kind, random: Random, replace: (match: string) => string): string {
  const matches = [...text.matchAll(TOKEN)].filter(
    (match) => (match[1] === undefined) === (kind === "value"),
  );
  return replaceMatch(text, matches, random, replace);
}

function replaceOne(
  text: string,
  pattern: RegExp,
  random: Random,
  replace: (match: string) => string,
): string {
  return replaceMatch(text, [...text.matchAll(pattern)], random, replace);
}

function replaceMatch(
  text: string,
  matches: RegExpExecArray[],
  random: Random,
  replace: (match: string) => string,
): string {
  if (matches.length === 0) return text;
  const match = pick(random, matches);
  return text.slice(0, match.index) + replace(match[0]) + text.slice(match.index + match[0].length);
}

function splice(text: string, random: Random, remove: number, insert: string): string {
  const at = below(random, text.length + 1);
  return text.slice(0, at) + insert + text.slice(at + remove);
}

function nest(value: string, levels: number): string {
  return `${"[".repeat(levels)}${value}${"]".repeat(levels)}`;
}

/** The same text with its first letter as an escape. */
function escapeOne(quoted: string): string {
  return `"\\u${quoted.charCodeAt(1).toString(16).padStart(4, "0")}${quoted.slice(2)}`;
}

/** Half a surrogate pair becomes an escape. */
function quote(text: string): string {
  return JSON.stringify(text);
}

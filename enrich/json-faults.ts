/**
 * Walks a JSON text that cannot be taken and says where its faults stand.
 *
 * In: a text. Out: the first of each kind of fault, with its JSON Pointer, the same in every engine; none of a good text.
 * Slow (a few µs): asked only about a text that is known or suspected to be bad. Source: RFC 8259, RFC 6901.
 */
import { pointerOf } from "../judge/pointer.ts";
import { LIMITS } from "../schemas/dead-letter.ts";

export interface FaultPosition {
  /** JSON Pointer to the value, or to the object or array around it. */
  path: string;
  /** Character of the text, from 0. */
  at: number;
  /** What was expected there: only for a syntax fault. */
  expected: string;
}

export interface Faults {
  syntax?: FaultPosition;
  /** A number that no double holds. */
  overflow?: FaultPosition;
  /** The first value deeper than `maxDepth`. */
  tooDeep?: FaultPosition;
  /** The first top-level member whose name has been there. */
  duplicate?: FaultPosition;
}

/** An open object or array: the name or index of the value in hand; undefined before the first. */
interface Level {
  object: boolean;
  at: string | number | undefined;
}

type Expected = "value" | "first element" | "first name" | "name" | "colon" | "comma" | "end";

const WORDS: Readonly<Record<Expected, string>> = {
  value: "a value",
  "first element": "a value or ]",
  "first name": 'a member name in " or }',
  name: 'a member name in "',
  colon: "a colon",
  comma: "a comma or the closing bracket",
  end: "the end of the text",
};

export function findJsonFaults(text: string, maxDepth: number): Faults {
  const faults: Faults = {};
  const open: Level[] = [];
  const names = new Set<string>();
  let expected: Expected = "value";
  let i = 0;

  const place = (words: string): FaultPosition => ({ path: pointer(open), at: i, expected: words });
  const stringFault = (at: number): Faults => {
    i = at;
    const code = text.charCodeAt(at);
    const escaped = code < 0x20 ? "control characters written as escapes" : "a valid JSON escape";
    return withSyntax(faults, place(at >= text.length ? 'the closing "' : escaped));
  };
  const afterValue = (): Expected => (open.length === 0 ? "end" : "comma");

  for (;;) {
    while (i < text.length && " \t\n\r".includes(text.charAt(i))) i++;
    const character = text.charAt(i);
    if (character === "" && expected === "end") return faults;
    const level = open.at(-1);
    const closes = level !== undefined && character === (level.object ? "}" : "]");

    if (closes && (expected === "comma" || expected === "first name" || expected === "first element")) {
      open.pop();
      i++;
      expected = afterValue();
    } else if (expected === "comma" && character === "," && level !== undefined) {
      if (!level.object) level.at = Number(level.at) + 1;
      expected = level.object ? "name" : "value";
      i++;
    } else if (expected === "colon" && character === ":") {
      expected = "value";
      i++;
    } else if ((expected === "name" || expected === "first name") && character === '"') {
      const end = stringEnd(text, i);
      if (end < 0) return stringFault(~end);
      const name = String(JSON.parse(text.slice(i, end)));
      if (level !== undefined) level.at = name;
      if (open.length === 1) {
        if (names.has(name)) faults.duplicate ??= place("");
        names.add(name);
      }
      i = end;
      expected = "colon";
    } else if (expected === "value" || expected === "first element") {
      if (character === "{" || character === "[") {
        if (open.length >= maxDepth) faults.tooDeep ??= place("");
        const object = character === "{";
        open.push({ object, at: object ? undefined : 0 });
        expected = object ? "first name" : "first element";
        i++;
        continue;
      }
      const end = character === '"' ? stringEnd(text, i) : scalarEnd(text, i);
      if (end < 0) return character === '"' ? stringFault(~end) : withSyntax(faults, place(WORDS[expected]));
      if (character !== '"' && Math.abs(Number(text.slice(i, end))) === Infinity)
        faults.overflow ??= place("");
      i = end;
      expected = afterValue();
    } else return withSyntax(faults, place(WORDS[expected]));
  }
}

function withSyntax(faults: Faults, syntax: FaultPosition): Faults {
  return { ...faults, syntax };
}

/** As far as a header holds it: a token takes two bytes or more, and a thousand levels would cost seconds. */
function pointer(open: Level[]): string {
  const shown = open.slice(0, LIMITS.pathHeaderBytes / 2 + 1);
  return pointerOf(shown.flatMap(({ at }) => (at === undefined ? [] : [at])));
}

/** Behind the closing quote of the string at `start`; `~at` when it is not well formed at `at`. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '"') return i + 1;
    if (character < " ") return ~i;
    if (character !== "\\") continue;
    const escaped = text.charAt(++i);
    if (escaped === "") break;
    if (escaped === "u" && /^[0-9a-fA-F]{4}$/.test(text.slice(i + 1, i + 5))) i += 4;
    else if (!'"\\/bfnrt'.includes(escaped)) return ~i;
  }
  return ~text.length;
}

const SCALAR = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)$/;

/** Behind the number or literal at `start`, or -1. */
function scalarEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && !' \t\n\r,]}:[{"'.includes(text.charAt(end))) end++;
  return SCALAR.test(text.slice(start, end)) ? end : -1;
}

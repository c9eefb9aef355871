/**
 * Reads the text of a registry before it is parsed: where it is no JSON, how deep it nests, which key stands twice.
 *
 * In: any text. Out: one fault, or undefined. `JSON.parse` alone says neither the place nor that a key stands twice
 * (the last one wins, silently), and its words differ between engines. No recursion: depth costs no stack.
 * Not the reader of enrich/json-faults.ts: that one runs in Connect, and asks for a bad message only which of four rules it breaks first.
 * Source: RFC 8259.
 */
import type { Fault } from "./fault.ts";
import { pointerOf } from "../judge/pointer.ts";
import { characterName } from "../judge/words.ts";

export const REGISTRY_MAX_BYTES = 8 * 1024 * 1024;
export const REGISTRY_MAX_DEPTH = 64;

interface Open {
  array: boolean;
  /** Keys seen in an object. */
  keys: Set<string>;
  /** The key or index under which the next value stands. */
  at: string | number;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SPACE = /[ \t\n\r]*/y;
const SPACE_CODE = 0x20;
const QUOTE_CODE = 0x22;
const BACKSLASH_CODE = 0x5c;
const WORD = /true|false|null/y;

export function checkJsonText(text: string): Fault | undefined {
  const stack: Open[] = [];
  let at = 0;
  let expected: "value" | "first" | "key" | "after" = "value";

  const here = () => pointerOf(stack.map((open) => open.at));
  const syntax = (wanted: string): Fault => ({
    path: here(),
    problem: `not JSON at ${lineAndColumn(text, at)}: ${at < text.length ? `found ${foundText(text, at)}` : "the text ends"}`,
    expected: wanted,
  });
  const token = (form: RegExp): string | undefined => {
    form.lastIndex = at;
    const found = form.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };

  /** Reads a string by hand: a regular expression over one of megabytes gives up. */
  const string = (): string | undefined => {
    const start = at;
    if (text[at] !== '"') return undefined;
    let end = at + 1;
    for (;;) {
      const code = text.charCodeAt(end);
      if (!(code >= SPACE_CODE)) return undefined;
      if (code === QUOTE_CODE) break;
      if (code !== BACKSLASH_CODE) end++;
      else {
        ESCAPE.lastIndex = end;
        const escaped = ESCAPE.exec(text)?.[0];
        if (escaped === undefined) return undefined;
        end += escaped.length;
      }
    }
    at = end + 1;
    return text.slice(start, at);
  };

  for (;;) {
    token(SPACE);
    const top = stack.at(-1);
    if (expected === "after") {
      if (top === undefined) return at === text.length ? undefined : syntax("the end of the text");
      const char = text[at];
      if (char === ",") {
        at++;
        if (typeof top.at === "number") top.at++;
        expected = top.array ? "value" : "key";
      } else if (char === (top.array ? "]" : "}")) {
        at++;
        stack.pop();
      } else return syntax(top.array ? '"," or "]"' : '"," or "}"');
      continue;
    }
    if (expected === "first" && text[at] === (top?.array ? "]" : "}")) {
      at++;
      stack.pop();
      expected = "after";
      continue;
    }
    if (top !== undefined && !top.array && expected !== "value") {
      const start = at;
      const raw = string();
      if (raw === undefined) {
        stack.pop();
        return syntax("a key in double quotes");
      }
      const key = String(JSON.parse(raw));
      if (top.keys.has(key)) {
        at = start;
        return {
          path: pointerOf([...stack.slice(0, -1).map((open) => open.at), key]),
          problem: `appears twice, the second time at ${lineAndColumn(text, start)}`,
          expected: "each key once",
        };
      }
      top.keys.add(key);
      top.at = key;
      token(SPACE);
      if (text[at] !== ":") return syntax('":"');
      at++;
      expected = "value";
      continue;
    }
    const char = text[at];
    if (char === "{" || char === "[") {
      at++;
      if (stack.length === REGISTRY_MAX_DEPTH) {
        return {
          path: here(),
          problem: "nested too deeply",
          expected: `at most ${REGISTRY_MAX_DEPTH} levels`,
        };
      }
      stack.push({ array: char === "[", keys: new Set(), at: char === "[" ? 0 : "" });
      expected = "first";
    } else if ((char === '"' ? string() : (token(WORD) ?? token(NUMBER))) !== undefined) {
      expected = "after";
    } else return syntax("a value");
  }
}

/** What stands there; an editor's byte order mark or a hard blank by its name, since nobody would see it. */
function foundText(text: string, at: number): string {
  const name = characterName(text.charAt(at));
  return name.startsWith("U+") ? name : JSON.stringify(text.slice(at, at + 12));
}

function lineAndColumn(text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  return `line ${line}, column ${at - before.lastIndexOf("\n")}`;
}

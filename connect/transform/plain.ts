/**
 * The same questions as text-facts.ts, asked of the parsed value by native functions only: Connect's engine runs a loop over
 * 500 characters as long as it takes to parse them four times.
 *
 * In: a JSON text without a backslash, the object that it parses to, its members' names. Out: true when it is certain that nothing is
 * nested too deep, no member stands twice and no number is beyond a double. False says nothing: text-facts.ts knows.
 */
import { decode, type Decoded, isUtf8, reserved, tryParse } from "../../enrich/decode.ts";
import { LIMITS } from "../../schemas/dead-letter.ts";
import { isRecord } from "../../judge/values.ts";

/** As decode() in less time; `parsed`: what tryParse() gave for the text, where that was asked before. */
export function decodePlain(text: string, bytes: number, parsed?: unknown): Decoded {
  if (bytes > LIMITS.rawBytes || text.includes("\\") || !isUtf8(text, bytes)) return decode(text, bytes);
  const message = parsed ?? tryParse(text);
  const names = isRecord(message) ? Object.keys(message) : [];
  if (!isRecord(message) || names.length === 0 || !isPlain(text, message, names)) return decode(text, bytes);
  return reserved(message) ?? { ok: true, message };
}

export function isPlain(text: string, value: object, names: string[]): boolean {
  // As many brackets as levels are allowed cannot nest deeper; they are counted in strings too.
  const arrays = text.includes("[") ? count(text, "[") : 0;
  if (count(text, "{") + arrays > LIMITS.depth) return false;
  if (OVERFLOW_THROWS && namesStandOnce(text, names)) return true;
  const printed = JSON.stringify(value);
  if (printed === text) return true;
  // Without escapes each string has two quotes: one fewer was printed for a member that stands twice. A number beyond a
  // double is printed as null.
  return count(text, '"') === count(printed, '"') && count(text, "null") === count(printed, "null");
}

/** Connect's engine refuses a number beyond a double; others give Infinity, which only the printed text shows. */
const OVERFLOW_THROWS: boolean = (() => {
  try {
    JSON.parse("1e400");
    return false;
  } catch {
    return true;
  }
})();

/** No text in quotes is equal to a top-level member's name, but that name itself. False says nothing. */
export function namesStandOnce(text: string, names: string[]): boolean {
  for (let at = 0; at < names.length; at++) {
    const quoted = `"${names[at]}"`;
    if (text.indexOf(quoted, text.indexOf(quoted) + 1) >= 0) return false;
  }
  return true;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

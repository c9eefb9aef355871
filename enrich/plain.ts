/**
 * The same questions as scan.ts, asked of the parsed value by native functions only: Connect's engine runs a loop over
 * 500 characters as long as it takes to parse them four times.
 *
 * In: a JSON text without a backslash, and the object that it parses to. Out: true when it is certain that nothing is
 * nested too deep, no member stands twice and no number is beyond a double. False says nothing: scan.ts knows.
 */
import { LIMITS } from "../schemas/dead-letter.ts";

export function isPlain(text: string, value: object): boolean {
  // As many brackets as levels are allowed cannot nest deeper; they are counted in strings too.
  if (count(text, "{") + count(text, "[") > LIMITS.depth) return false;
  const printed = JSON.stringify(value);
  if (printed === text) return true;
  // Without escapes each string has two quotes: one fewer was printed for a member that stands twice. A number beyond a
  // double is printed as null.
  return count(text, '"') === count(printed, '"') && count(text, "null") === count(printed, "null");
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

/**
 * `path operator value` in the search box: "voltage.phase_b > 130", "measurements.status.breaker = 0", "/em:0/a > 9".
 *
 * In: the text. Out: a condition, or undefined for a plain text. A path without a first "/" is looked for among the
 * measurements (the canonical ones of a vendor's message too), then in the message itself; `*` is any member.
 */
import { unescapeToken } from "../../judge/pointer.ts";
import { asObject, contentOf, type Json, member, objectOf, type Row } from "./row.ts";

export interface Condition {
  path: string[];
  operator: ">" | ">=" | "<" | "<=" | "=" | "!=";
  value: string;
}

const FORM =
  /^(\/?[\p{L}\p{N}_*][\p{L}\p{M}\p{N}_*:~-]*(?:[./][\p{L}\p{M}\p{N}_*:~-]+)*)\s*(>=|<=|!=|=|>|<)\s*(\S.*)$/u;

export function readCondition(text: string): Condition | undefined {
  const [, path, operator, value] = FORM.exec(text.trim()) ?? [];
  if (path === undefined || operator === undefined || value === undefined) return undefined;
  const tokens = path.startsWith("/") ? path.slice(1).split("/").map(unescapeToken) : path.split(".");
  return { path: tokens, operator: operator as Condition["operator"], value: value.trim() };
}

export function meets(row: Row, condition: Condition): boolean {
  const asksAll = condition.path[0] === "*" || condition.path[0] === "measurement_metadata";
  const message = asksAll ? objectOf(row) : contentOf(row);
  if (message === undefined) return false;
  const places = [
    member(member(message, "normalized"), "measurements"),
    member(message, "measurements"),
    message,
  ];
  return places.some((place) => at(place, condition.path).some((found) => compare(found, condition)));
}

function at(place: Json | undefined, path: string[]): unknown[] {
  let found: unknown[] = place === undefined ? [] : [place];
  for (const token of path)
    found = found.flatMap((value) => {
      const object = Array.isArray(value) ? (value as unknown as Json) : asObject(value);
      if (object === undefined) return [];
      if (token === "*") return Object.values(object);
      return Object.hasOwn(object, token) ? [object[token]] : [];
    });
  // A measurement of one leaf may be sent as {"value": n}.
  return found.map((value) => {
    const leaf = asObject(value);
    return leaf !== undefined && Object.hasOwn(leaf, "value") ? leaf.value : value;
  });
}

function compare(found: unknown, { operator, value }: Condition): boolean {
  if (found !== null && typeof found === "object") return false;
  if (operator === "=" || operator === "!=") {
    const same =
      typeof found === "number" ? found === Number(value) : String(found) === value.replace(/^"(.*)"$/, "$1");
    return same === (operator === "=");
  }
  const number = Number(value);
  if (typeof found !== "number" || Number.isNaN(number)) return false;
  if (operator === ">") return found > number;
  if (operator === ">=") return found >= number;
  return operator === "<" ? found < number : found <= number;
}

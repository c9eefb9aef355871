/**
 * Holds a value against a JSON Schema and lists every fault in words for the person who edits the registry.
 *
 * In: a parsed registry, a schema of schemas/registry.ts. Out: all faults at once, unknown keys with the nearest name.
 * It knows the keywords that those schemas use, and throws on another. A validator library would stop at
 * "expected union value"; here a union says which of its forms was meant.
 */
import type { TSchema } from "@sinclair/typebox";
import { type Fault, meantNames, nearestName } from "./fault.ts";
import { escapeToken } from "../judge/pointer.ts";
import { isRecord } from "../judge/values.ts";
import { printList } from "../judge/words.ts";

export function checkStructure(value: unknown, schema: TSchema, path = "", faults: Fault[] = []): Fault[] {
  if (schema.anyOf !== undefined) checkUnion(value, schema.anyOf, path, faults);
  else if (schema.const !== undefined) {
    if (value !== schema.const) faults.push(wrong(path, value, JSON.stringify(schema.const)));
  } else if (schema.type === undefined) return faults;
  else if (!isOfType(value, schema.type)) faults.push(wrong(path, value, describeForm(schema)));
  else if (schema.type === "object") checkObject(value as Record<string, unknown>, schema, path, faults);
  else if (schema.type === "array") checkArray(value as unknown[], schema, path, faults);
  else if (schema.type === "string") checkString(value as string, schema, path, faults);
  else if (schema.type === "number") checkNumber(value as number, schema, path, faults);
  return faults;
}

function checkObject(value: Record<string, unknown>, schema: TSchema, path: string, faults: Fault[]): void {
  const properties: Record<string, TSchema> = schema.properties ?? {};
  const [pattern, patternSchema] = Object.entries<TSchema>(schema.patternProperties ?? {})[0] ?? [];
  const form = pattern === undefined ? undefined : new RegExp(pattern);
  for (const [key, member] of Object.entries(value)) {
    const at = `${path}/${escapeToken(key)}`;
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known !== undefined) checkStructure(member, known, at, faults);
    else if (form !== undefined && patternSchema !== undefined && isName(key, form))
      checkStructure(member, patternSchema, at, faults);
    else if (form !== undefined)
      faults.push({
        path: at,
        problem: `${JSON.stringify(key)} is not a valid name`,
        expected: describePattern(pattern ?? ""),
      });
    else if (schema.additionalProperties === false) faults.push(unknownKey(at, key, Object.keys(properties)));
  }
  for (const key of schema.required ?? [])
    if (!Object.hasOwn(value, key))
      faults.push({
        path,
        problem: `${JSON.stringify(key)} is missing`,
        expected: properties[key] === undefined ? "a value" : describeForm(properties[key]),
      });
}

/** Names that every object has from its prototype would be "there" in each message. */
const isName = (key: string, form: RegExp) => form.test(key) && !(key in Object.prototype);

function unknownKey(path: string, key: string, known: string[]): Fault {
  const nearest = nearestName(key, known);
  return {
    path,
    problem: `unknown key ${JSON.stringify(key)}`,
    expected: nearest === undefined ? `one of ${known.join(", ")}` : `${JSON.stringify(nearest)}?`,
  };
}

function checkArray(value: unknown[], schema: TSchema, path: string, faults: Fault[]): void {
  const { minItems = 0, maxItems = Number.MAX_VALUE } = schema;
  if (value.length < minItems || value.length > maxItems)
    faults.push({ path, problem: `${value.length} elements`, expected: describeForm(schema) });
  value.forEach((element, index) => {
    checkStructure(element, schema.items, `${path}/${index}`, faults);
  });
}

function checkString(value: string, schema: TSchema, path: string, faults: Fault[]): void {
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
    faults.push(wrong(path, value, describePattern(schema.pattern)));
  else if (value.length < (schema.minLength ?? 0)) faults.push(wrong(path, value, "a non-empty text"));
  else if (value.length > (schema.maxLength ?? Number.POSITIVE_INFINITY))
    faults.push({ path, problem: `${value.length} characters`, expected: `at most ${schema.maxLength}` });
  else if (/[\ud800-\udfff]/u.test(value))
    faults.push(wrong(path, value, "a text without half of a surrogate pair"));
}

function checkNumber(value: number, schema: TSchema, path: string, faults: Fault[]): void {
  const { minimum, maximum, exclusiveMinimum } = schema;
  if (value < minimum || value > maximum || value <= exclusiveMinimum || !Number.isFinite(value))
    faults.push(wrong(path, value, describeForm(schema)));
}

/** The faults of the form that was meant: the one whose JSON type fits; among literals, the nearest name. */
function checkUnion(value: unknown, forms: TSchema[], path: string, faults: Fault[]): void {
  const found = forms.map((form) => checkStructure(value, form, path, []));
  if (found.some((list) => list.length === 0)) return;
  const literals = forms.map((form) => form.const).filter((constant) => typeof constant === "string");
  if (literals.length === forms.length) {
    const meant = (typeof value === "string" ? meantNames(value, literals) : []).map(shortJson);
    const counted = literals.length > 12 && meant.length > 0;
    const list = `one of ${counted ? `${literals.length} names` : literals.join(", ")}`;
    faults.push(wrong(path, value, meant.length === 0 ? list : `${printList(meant, "or")}? (${list})`));
    return;
  }
  const meant = forms.findIndex((form) => isOfType(value, form.type));
  faults.push(...(found[meant] ?? [wrong(path, value, forms.map(describeForm).join(", or "))]));
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "object":
      return isRecord(value);
    case "array":
      return Array.isArray(value);
    case "string":
    case "number":
    case "boolean":
      return typeof value === type;
    default:
      throw new Error(`structure.ts does not know the schema type ${type}`);
  }
}

function wrong(path: string, value: unknown, expected: string): Fault {
  return { path, problem: `found ${shortJson(value)}`, expected };
}

export function shortJson(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function describeForm(schema: TSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map(describeForm).join(", or ");
  if (schema.type === "array") {
    const { minItems, maxItems } = schema;
    if (minItems === 2 && maxItems === 2) return "[least, greatest]";
    return minItems === undefined ? "an array" : `an array of at least ${minItems}`;
  }
  if (schema.type === "object") {
    const required: string[] = schema.required ?? [];
    return required.length === 0 ? "an object" : `an object with ${printList(required)}`;
  }
  if (schema.type === "boolean") return "true or false";
  if (schema.type === "string") return "a text";
  if (schema.minimum !== undefined || schema.maximum !== undefined)
    return `a number from ${schema.minimum ?? "any"} to ${schema.maximum ?? "any"}`;
  return schema.exclusiveMinimum === undefined ? "a number" : `a number above ${schema.exclusiveMinimum}`;
}

/** Words for the patterns of schemas/registry.ts. */
function describePattern(pattern: string): string {
  if (pattern.startsWith("^[A-Za-z]"))
    return `a letter, then letters, digits, _ or -${pattern.includes("_.-") ? " or ." : ""}, at most 64, and not a name that JavaScript objects have already`;
  if (pattern.startsWith("^P")) return "an ISO 8601 duration such as PT30S";
  return 'a JSON Pointer such as "/em:0/voltage", or ""';
}

/**
 * Judges the values of a message against its type: what is missing, of the wrong type, out of range.
 *
 * In: measurements as {group: {leaf: value} | value}, the type, the nominal values that hold.
 * Out: findings, and how many required groups are there. A value of the wrong type and null do not count as there.
 * Long because each finding of a value is decided here, and only here. Source: design.md sections 3 and 5.
 */
import type { Finding, FindingCode, Severity } from "../schemas/enriched.ts";
import type { Nominal, PlanGroup, PlanLeaf, PlanType } from "./plan.ts";
import { isQuiet, nominalBounds, type QuietRow } from "./quiet.ts";
import { printList, printRange } from "./words.ts";

export type Values = Record<string, unknown>;
/** Measurement path -> JSON Pointer into the raw message, for a vendor's shape; `picked` goes before. */
export interface SourcePointers {
  fixed: Record<string, string>;
  picked: Map<string, string> | undefined;
}

/** undefined where the shape does not know the path. */
export const sourcePointerAt = (path: string, { fixed, picked }: SourcePointers) =>
  picked?.get(path) ?? fixed[path];

/** Stands for a value that a shape could not read: its finding is already made, so nothing more is said of it. */
export const UNREADABLE: unique symbol = Symbol("unreadable");

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What was sent for a leaf; undefined if nothing was. */
export function readLeaf(measurements: Values, group: string, leaf: string): unknown {
  const sent = measurements[group];
  if (typeof sent === "object" && sent !== null && !Array.isArray(sent)) return (sent as Values)[leaf];
  return leaf === "value" ? sent : undefined;
}

/** A leaf's number in the base unit of its quantity; NaN if there is no number. */
export function readNumber(measurements: Values, leaf: PlanLeaf | undefined): number {
  if (leaf === undefined) return Number.NaN;
  const { group, name } = leaf;
  const sent = measurements[group];
  // readLeaf() without the call.
  const value =
    typeof sent === "object" && sent !== null && !Array.isArray(sent)
      ? (sent as Values)[name]
      : name === "value"
        ? sent
        : undefined;
  return typeof value === "number" ? value * leaf.factor + leaf.offset : Number.NaN;
}

export function addFinding(
  findings: Finding[],
  code: FindingCode,
  severity: Severity,
  path: string,
  expected?: string,
): void {
  findings.push(expected === undefined ? { code, path, severity } : { code, path, expected, severity });
}

/** What the values of one message are judged by. */
export interface Look {
  type: PlanType;
  nominal: Nominal | undefined;
  places: SourcePointers | undefined;
  /** The device sends only what changed: what is not there is not missing. */
  partial: boolean;
  findings: Finding[];
}

/** `rows` are those of the type and the nominal values. Returns how many of the required groups are there, or need not be. */
export function judgeValues(measurements: Values, look: Look, rows: QuietRow[]): number {
  const { groups } = look.type;
  let there = 0;
  for (let index = 0; index < groups.length; index++) {
    const group = groups[index];
    if (group === undefined) continue;
    const sent = measurements[group.name];
    const complete =
      group.kind === "value" ? judgeSingle(sent, group, rows, look) : judgeGroup(sent, group, rows, look);
    if (complete && group.required) there++;
  }
  return there;
}

/** A group of one leaf, sent as {"value": n} or bare n. */
function judgeSingle(sent: unknown, group: PlanGroup, rows: QuietRow[], look: Look): boolean {
  const row = rows[group.first];
  const leaf = look.type.leaves[group.first];
  if (row === undefined || leaf === undefined) return false;
  const wrapped = typeof sent === "object" && sent !== null && !Array.isArray(sent);
  const value = wrapped ? (sent as Values).value : sent;
  if (wrapped && (sent as Values).unit !== undefined) judgeUnit(sent as Values, group, look.findings);
  if (isQuiet(value, row)) return true;
  const pointer = pointerOf(leaf, look.places);
  if (!wrapped) return judgeLeaf(sent, leaf, group.required, pointer, look) || isLeftOut(sent, look);
  const place = look.places === undefined ? `${pointer}/value` : pointer;
  return judgeLeaf(value, leaf, group.required, place, look);
}

function judgeGroup(sent: unknown, group: PlanGroup, rows: QuietRow[], look: Look): boolean {
  const { findings } = look;
  if (sent === undefined) {
    addMissingGroup(group, look);
    return look.partial;
  }
  if (sent === null) {
    addFinding(findings, "null", "uncertain", group.pointer);
    return false;
  }
  const { first } = group;
  const end = first + group.count;
  if (typeof sent !== "object" || Array.isArray(sent)) {
    const names = rows.slice(first, end).map(({ name }) => name);
    addFinding(findings, "wrong_type", "bad", group.pointer, `an object with ${printList(names, "or")}`);
    return false;
  }
  const values = sent as Values;
  if (values.unit !== undefined) judgeUnit(values, group, findings);
  const before = findings.length;
  let anySent = false;
  let anyThere = false;
  let allRequired = true;
  for (let index = first; index < end; index++) {
    const row = rows[index];
    if (row === undefined) continue;
    const value = values[row.name];
    // isQuiet() without the call, of what most values are; then what most that are not there are.
    if (
      typeof value === "number" &&
      value >= row.min &&
      value <= row.max &&
      (!row.whole || value % 1 === 0)
    ) {
      anyThere = true;
      continue;
    }
    if (value === undefined && row.missing !== null && look.places === undefined && !look.partial) {
      findings.push(row.missing);
      continue;
    }
    if (value !== undefined) anySent = true;
    if (isQuiet(value, row)) {
      anyThere = true;
      continue;
    }
    const leaf = look.type.leaves[index];
    if (leaf === undefined) continue;
    const required = leaf.required && !look.partial;
    if (judgeLeaf(value, leaf, required, pointerOf(leaf, look.places), look)) anyThere = true;
    else if (required) allRequired = false;
  }
  if (!anySent && !anyThere) {
    findings.length = before;
    addMissingGroup(group, look);
  }
  return anyThere && allRequired;
}

/** Where a leaf stands or would stand; undefined where the vendor's shape does not know it. */
const pointerOf = (leaf: PlanLeaf, places: SourcePointers | undefined) =>
  places === undefined ? leaf.pointer : sourcePointerAt(leaf.path, places);

/** Points to a group that is not there at all: by its own pointer, or in a vendor's shape by that of its first leaf. */
function groupPlace(group: PlanGroup, { type, places }: Look): string | undefined {
  if (places === undefined) return group.pointer;
  for (let index = group.first; index < group.first + group.count; index++) {
    const place = sourcePointerAt(type.leaves[index]?.path ?? "", places);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** `expected` names the group where the place can name but one of its leaves. */
function addMissingGroup(group: PlanGroup, look: Look): void {
  const place = groupPlace(group, look);
  const words = look.places === undefined || place === undefined ? undefined : `${group.name}.*`;
  if (group.required) addMissing(true, group.name, place, words, look);
  else if (place !== undefined && !look.partial)
    addFinding(look.findings, "missing.optional", "info", place, words);
}

const isLeftOut = (sent: unknown, look: Look) => sent === undefined && look.partial;

/**
 * Nothing is said of a partial shape's, and of what is optional and unknown to the vendor's shape; what is required and
 * unknown to it stands at no place.
 */
function addMissing(
  required: boolean,
  name: string,
  place: string | undefined,
  expected: string | undefined,
  look: Look,
): void {
  if (look.partial) return;
  if (required)
    addFinding(look.findings, "missing", "bad", place ?? "", place === undefined ? name : expected);
  else if (place !== undefined) addFinding(look.findings, "missing.optional", "info", place);
}

/** A unit that the message itself names must be the registry's; nothing is ever rescaled silently. */
function judgeUnit(sent: Values, group: PlanGroup, findings: Finding[]): void {
  const { unit } = sent;
  if (typeof unit !== "string" || group.units.length === 0 || group.units.includes(unit)) return;
  addFinding(findings, "unit", "uncertain", `${group.pointer}/unit`, group.units[0]);
}

const isAmong = (value: unknown, values: readonly unknown[]) => values.includes(value);

/** Whether a usable value is there. */
export function judgeLeaf(
  value: unknown,
  leaf: PlanLeaf,
  required: boolean,
  place: string | undefined,
  look: Look,
): boolean {
  const { findings } = look;
  if (value === undefined) {
    addMissing(required, leaf.path, place, leaf.expected_type, look);
    return false;
  }
  const pointer = place ?? leaf.pointer;
  if (value === UNREADABLE) return false;
  if (value === null) {
    addFinding(findings, "null", "uncertain", pointer, leaf.expected_type);
    return false;
  }
  if (!isOfType(value, leaf)) {
    addFinding(findings, "wrong_type", "bad", pointer, leaf.expected_type);
    return false;
  }
  if (leaf.valid_values !== null && !isAmong(value, leaf.valid_values))
    addFinding(findings, "enum", "bad", pointer, leaf.expected_type);
  if (typeof value === "number") judgeNumber(value, leaf, pointer, look);
  return true;
}

function isOfType(value: unknown, leaf: PlanLeaf): boolean {
  switch (leaf.value) {
    case "number":
      return typeof value === "number";
    case "integer":
      return Number.isInteger(value);
    case "boolean":
      return typeof value === "boolean";
    case "string":
      return typeof value === "string";
    default:
      return leaf.valid_values?.some((valid) => typeof valid === typeof value) === true;
  }
}

function judgeNumber(value: number, leaf: PlanLeaf, pointer: string, look: Look): void {
  const { nominal, findings } = look;
  // A larger integer may have lost its last digits when it was parsed; the text of the message keeps them.
  if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER)
    addFinding(findings, "precision", "info", pointer, `at most ${Number.MAX_SAFE_INTEGER} to be exact`);
  if (value < leaf.physical_min || value > leaf.physical_max) {
    addFinding(findings, "range.physical", "bad", pointer, leaf.expected_physical);
    return;
  }
  if (value < leaf.operating_min || value > leaf.operating_max) {
    addFinding(findings, "range.operating", "uncertain", pointer, leaf.expected_operating);
    return;
  }
  const { min, max } = nominalBounds(leaf, nominal);
  if (value < min || value > max)
    addFinding(findings, "range.operating", "uncertain", pointer, printRange(min, max, leaf.unit, 5));
}

/**
 * Reads a vendor's message by its shape: which shape it is, and its measurements under canonical names and units.
 *
 * In: the parsed message, the plan. Out: {group: {leaf: value}}, where each value stood, findings of what could not
 * be read. A message whose `measurements` is an object is in our own form, unless a shape looks into `/measurements`.
 * Source: design.md section 5.
 */
import type { Finding } from "../schemas/enriched.ts";
import type { Plan, PlanExtract, PlanPredicate, PlanShape } from "./plan.ts";
import { pointerOf, readPointer } from "./pointer.ts";
import { holds } from "./predicate.ts";
import { formatIso } from "./time.ts";
import { addFinding, sourcePointerAt, type SourcePointers, UNREADABLE, type Values } from "./values.ts";
import { printList, round12, shown } from "./words.ts";

/** The most specific shape that knows the message: more predicates before fewer, then the order of the registry. */
export function findShape(
  message: Record<string, unknown>,
  ownForm: boolean,
  plan: Plan,
): PlanShape | undefined {
  let best = plan.shapes.length;
  if (best === 0) return undefined;
  const members = ownForm ? OWN_FORM_MEMBERS : Object.keys(message);
  for (let at = 0; at < members.length; at++) {
    const member = members[at] ?? "";
    if (!Object.hasOwn(plan.shape_index, member)) continue;
    for (const index of plan.shape_index[member] ?? []) {
      if (index >= best) break;
      if (knows(plan.shapes[index], message)) best = index;
    }
  }
  return plan.shapes[best];
}

const OWN_FORM_MEMBERS = ["measurements"] as const;

export function knows(shape: PlanShape | undefined, message: unknown): boolean {
  return shape !== undefined && holdAll(shape.when, message);
}

function holdAll(predicates: readonly PlanPredicate[], message: unknown): boolean {
  for (const { path, op, value } of predicates)
    if (!holds(readPointer(message, path), op, value)) return false;
  return true;
}

/** The shape that lacks least of what must be there, in words; undefined where none of any shape's conditions holds. */
export function nearestShape(message: Record<string, unknown>, plan: Plan): string | undefined {
  let best: PlanShape | undefined;
  let bestShare = 0;
  for (const shape of plan.shapes) {
    const wanted = shape.when.filter(({ op }) => op !== "absent");
    const held = wanted.filter(({ path, op, value }) => holds(readPointer(message, path), op, value));
    const share = held.length / wanted.length;
    if (share <= bestShare) continue;
    best = shape;
    bestShare = share;
  }
  if (best === undefined) return undefined;
  const lacks = best.when
    .filter(({ path, op, value }) => !holds(readPointer(message, path), op, value))
    .map(({ pointer, op, value }) =>
      value === null ? `${pointer} ${op}` : `${pointer} ${op} ${JSON.stringify(value)}`,
    );
  return `the nearest shape is ${best.id}; it needs ${printList(lacks)}`;
}

export interface Extracted {
  measurements: Record<string, Values>;
  places: SourcePointers;
  /** JSON text of the measurements; what could not be read, or is no number, text or boolean, is left out. */
  json: string;
}

export function extract(message: unknown, shape: PlanShape, findings: Finding[]): Extracted {
  const measurements: Record<string, Values> = {};
  const places: SourcePointers = { fixed: shape.places, picked: undefined };
  let json = "";
  let written = "";
  for (const rule of shape.measurements) {
    const found = locate(message, rule, places);
    if (found === undefined) continue;
    const value = convert(found, rule, places, findings);
    measurements[rule.group] ??= {};
    const group = measurements[rule.group];
    if (group !== undefined) group[rule.leaf] = value;
    const text = scalarJson(value);
    if (text === undefined) continue;
    // The rules of one group stand together.
    if (rule.group !== written)
      json += `${written === "" ? "" : "},"}"${rule.group}":{"${rule.leaf}":${text}`;
    else json += `,"${rule.leaf}":${text}`;
    written = rule.group;
  }
  return { measurements, places, json: written === "" ? "{}" : `{${json}}}` };
}

/** What stands at `from`, or in the element of its array that `pick` chooses. */
function locate(message: unknown, rule: PlanExtract, places: SourcePointers): unknown {
  const found = readPointer(message, rule.from);
  const { pick, take, pointer } = rule;
  if (pick === null) return found;
  if (!Array.isArray(found)) return undefined;
  const index = found.findIndex((element) => holdAll(pick, element));
  if (index < 0) return undefined;
  places.picked ??= new Map();
  places.picked.set(rule.path, `${pointer}/${index}${pointerOf(take)}`);
  return readPointer(found[index], take);
}

/** A whole number or a decimal fraction as JSON writes it, with a sign allowed in front. */
const NUMBER_TEXT = /^[+-]?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const TEXT_EXPECTED = "a number with a decimal point, as a string";

function convert(found: unknown, rule: PlanExtract, places: SourcePointers, findings: Finding[]): unknown {
  if (found === null) return null;
  if (rule.map !== null) {
    const key = typeof found === "object" ? "" : String(found);
    if (typeof found !== "object" && Object.hasOwn(rule.map, key)) return rule.map[key];
    addFinding(
      findings,
      "enum",
      "bad",
      placeOf(rule, places),
      `one of ${printList(Object.keys(rule.map), "or")}`,
    );
    return UNREADABLE;
  }
  let value = found;
  if (rule.text && typeof found === "string") {
    value = NUMBER_TEXT.test(found) ? Number(found) : Number.NaN;
  }
  const converts = rule.text || rule.factor !== 1 || rule.offset !== 0;
  if (typeof value !== "number") {
    if (!converts) return value;
    addFinding(findings, "wrong_type", "bad", placeOf(rule, places), rule.text ? TEXT_EXPECTED : "a number");
    return UNREADABLE;
  }
  const canonical = converts ? value * rule.factor + rule.offset : value;
  if (Number.isFinite(canonical)) return round12(canonical);
  addFinding(
    findings,
    "wrong_type",
    "bad",
    placeOf(rule, places),
    rule.text ? TEXT_EXPECTED : "a number that a double holds",
  );
  return UNREADABLE;
}

const placeOf = (rule: PlanExtract, places: SourcePointers) =>
  sourcePointerAt(rule.path, places) ?? rule.pointer;

/** JSON text of `normalized`. */
export function normalizedJson(
  deviceId: string,
  timestamp: number | undefined,
  measurements: string,
): string {
  const time = timestamp === undefined ? "null" : `"${formatIso(timestamp)}"`;
  return `{"device_id":${JSON.stringify(deviceId)},"timestamp":${time},"measurements":${measurements}}`;
}

function scalarJson(value: unknown): string | undefined {
  if (value === null) return "null";
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  return typeof value === "string" ? JSON.stringify(shown(value, 256)) : undefined;
}

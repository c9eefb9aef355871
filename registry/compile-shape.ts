/**
 * Compiles shapes: how a vendor's message looks, and where each measurement stands in it.
 *
 * In: a shape as the registry says it, the compiled types. Out: a PlanShape, pointers split into tokens.
 * Faults: pointers that are none, measurement paths that no type declares, predicates that can never choose.
 */
import type { RegistryExtract, RegistryPredicate, RegistryShape } from "../schemas/registry.ts";
import { checkOperand } from "./compile-alarms.ts";
import { type Fault, nearestName } from "./fault.ts";
import { fieldOf, undeclared } from "./paths.ts";
import type { PlanExtract, PlanPredicate, PlanShape, PlanType } from "../judge/plan.ts";
import { escapeToken, parsePointer, pointerOf } from "../judge/pointer.ts";

export function compileShape(
  shape: RegistryShape,
  types: readonly PlanType[],
  at: string,
  faults: Fault[],
): PlanShape {
  const when = shape.when.map((predicate, index) =>
    compilePredicate(predicate, `${at}/when/${index}`, faults),
  );
  if (when.every(({ op, path }) => op === "absent" || path.length === 0))
    faults.push({
      path: `${at}/when`,
      problem: "no predicate requires a member to be there",
      expected: "at least one predicate on a member of the message that is not absent",
    });
  else if ((shape.examples ?? []).length === 0 && !tells(when))
    faults.push({
      path: `${at}/when`,
      problem: "too little to tell this vendor's messages from others",
      expected: "two names that only this vendor sends, or = or in on a text, or an example of a message",
    });
  const type = shape.device_type === undefined ? -1 : types.findIndex(({ key }) => key === shape.device_type);
  if (shape.device_type !== undefined && type < 0) {
    const keys = types.map(({ key }) => key);
    faults.push({
      path: `${at}/device_type`,
      problem: `${JSON.stringify(shape.device_type)} is not a type`,
      expected: `${nearestName(shape.device_type, keys) ?? keys.slice(0, 8).join(", ")}?`,
    });
  }
  const declaring = types[type];
  const declared = (declaring === undefined ? types : [declaring]).flatMap((known) =>
    known.leaves.map((leaf) => leaf.path),
  );
  const measurements = Object.entries(shape.measurements).map(([path, extract]) => {
    const place = `${at}/measurements/${escapeToken(path)}`;
    if (!declared.includes(path)) faults.push(undeclared(path, declared, place));
    return compileExtract(path, extract, place, faults);
  });
  // Those of one group together, in the order of their first.
  const order = measurements.map(({ group }) => group);
  measurements.sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
  const detected =
    declaring === undefined
      ? null
      : {
          method: "detected" as const,
          score: 100,
          runner_up: null,
          reasons: [`the message has the shape ${shape.id}, which only ${declaring.key} sends`],
        };
  return {
    id: shape.id,
    name: shape.name ?? shape.id,
    when,
    device_id:
      shape.device_id === undefined
        ? null
        : { path: tokens(shape.device_id, `${at}/device_id`, faults), pointer: shape.device_id },
    timestamp:
      shape.timestamp === undefined
        ? null
        : {
            path: tokens(shape.timestamp.path, `${at}/timestamp/path`, faults),
            pointer: shape.timestamp.path,
            format: shape.timestamp.format,
          },
    type,
    partial: shape.partial ?? false,
    measurements,
    places: Object.fromEntries(measurements.map((extract) => [extract.path, placeOf(extract)])),
    detected,
    detected_json: JSON.stringify(detected),
  };
}

/** Members that anybody sends, and places in a list: that one is there says nothing, what it is may. */
const COMMON =
  /^(?:\d+|id|_id|uid|uuid|device|device_?id|deviceid|sensor_?id|name|type|model|time|ts|t|timestamp|date|datetime|value|values|data|payload|message|status|state|topic|unit|version|battery|rssi)$/i;

/** One value that names the vendor, or two members that not everybody sends. With an example a person has looked. */
function tells(when: readonly PlanPredicate[]): boolean {
  const names = ({ op, value }: PlanPredicate) =>
    (op === "=" && typeof value === "string") ||
    (op === "in" && Array.isArray(value) && value.every((one) => typeof one === "string"));
  const uncommon = when.filter(
    ({ op, path }) =>
      op !== "absent" && op !== "!=" && path.length > 0 && !path.every((token) => COMMON.test(token)),
  );
  return when.some(names) || new Set(uncommon.map(({ pointer }) => pointer)).size > 1;
}

/** RFC 6901: "-" is the element after the last, where a picked one would stand. */
const placeOf = ({ pick, pointer, take }: PlanExtract) =>
  pick === null ? pointer : `${pointer}/-${pointerOf(take)}`;

function compileExtract(path: string, extract: RegistryExtract, at: string, faults: Fault[]): PlanExtract {
  const { group, leaf } = fieldOf(path);
  const { map, text = false, factor = 1, offset = 0, pick } = extract;
  if (map !== undefined && (text || extract.factor !== undefined || extract.offset !== undefined))
    faults.push({ path: at, problem: "map together with text, factor or offset", expected: "map alone" });
  if (factor === 0) faults.push({ path: `${at}/factor`, problem: "factor 0", expected: "another number" });
  return {
    path,
    group,
    leaf,
    from: tokens(extract.from, `${at}/from`, faults),
    pointer: extract.from,
    pick: pick === undefined ? null : compilePick(pick, `${at}/pick`, faults),
    take: tokens(pick?.take ?? "", `${at}/pick/take`, faults),
    text,
    factor,
    offset,
    map: map ?? null,
  };
}

function compilePick(
  { and = [], ...first }: NonNullable<RegistryExtract["pick"]>,
  at: string,
  faults: Fault[],
): PlanPredicate[] {
  const more = and.map((predicate, index) => compilePredicate(predicate, `${at}/and/${index}`, faults));
  return [compilePredicate(first, at, faults), ...more];
}

function compilePredicate(predicate: RegistryPredicate, at: string, faults: Fault[]): PlanPredicate {
  checkOperand(predicate, at, faults);
  return {
    path: tokens(predicate.path, `${at}/path`, faults),
    pointer: predicate.path,
    op: predicate.op,
    value: predicate.value ?? null,
  };
}

function tokens(pointer: string, at: string, faults: Fault[]): string[] {
  const parsed = parsePointer(pointer);
  if (parsed !== undefined) return parsed;
  faults.push({
    path: at,
    problem: `${JSON.stringify(pointer)} is not a JSON Pointer`,
    expected: "~0 for ~ and ~1 for / in a name",
  });
  return [];
}

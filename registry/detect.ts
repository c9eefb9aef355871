/**
 * Which type a message is of when it does not declare one. Wrong is worse than unknown.
 *
 * In: measurements as {group: {leaf: value} | value}, the plan. Out: the type or none, with score and reasons.
 * A type is eligible when all that it requires is there, one of `any_of`, and nothing that it forbids. Its score is
 * 40 % how many of its required groups are there, 60 % how many of the message's fields it knows.
 * Cost: the types that share a group with the message (an index), not all types. Source: design.md section 6.
 */
import type { Detection } from "../schemas/enriched.ts";
import type { Plan, PlanField, PlanType } from "./plan.ts";
import { isRecord, readLeaf, type Values } from "./values.ts";
import { printList, shown } from "./words.ts";

/** Below this, too much is missing or strange to be sure. */
export const MIN_SCORE = 60;
const WEIGHT_OWN = 40;
const WEIGHT_KNOWN = 60;

export interface Scored {
  type: PlanType;
  score: number;
  eligible: boolean;
  /** How many of the message's fields the type knows. */
  known: number;
}

export interface Detected {
  type: PlanType | undefined;
  detection: Detection;
}

export function detect(measurements: Values, plan: Plan): Detected {
  const fields = countFields(measurements);
  const scored = scoreTypes(measurements, plan);
  const [best, next] = scored;
  if (best === undefined) return unknown(null, [noCandidate(measurements, plan)]);
  if (!best.eligible || best.score < MIN_SCORE)
    return unknown(best.type.key, [
      ...(best.eligible
        ? [`no type fits: ${best.type.key} is the nearest with ${best.score} of 100, ${MIN_SCORE} needed`]
        : []),
      obstacle(best, measurements, fields),
    ]);
  const rival = scored.find((other) => other !== best && other.eligible);
  if (rival !== undefined && best.score - rival.score < best.type.detect.min_margin)
    return {
      type: undefined,
      detection: {
        method: "ambiguous",
        score: best.score,
        runner_up: rival.type.key,
        reasons: [
          `${best.type.key} ${best.score} and ${rival.type.key} ${rival.score} of 100 are closer than ${best.type.detect.min_margin}`,
          `a device_type in the message, or detect.forbids in the registry, would decide`,
        ],
      },
    };
  const { detect: rules, key } = best.type;
  const reasons = [
    `has ${printList([...rules.requires.map(({ path }) => path), ...someOf(rules.any_of, measurements)])}`,
  ];
  reasons.push(`${best.known} of its ${fields} fields are known to ${key}`);
  if (rules.forbids.length > 0)
    reasons.push(
      `has no ${printList(
        rules.forbids.map(({ path }) => path),
        "or",
      )}`,
    );
  if (next !== undefined) reasons.push(`the next is ${next.type.key} with ${next.score} of 100`);
  return {
    type: best.type,
    detection: { method: "detected", score: best.score, runner_up: next?.type.key ?? null, reasons },
  };
}

/** Every type that shares a group with the message, best first: eligible ones before the others. */
export function scoreTypes(measurements: Values, plan: Plan): Scored[] {
  const fields = countFields(measurements);
  const seen = new Set<number>();
  const scored: Scored[] = [];
  for (const group of Object.keys(measurements)) {
    if (!Object.hasOwn(plan.group_index, group)) continue;
    for (const index of plan.group_index[group] ?? []) {
      if (seen.has(index)) continue;
      seen.add(index);
      const type = plan.types[index];
      if (type !== undefined) scored.push(scoreType(type, measurements, fields));
    }
  }
  return scored.sort(
    (a, b) =>
      Number(b.eligible) - Number(a.eligible) || b.score - a.score || (a.type.key < b.type.key ? -1 : 1),
  );
}

function scoreType(type: PlanType, measurements: Values, fields: number): Scored {
  let known = 0;
  let there = 0;
  let wanted = 0;
  for (const group of type.groups) {
    const before = known;
    if (group.required || type.required === 0) wanted++;
    const sent = measurements[group.name];
    if (sent === undefined) continue;
    for (let index = group.first; index < group.first + group.count; index++) {
      const leaf = type.leaves[index];
      if (leaf !== undefined && readLeaf(measurements, group.name, leaf.name) !== undefined) known++;
    }
    if (known > before && (group.required || type.required === 0)) there++;
  }
  const points =
    WEIGHT_OWN * (wanted === 0 ? 1 : there / wanted) + WEIGHT_KNOWN * (fields === 0 ? 0 : known / fields);
  const eligible = fits(type, measurements);
  // A type that is excluded is named as the nearest, never chosen: half its points.
  return { type, score: Math.round(eligible ? points : points / 2), eligible, known };
}

/** What the type requires is there and nothing that it forbids. */
function fits(type: PlanType, measurements: Values): boolean {
  const { requires, any_of, forbids } = type.detect;
  for (const field of forbids) if (isThere(measurements, field)) return false;
  for (const field of requires) if (!isThere(measurements, field)) return false;
  return any_of.length === 0 || any_of.some((field) => isThere(measurements, field));
}

/** Whether a message contradicts the type that it declares: it has what the type forbids, or nothing that it requires. */
export function contradiction(type: PlanType, measurements: Values): string | undefined {
  const { requires, forbids } = type.detect;
  for (const field of forbids)
    if (isThere(measurements, field)) return `${field.path} is no field of ${type.key}`;
  for (const field of requires) if (isThere(measurements, field)) return undefined;
  if (requires.length === 0) return undefined;
  return `nothing that ${type.key} requires is there: ${printList(requires.map(({ path }) => path))}`;
}

export function isThere(measurements: Values, field: PlanField): boolean {
  if (field.leaf !== "*") return readLeaf(measurements, field.group, field.leaf) !== undefined;
  const sent = measurements[field.group];
  if (!isRecord(sent)) return sent !== undefined;
  for (const _leaf in sent) return true;
  return false;
}

/** Leaves of a message, whoever knows them; a unit that is sent beside values is none. */
function countFields(measurements: Values): number {
  let fields = 0;
  for (const group of Object.keys(measurements)) {
    const sent = measurements[group];
    if (!isRecord(sent)) fields++;
    else {
      const names = Object.keys(sent).length;
      fields += Math.max(1, typeof sent.unit === "string" ? names - 1 : names);
    }
  }
  return fields;
}

const someOf = (fields: PlanField[], measurements: Values) =>
  fields.filter((field) => isThere(measurements, field)).map(({ path }) => path);

function unknown(nearest: string | null, reasons: string[]): Detected {
  return { type: undefined, detection: { method: "unknown", score: 0, runner_up: nearest, reasons } };
}

function noCandidate(measurements: Values, plan: Plan): string {
  const groups = Object.keys(measurements);
  if (groups.length === 0) return "measurements is empty";
  const names = groups.slice(0, 5).map((name) => shown(name));
  return `no type of registry ${plan.version} has any of ${printList(names)}${groups.length > 5 ? " …" : ""}`;
}

/** Why the nearest type was not taken, and what would make it fit. */
function obstacle(nearest: Scored, measurements: Values, fields: number): string {
  const { key, detect: rules } = nearest.type;
  const forbidden = someOf(rules.forbids, measurements);
  if (forbidden.length > 0) return `the nearest type is ${key}, but ${printList(forbidden)} excludes it`;
  const lacking = rules.requires.filter((field) => !isThere(measurements, field)).map(({ path }) => path);
  if (lacking.length > 0) return `the nearest type is ${key}; it requires ${printList(lacking)}`;
  if (!nearest.eligible)
    return `the nearest type is ${key}; it requires one of ${printList(
      rules.any_of.map(({ path }) => path),
      "or",
    )}`;
  return `${key} knows ${nearest.known} of the message's ${fields} fields`;
}

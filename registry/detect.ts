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
/** And so it is where the type knows less than this share of the message's fields. */
const MIN_KNOWN = 0.6;
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
  const scored = scoreTypes(measurements, plan, fields);
  const [best, next] = scored;
  if (best === undefined) return unknown(null, [noCandidate(measurements, plan)]);
  if (!best.eligible || best.score < MIN_SCORE || best.known < MIN_KNOWN * fields)
    return unknown(best.type.key, [obstacle(best, measurements, fields)]);
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
  return {
    type: best.type,
    detection: {
      method: "detected",
      score: best.score,
      runner_up: next === undefined ? null : next.type.key,
      reasons: reasonsFor(best, next, measurements, fields),
    },
  };
}

function reasonsFor(best: Scored, next: Scored | undefined, measurements: Values, fields: number): string[] {
  const { detect: rules, key } = best.type;
  const reasons: string[] = [];
  if (rules.requires_words !== "") reasons.push(rules.requires_words);
  const oneOf = rules.any_of.find((field) => isThere(measurements, field));
  if (oneOf !== undefined) reasons.push(`has ${oneOf.path}`);
  reasons.push(`${best.known} of its ${fields} fields are known to ${key}`);
  if (rules.forbids_words !== "") reasons.push(rules.forbids_words);
  if (next !== undefined) reasons.push(`the next is ${next.type.key} with ${next.score} of 100`);
  return reasons;
}

/** Every type that shares a group with the message, best first: eligible ones before the others. */
export function scoreTypes(measurements: Values, plan: Plan, fields = countFields(measurements)): Scored[] {
  const { stamps, shared, stamp } = nextScratch(plan);
  const candidates: number[] = [];
  let groups = 0;
  for (const group of Object.keys(measurements)) {
    groups++;
    if (!Object.hasOwn(plan.group_index, group)) continue;
    for (const index of plan.group_index[group] ?? []) {
      if (stamps[index] !== stamp) {
        stamps[index] = stamp;
        shared[index] = 0;
        candidates.push(index);
      }
      shared[index] = (shared[index] ?? 0) + 1;
    }
  }
  const scored: Scored[] = [];
  for (const index of candidates) {
    const type = plan.types[index];
    if (type === undefined) continue;
    scored.push(
      fits(type, measurements)
        ? scoreType(type, measurements, fields)
        : excluded(type, measurements, (shared[index] ?? 0) / Math.max(type.groups.length, groups)),
    );
  }
  return scored.sort(byRank);
}

function byRank(a: Scored, b: Scored): number {
  if (a.eligible !== b.eligible) return a.eligible ? -1 : 1;
  return b.score - a.score || (a.type.key < b.type.key ? -1 : 1);
}

/** A type that is excluded, named as the nearest and never chosen: at most half the points. */
function excluded(type: PlanType, measurements: Values, sharedGroups: number): Scored {
  const { requires } = type.detect;
  let held = 0;
  for (const field of requires) if (isThere(measurements, field)) held++;
  const required = requires.length === 0 ? 0 : held / requires.length;
  return { type, score: Math.round(25 * required + 25 * sharedGroups), eligible: false, known: 0 };
}

/**
 * Counters for each type, reused from message to message: a stamp says whether a counter is of this message.
 * Nothing of one message can be seen in the next.
 */
interface Scratch {
  plan: Plan;
  stamp: number;
  stamps: number[];
  shared: number[];
}
let scratch: Scratch | undefined;

function nextScratch(plan: Plan): Scratch {
  if (scratch?.plan !== plan) {
    const zeros = plan.types.map(() => 0);
    scratch = { plan, stamp: 0, stamps: zeros, shared: [...zeros] };
  }
  scratch.stamp++;
  return scratch;
}

function scoreType(type: PlanType, measurements: Values, fields: number): Scored {
  let known = 0;
  let there = 0;
  let wanted = 0;
  for (const group of type.groups) {
    const counts = group.required || type.required === 0;
    if (counts) wanted++;
    const sent = measurements[group.name];
    if (sent === undefined) continue;
    const before = known;
    const end = group.first + group.count;
    if (isRecord(sent)) {
      for (let index = group.first; index < end; index++) {
        const leaf = type.leaves[index];
        if (leaf !== undefined && sent[leaf.name] !== undefined) known++;
      }
    } else if (group.kind === "value") known++;
    if (counts && known > before) there++;
  }
  const own = wanted === 0 ? 1 : there / wanted;
  const share = fields === 0 ? 0 : known / fields;
  return { type, score: Math.round(WEIGHT_OWN * own + WEIGHT_KNOWN * share), eligible: true, known };
}

/** What the type requires is there and nothing that it forbids. */
function fits(type: PlanType, measurements: Values): boolean {
  const { requires, any_of, forbids } = type.detect;
  for (const field of forbids) if (isThere(measurements, field)) return false;
  for (const field of requires) if (!isThere(measurements, field)) return false;
  return any_of.length === 0 || any_of.some((field) => isThere(measurements, field));
}

/**
 * Whether a message contradicts the type that it declares: it has what the type forbids, or nothing that it requires.
 * A message of a partial shape may well have nothing of that.
 */
export function contradiction(type: PlanType, measurements: Values, partial: boolean): string | undefined {
  const { requires, forbids } = type.detect;
  for (const field of forbids)
    if (isThere(measurements, field)) return `${field.path} is no field of ${type.key}`;
  for (const field of requires) if (isThere(measurements, field)) return undefined;
  if (requires.length === 0 || partial) return undefined;
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
  const near = `the nearest type is ${key}, ${nearest.score} of 100, but`;
  if (nearest.known >= MIN_KNOWN * fields) return `${near} too little of what it requires is there`;
  return `${near} it knows only ${nearest.known} of the message's ${fields} fields`;
}

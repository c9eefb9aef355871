/**
 * Which type a message is of when it does not declare one. Wrong is worse than unknown.
 *
 * In: measurements as {group: {leaf: value} | value}, the plan. Out: the type or none, with score and reasons.
 * A type is eligible when all that it requires is there, one of `any_of`, and nothing that it forbids. Its score is
 * 40 % how many of its required groups are there, 60 % how many of the message's fields it knows.
 * Cost: one look at the message, then the types that share a group with it (an index), not all types.
 * Source: design.md section 6.
 */
import type { Detection } from "../schemas/enriched.ts";
import { keepAnswer } from "./kept-answers.ts";
import type { Plan, PlanField, PlanType } from "./plan.ts";
import { createPresence, type Presence } from "./fields.ts";
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
  /** JSON text of detection. */
  json: string;
}

export type Detect = (measurements: Values) => Detected;

/** What is detected depends on the names alone, and devices of one make send the same ones again and again: answers are kept. */
export function createDetect(plan: Plan): Detect {
  const presenceOf = createPresence(plan);
  const kept = new Map<string, Detected>();
  const decided = (measurements: Values) => withJson(decide(measurements, presenceOf(measurements), plan));
  return (measurements) => {
    const names = namesIn(measurements);
    if (names.length > MAX_NAMES_LENGTH) return decided(measurements);
    return kept.get(names) ?? keepAnswer(kept, names, decided(measurements));
  };
}

const MAX_NAMES_LENGTH = 2_000;

/**
 * A text for all that presenceOf() looks at, and no two for the same: each group with the names of its leaves, or without
 * if it has none, and whether its unit is a text.
 */
function namesIn(measurements: Values): string {
  const names: unknown[] = Object.keys(measurements);
  const groups = names.length;
  for (let at = 0; at < groups; at++) {
    const sent = measurements[names[at] as string];
    if (sent === undefined) names.push(null);
    else if (!isRecord(sent)) names.push(0);
    else {
      names.push(Object.keys(sent));
      if (typeof sent.unit === "string") names.push(1);
    }
  }
  return JSON.stringify(names);
}

const withJson = (decided: Decided): Detected => ({ ...decided, json: detectionJson(decided.detection) });

type Decided = Omit<Detected, "json">;

function decide(measurements: Values, presence: Presence, plan: Plan): Decided {
  const { fields } = presence;
  const scored = scoreTypes(presence, plan);
  const [best, next] = scored;
  if (best === undefined) return unknown(null, [noCandidate(measurements, plan)]);
  if (!best.eligible || best.score < MIN_SCORE || best.known < MIN_KNOWN * fields)
    return unknown(best.type.key, [obstacle(best, presence)]);
  // Eligible types stand first.
  if (next?.eligible && best.score - next.score < best.type.detect.min_margin)
    return {
      type: undefined,
      detection: {
        method: "ambiguous",
        score: best.score,
        runner_up: next.type.key,
        reasons: [
          `${best.type.key} ${best.score} and ${next.type.key} ${next.score} of 100 are closer than ${best.type.detect.min_margin}`,
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
      reasons: reasonsFor(best, next, presence),
    },
  };
}

/** Writes a detection as JSON. All texts of a detected type are names of the registry, which need no escapes. */
export function detectionJson(detection: Detection): string {
  const { method, score, runner_up, reasons } = detection;
  if (method !== "detected") return JSON.stringify(detection);
  const next = runner_up === null ? "null" : `"${runner_up}"`;
  return `{"method":"detected","score":${score},"runner_up":${next},"reasons":["${reasons.join('","')}"]}`;
}

function reasonsFor(best: Scored, next: Scored | undefined, presence: Presence): string[] {
  const { detect: rules, key } = best.type;
  const reasons: string[] = [];
  if (rules.requires_words !== "") reasons.push(rules.requires_words);
  const oneOf = rules.any_of.find((field) => has(presence, field));
  if (oneOf !== undefined) reasons.push(`has ${oneOf.path}`);
  reasons.push(`${best.known} of its ${presence.fields} fields are known to ${key}`);
  if (rules.forbids_words !== "") reasons.push(rules.forbids_words);
  if (next !== undefined) reasons.push(`the next is ${next.type.key} with ${next.score} of 100`);
  return reasons;
}

/** Every type that shares a group with the message, best first: eligible ones before the others. */
export function scoreTypes(presence: Presence, plan: Plan): Scored[] {
  const scored: Scored[] = [];
  for (let at = 0; at < presence.candidates.length; at++) {
    const index = presence.candidates[at] ?? -1;
    const type = plan.types[index];
    if (type === undefined) continue;
    const shared = presence.shared[index] ?? 0;
    scored.push(fits(type, presence) ? scoreType(type, presence) : excluded(type, shared, presence));
  }
  return scored.sort(byRank);
}

function byRank(a: Scored, b: Scored): number {
  if (a.eligible !== b.eligible) return a.eligible ? -1 : 1;
  return b.score - a.score || (a.type.key < b.type.key ? -1 : 1);
}

const has = ({ marks, stamp }: Presence, { field }: PlanField) => marks[field] === stamp;

/** What the type requires is there and nothing that it forbids. */
function fits(type: PlanType, presence: Presence): boolean {
  const { requires, any_of, forbids } = type.detect;
  for (const field of requires) if (!has(presence, field)) return false;
  for (const field of forbids) if (has(presence, field)) return false;
  for (const field of any_of) if (has(presence, field)) return true;
  return any_of.length === 0;
}

function scoreType(type: PlanType, { marks, stamp, fields }: Presence): Scored {
  let known = 0;
  let there = 0;
  let wanted = 0;
  for (const group of type.groups) {
    const before = known;
    const end = group.first + group.count;
    for (let index = group.first; index < end; index++)
      if (marks[type.fields[index] ?? -1] === stamp) known++;
    if (!group.required && type.required > 0) continue;
    wanted++;
    if (known > before) there++;
  }
  const own = wanted === 0 ? 1 : there / wanted;
  const share = fields === 0 ? 0 : known / fields;
  return { type, score: Math.round(WEIGHT_OWN * own + WEIGHT_KNOWN * share), eligible: true, known };
}

/** A type that is excluded, named as the nearest and never chosen: at most half the points. */
function excluded(type: PlanType, sharedGroups: number, presence: Presence): Scored {
  const { requires } = type.detect;
  let held = 0;
  for (const field of requires) if (has(presence, field)) held++;
  const required = requires.length === 0 ? 0 : held / requires.length;
  const shared = sharedGroups / Math.max(type.groups.length, presence.groups, 1);
  return { type, score: Math.round(25 * required + 25 * shared), eligible: false, known: 0 };
}

/**
 * Whether a message contradicts the type that it declares: it has what the type forbids, or nothing that it requires.
 * A message of a partial shape may well have nothing of that.
 */
export function contradiction(type: PlanType, measurements: Values, partial: boolean): string | undefined {
  const { requires, forbids } = type.detect;
  for (let at = 0; at < forbids.length; at++) {
    const field = forbids[at];
    if (field !== undefined && measurements[field.group] !== undefined && isThere(measurements, field))
      return `${field.path} is not a field of ${type.key}`;
  }
  for (let at = 0; at < requires.length; at++) {
    const field = requires[at];
    if (field !== undefined && isThere(measurements, field)) return undefined;
  }
  if (requires.length === 0 || partial) return undefined;
  return `nothing that ${type.key} requires is there: ${printList(requires.map(({ path }) => path))}`;
}

/** For one type, without looking at the whole message. */
function isThere(measurements: Values, field: PlanField): boolean {
  if (field.leaf !== "*") return readLeaf(measurements, field.group, field.leaf) !== undefined;
  const sent = measurements[field.group];
  if (!isRecord(sent)) return sent !== undefined;
  return Object.keys(sent).length > (typeof sent.unit === "string" ? 1 : 0);
}

function unknown(nearest: string | null, reasons: string[]): Decided {
  return { type: undefined, detection: { method: "unknown", score: 0, runner_up: nearest, reasons } };
}

function noCandidate(measurements: Values, plan: Plan): string {
  const groups = Object.keys(measurements);
  if (groups.length === 0) return "measurements is empty";
  const names = groups.slice(0, 5).map((name) => shown(name));
  return `no type of registry ${plan.version} has any of ${printList(names)}${groups.length > 5 ? " …" : ""}`;
}

/** Why the nearest type was not taken, and what would make it fit. */
function obstacle(nearest: Scored, presence: Presence): string {
  const { key, detect: rules } = nearest.type;
  const pathsOf = (fields: PlanField[]) => fields.map(({ path }) => path);
  const forbidden = pathsOf(rules.forbids.filter((field) => has(presence, field)));
  if (forbidden.length > 0) return `the nearest type is ${key}, but ${printList(forbidden)} excludes it`;
  const lacking = pathsOf(rules.requires.filter((field) => !has(presence, field)));
  if (lacking.length > 0) return `the nearest type is ${key}; it requires ${printList(lacking)}`;
  if (!nearest.eligible)
    return `the nearest type is ${key}; it requires one of ${printList(pathsOf(rules.any_of), "or")}`;
  const near = `the nearest type is ${key}, ${nearest.score} of 100, but`;
  if (nearest.known >= MIN_KNOWN * presence.fields) return `${near} too little of what it requires is there`;
  return `${near} it knows only ${nearest.known} of the message's ${presence.fields} fields`;
}

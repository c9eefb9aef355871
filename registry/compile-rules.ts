/**
 * Compiles what a device type says about its measurements: detection, checks, heartbeat.
 *
 * In: the type as the registry says it and its compiled leaves. Out: the plan's rules, paths resolved to leaves.
 * Faults: paths that nothing declares, durations that are none, ids that stand twice.
 */
import type { RegistryCheck, RegistryType } from "../schemas/registry.ts";
import type { Fault } from "./fault.ts";
import { expectLeaves, fieldOf, matchLeaves, undeclared } from "./paths.ts";
import {
  MISSED_MESSAGES,
  type PlanCheck,
  type PlanDetect,
  type PlanGroup,
  type PlanLeaf,
  type PlanType,
} from "../judge/plan.ts";
import { shortJson } from "./structure.ts";
import { parseDuration } from "../judge/time.ts";
import { printList } from "../judge/words.ts";

export const DEFAULT_MIN_MARGIN = 20;
const DEFAULT_TOLERANCE = 0.01;

/** Without `detect`, what is required is what tells the type. */
export function compileDetect(
  type: RegistryType,
  groups: readonly PlanGroup[],
  leaves: readonly PlanLeaf[],
  declaredAnywhere: readonly string[],
  path: string,
  faults: Fault[],
): PlanDetect {
  const { requires, any_of = [], forbids = [], min_margin = DEFAULT_MIN_MARGIN } = type.detect ?? {};
  const at = `${path}/detect`;
  const byRequired = groups
    .filter((group) => group.required)
    .map((group) => (group.kind === "value" ? group.name : `${group.name}.*`));
  requires?.forEach((field, index) => {
    expectLeaves(field, leaves, `${at}/requires/${index}`, faults);
  });
  any_of.forEach((field, index) => {
    expectLeaves(field, leaves, `${at}/any_of/${index}`, faults);
  });
  forbids.forEach((field, index) => {
    const group = field.endsWith(".*") ? field.slice(0, -2) : undefined;
    const known = declaredAnywhere.some(
      (other) => other === field || other === group || (group !== undefined && other.startsWith(`${group}.`)),
    );
    if (!known) faults.push(undeclared(field, declaredAnywhere, `${at}/forbids/${index}`));
    else if (matchLeaves(field, leaves).length > 0)
      faults.push({
        path: `${at}/forbids/${index}`,
        problem: `${field} is declared by the type itself`,
        expected: "a field of other types",
      });
  });
  const needed = requires ?? byRequired;
  return {
    requires: needed.map(fieldOf),
    any_of: any_of.map(fieldOf),
    forbids: forbids.map(fieldOf),
    min_margin,
    requires_words: needed.length === 0 ? "" : `has ${printList(needed)}`,
    forbids_words: forbids.length === 0 ? "" : `has no ${printList(forbids, "or")}`,
  };
}

export function compileChecks(
  checks: readonly RegistryCheck[],
  leaves: readonly PlanLeaf[],
  path: string,
  faults: Fault[],
): PlanCheck[] {
  checkIds(checks, `${path}/checks`, faults);
  return checks.map((check, index) => compileCheck(check, leaves, `${path}/checks/${index}`, faults));
}

function compileCheck(
  check: RegistryCheck,
  leaves: readonly PlanLeaf[],
  at: string,
  faults: Fault[],
): PlanCheck {
  const of = check.of.flatMap((path, index) => expectLeaves(path, leaves, `${at}/of/${index}`, faults));
  const ends = check.equals === undefined ? [] : expectLeaves(check.equals, leaves, `${at}/equals`, faults);
  for (const leaf of [...of, ...ends]) {
    const { path, value } = leaves[leaf] ?? { path: "", value: "number" };
    if (value !== "number" && value !== "integer")
      faults.push({ path: at, problem: `${path} is not a number`, expected: "paths of numbers" });
  }
  const needs = CHECK_NEEDS[check.kind];
  if (!needs.counts(of.length))
    faults.push({
      path: `${at}/of`,
      problem: `${of.length} measurements for ${check.kind}`,
      expected: needs.words,
    });
  if (check.kind === "order" ? check.equals !== undefined : ends.length !== 1)
    faults.push({
      path: `${at}/equals`,
      problem: check.equals === undefined ? `${check.kind} without equals` : `${ends.length} measurements`,
      expected: check.kind === "order" ? "no equals" : "the path of one measurement",
    });
  return {
    id: check.id,
    kind: check.kind,
    of,
    equals: ends[0] ?? -1,
    tolerance: check.tolerance ?? DEFAULT_TOLERANCE,
    tolerance_absolute: check.tolerance_absolute ?? 0,
    words: checkWords(check),
  };
}

const CHECK_NEEDS: Record<RegistryCheck["kind"], { counts: (count: number) => boolean; words: string }> = {
  sum: { counts: (count) => count >= 1, words: "at least one" },
  hypot: { counts: (count) => count >= 1, words: "at least one" },
  ratio: { counts: (count) => count === 2, words: "two: the dividend and the divisor" },
  order: { counts: (count) => count >= 2, words: "at least two" },
};

function checkWords(check: RegistryCheck): string {
  if (check.kind === "ratio") return check.of.join(" / ");
  if (check.kind === "order") return check.of.join(" <= ");
  return `${check.kind}(${check.of.join(", ")})`;
}

const INTERVAL_MS: Record<string, number> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};
/** From `heartbeat`, else from `update_frequency`; null where neither says it. */
export function compileHeartbeat(type: RegistryType, path: string, faults: Fault[]): PlanType["heartbeat"] {
  const at = `${path}/heartbeat`;
  const { expected, offline_after } = type.heartbeat ?? {};
  const said = readFrequency(type.update_frequency, `${path}/update_frequency`, faults);
  const expectedMs = expected === undefined ? said : readDuration(expected, `${at}/expected`, faults);
  const offlineMs =
    offline_after === undefined ? undefined : readDuration(offline_after, `${at}/offline_after`, faults);
  if (expectedMs !== undefined && offlineMs !== undefined && offlineMs < expectedMs)
    faults.push({
      path: `${at}/offline_after`,
      problem: `${offline_after} is less than the expected interval`,
      expected: `at least ${expected ?? type.update_frequency}`,
    });
  const best = expectedMs ?? offlineMs;
  if (best === undefined) return null;
  return { expected_ms: best, offline_after_ms: offlineMs ?? best * MISSED_MESSAGES };
}

/** ms of `5_seconds` (the original's form) or `PT5S`. What is not understood would leave the device unwatched. */
function readFrequency(text: string | undefined, at: string, faults: Fault[]): number | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,6})_(second|minute|hour|day)s?$/.exec(text) ?? [];
  const ms = unit === undefined ? parseDuration(text) : Number(amount) * (INTERVAL_MS[unit] ?? 0);
  if (ms > 0) return ms;
  faults.push({
    path: at,
    problem: `found ${shortJson(text)}`,
    expected:
      "a number, _ and seconds, minutes, hours or days, such as 10_seconds; or PT10S; or no update_frequency where the device sends at no regular interval",
  });
  return undefined;
}

export function readDuration(text: string, at: string, faults: Fault[]): number {
  const ms = parseDuration(text);
  if (!Number.isNaN(ms)) return ms;
  faults.push({
    path: at,
    problem: `${JSON.stringify(text)} is not a duration`,
    expected: "ISO 8601 weeks to seconds, such as PT30S or P1DT12H",
  });
  return 0;
}

export function checkIds(list: readonly { id: string }[], at: string, faults: Fault[]): void {
  checkOnce(
    list.map(({ id }) => id),
    "id",
    at,
    faults,
  );
}

/** Each value of a member of the listed objects once. */
export function checkOnce(values: readonly string[], member: string, at: string, faults: Fault[]): void {
  values.forEach((value, index) => {
    const first = values.indexOf(value);
    if (first !== index)
      faults.push({
        path: `${at}/${index}/${member}`,
        problem: `${JSON.stringify(value)} appears twice, first at ${first}`,
        expected: `each ${member} once`,
      });
  });
}

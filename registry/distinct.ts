/** Two types that cannot be told apart: a message with all fields of the one fits the other as well. */
import { scoreTypes } from "../judge/detect.ts";
import type { Fault } from "./fault.ts";
import { createPresence } from "../judge/fields.ts";
import type { Plan, PlanType } from "../judge/plan.ts";
import type { Values } from "../judge/values.ts";

/** Each type is held against those that share a group with it: so many at most, one to four seconds. */
const MAX_COMPARISONS = 10_000_000;

/** Whether the types are few enough to be told apart in bounded time, here and for each message without a type. */
export function checkComparable({ types }: Plan): Fault[] {
  const counts = new Map<string, number>();
  for (const { groups } of types)
    for (const { name } of groups) counts.set(name, (counts.get(name) ?? 0) + 1);
  const comparisons = [...counts.values()].reduce((sum, count) => sum + count * count, 0);
  if (comparisons <= MAX_COMPARISONS) return [];
  return [
    {
      path: "/device_types",
      problem: `${types.length} types share groups in so many ways that telling them apart takes ${comparisons} comparisons`,
      expected: `at most ${MAX_COMPARISONS}: fewer types, or groups with names of their own`,
    },
  ];
}

export function checkDistinct(plan: Plan): Fault[] {
  const faults: Fault[] = [];
  const told = new Set<string>();
  const presenceOf = createPresence(plan);
  for (const type of plan.types) {
    const scored = scoreTypes(presenceOf(fullMessage(type)), plan);
    const own = scored.find((candidate) => candidate.type === type);
    for (const rival of scored) {
      const pair = [type.key, rival.type.key].sort().join(" ");
      if (rival.type === type || !rival.eligible || told.has(pair)) continue;
      if (own?.eligible && rival.score < own.score) continue;
      told.add(pair);
      faults.push({
        path: `/device_types/${type.key}`,
        problem: `a message with all its fields is as much a ${rival.type.key}: the two cannot be told apart`,
        expected: `a field that only one of them has, or detect.requires or detect.forbids in one of them`,
      });
    }
  }
  return faults;
}

/** Every field that the type declares, with a value that only has to be there. */
function fullMessage(type: PlanType): Values {
  const measurements: Record<string, Values> = {};
  for (const leaf of type.leaves) {
    measurements[leaf.group] ??= {};
    const group = measurements[leaf.group];
    if (group !== undefined) group[leaf.name] = 1;
  }
  return measurements;
}

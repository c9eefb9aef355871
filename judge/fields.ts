/**
 * Numbers for groups and leaves, so that detection reads a message once, whatever the number of types.
 *
 * In: the compiled types. Out: group -> its number, its leaves' numbers and the types that declare it.
 */
import type { Plan, PlanField, PlanGroupIndex, PlanType } from "./plan.ts";
import { isRecord, type Values } from "./values.ts";

/** Gives each group and leaf its number, and the types the numbers of their leaves and rules. */
export function numberFields(types: PlanType[]): {
  groups: Record<string, PlanGroupIndex>;
  field_count: number;
} {
  const groups = new Map<string, PlanGroupIndex>();
  let next = 0;
  types.forEach((type, index) => {
    for (const { name } of type.groups) {
      const group = groups.get(name) ?? { field: next++, leaves: {}, types: [] };
      group.types.push(index);
      groups.set(name, group);
    }
    type.fields = type.leaves.map(({ group, name }) => {
      const leaves: Record<string, number> = groups.get(group)?.leaves ?? {};
      leaves[name] ??= next++;
      return leaves[name];
    });
  });
  for (const { detect } of types)
    for (const field of [...detect.requires, ...detect.any_of, ...detect.forbids])
      field.field = numberOf(field, groups.get(field.group));
  // Own members whatever the key: an assignment to __proto__ would be none.
  return { groups: Object.fromEntries(groups), field_count: next };
}

function numberOf({ leaf }: PlanField, group: PlanGroupIndex | undefined): number {
  if (group === undefined) return -1;
  return leaf === "*" ? group.field : (group.leaves[leaf] ?? -1);
}

/**
 * What of a message is there, by number. Reused from message to message: a mark counts only with the stamp of this one,
 * so nothing of one message can be seen in the next.
 */
export interface Presence {
  stamp: number;
  marks: number[];
  /** Leaves of the message, whoever knows them; a unit that is sent beside values is none. */
  fields: number;
  groups: number;
  /** Indices of the types that share a group with it, and for each type how many groups. */
  candidates: number[];
  shared: number[];
}

/** Good until the next message is asked about. */
export function createPresence({ groups, field_count, types }: Plan): (measurements: Values) => Presence {
  const marks = Array.from({ length: field_count }, () => 0);
  const shared = Array.from({ length: types.length }, () => 0);
  const presence: Presence = { stamp: 0, marks, fields: 0, groups: 0, candidates: [], shared };
  return (measurements) => {
    mark(measurements, groups, presence);
    return presence;
  };
}

function mark(measurements: Values, groups: Plan["groups"], presence: Presence): void {
  for (let at = 0; at < presence.candidates.length; at++) presence.shared[presence.candidates[at] ?? 0] = 0;
  presence.stamp++;
  presence.fields = 0;
  presence.candidates = [];
  const names = Object.keys(measurements);
  presence.groups = names.length;
  // Loops run by index, here and below: in Connect's engine for…of costs three times as much.
  for (let at = 0; at < names.length; at++) {
    const name = names[at] ?? "";
    const sent = measurements[name];
    const group = Object.hasOwn(groups, name) ? groups[name] : undefined;
    if (group !== undefined) countTypes(group, presence);
    if (isRecord(sent)) markLeaves(sent, group, presence);
    else {
      presence.fields++;
      if (group === undefined || sent === undefined) continue;
      presence.marks[group.field] = presence.stamp;
      markLeaf("value", group, presence);
    }
  }
}

function countTypes(group: PlanGroupIndex, presence: Presence): void {
  const { shared, candidates } = presence;
  for (let at = 0; at < group.types.length; at++) {
    const index = group.types[at] ?? 0;
    const before = shared[index] ?? 0;
    if (before === 0) candidates.push(index);
    shared[index] = before + 1;
  }
}

function markLeaves(sent: Values, group: PlanGroupIndex | undefined, presence: Presence): void {
  let leaves = 0;
  const names = Object.keys(sent);
  for (let at = 0; at < names.length; at++) {
    const leaf = names[at] ?? "";
    if (leaf !== "unit" || typeof sent.unit !== "string") leaves++;
    if (group !== undefined) markLeaf(leaf, group, presence);
  }
  if (group !== undefined && leaves > 0) presence.marks[group.field] = presence.stamp;
  presence.fields += Math.max(1, leaves);
}

function markLeaf(leaf: string, group: PlanGroupIndex, presence: Presence): void {
  if (!Object.hasOwn(group.leaves, leaf)) return;
  const field = group.leaves[leaf];
  if (field !== undefined) presence.marks[field] = presence.stamp;
}

/**
 * What most values are held against: for each leaf of a type the bounds inside which nothing is to be said of its value.
 *
 * In: a type and the nominal values that hold. Out: a row for each leaf, in the order of the leaves, made once by who asks: rows
 * follow from the plan alone. A row is short because Connect's engine finds a member of a small object faster.
 */
import type { Finding } from "../schemas/enriched.ts";
import { onceForEach } from "./kept-answers.ts";
import type { Nominal, PlanLeaf, PlanType } from "./plan.ts";

export interface QuietRow {
  /** The leaf's name in its group. */
  name: string;
  /** An empty interval where no number is quiet. */
  min: number;
  max: number;
  /** Only whole numbers are quiet. */
  whole: boolean;
  /** Or one of these; null where the bounds say all. */
  among: readonly (number | string | boolean)[] | null;
  /** What is said in our own form when it is not there; null where that depends. */
  missing: Finding | null;
}

export function isQuiet(value: unknown, row: QuietRow): boolean {
  if (typeof value === "number" && value >= row.min && value <= row.max && (!row.whole || value % 1 === 0))
    return true;
  return row.among?.includes(value as number) === true;
}

export type QuietRows = (type: PlanType, nominal: Nominal | undefined) => QuietRow[];

/** Nominal values are few objects, which the plan or nominal.ts has. */
export const createQuietRows = (): QuietRows =>
  onceForEach((type, nominal) => type.leaves.map((leaf) => rowOf(leaf, nominal)));

function rowOf(leaf: PlanLeaf, nominal: Nominal | undefined): QuietRow {
  const { name, pointer, required } = leaf;
  const [min, max, whole, among] = quietOf(leaf);
  const share = nominalBounds(leaf, nominal);
  return {
    name,
    min: Math.max(min, share.min),
    max: Math.min(max, share.max),
    whole,
    among,
    missing: required ? null : { code: "missing.optional", path: pointer, severity: "info" },
  };
}

function quietOf(leaf: PlanLeaf): [number, number, boolean, QuietRow["among"]] {
  const { quiet_values } = leaf;
  if (quiet_values !== null) {
    const numbers = quiet_values.filter((value) => Number.isSafeInteger(value)).map(Number);
    const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
    // 0 and 1, or 1, 2 and 3: whole numbers without a gap are bounds too.
    const isRow = numbers.length === quiet_values.length && new Set(numbers).size === max - min + 1;
    return isRow ? [min, max, true, null] : [1, 0, false, quiet_values];
  }
  if (leaf.value !== "integer" || leaf.valid_values !== null)
    return [leaf.quiet_min, leaf.quiet_max, false, null];
  return [
    Math.max(leaf.physical_min, leaf.operating_min, Number.MIN_SAFE_INTEGER),
    Math.min(leaf.physical_max, leaf.operating_max, Number.MAX_SAFE_INTEGER),
    true,
    null,
  ];
}

/** The share of the nominal value, in the leaf's unit; no bounds where there is none to compare with. */
export function nominalBounds(leaf: PlanLeaf, nominal: Nominal | undefined): { min: number; max: number } {
  const middle = leaf.nominal_max === 0 ? undefined : nominal?.[leaf.quantity ?? ""];
  if (middle === undefined) return { min: -Number.MAX_VALUE, max: Number.MAX_VALUE };
  return { min: (leaf.nominal_min * middle) / leaf.factor, max: (leaf.nominal_max * middle) / leaf.factor };
}

/**
 * Holds what must add up: sum, hypot, ratio, order. A check whose values are not all there says nothing.
 *
 * In: measurements, the type. Out: findings `check.<id>` at the measurement compared with.
 * Values are compared in the base units of their quantities; no function whose last digit differs between engines
 * is used (Math.hypot is one; Math.sqrt is exact). Source: IEEE 1459 for P² + Q² = S².
 */
import type { Finding } from "../schemas/enriched.ts";
import type { PlanCheck, PlanLeaf, PlanType } from "./plan.ts";
import { addFinding, sourcePointerAt, type SourcePointers, readNumber, type Values } from "./values.ts";
import { printNumber } from "./words.ts";

export function judgeChecks(
  measurements: Values,
  type: PlanType,
  places: SourcePointers | undefined,
  findings: Finding[],
): void {
  // Loops by index, here and in what is called for each message: in Connect's engine the others cost three times as much.
  const { checks } = type;
  for (let at = 0; at < checks.length; at++) {
    const check = checks[at];
    if (check === undefined) continue;
    const failed =
      check.kind === "order"
        ? failsOrder(check, type, measurements)
        : failsEquality(check, type, measurements);
    if (failed === undefined) continue;
    const { leaf, expected } = failed;
    addFinding(findings, `check.${check.id}`, "uncertain", placeOf(leaf, measurements, places), expected);
  }
}

interface Failed {
  leaf: PlanLeaf;
  expected: string;
}

function failsEquality(check: PlanCheck, type: PlanType, measurements: Values): Failed | undefined {
  const leaf = type.leaves[check.equals];
  if (leaf === undefined) return undefined;
  const found = readNumber(measurements, leaf);
  const wanted = combine(check, type, measurements);
  const difference = Math.abs(found - wanted);
  // A number that is not there is NaN, and nothing is greater; no difference is greater than a share of infinity.
  if (!(difference > check.tolerance_absolute * leaf.factor)) return undefined;
  if (!(difference > check.tolerance * Math.max(Math.abs(found), Math.abs(wanted)))) return undefined;
  if (!Number.isFinite(difference)) return undefined;
  const inUnit = printNumber((wanted - leaf.offset) / leaf.factor, 6);
  const unit = leaf.unit === null || leaf.unit === "1" ? "" : ` ${leaf.unit}`;
  return {
    leaf,
    expected: `${check.words} = ${inUnit}${unit} within ${printNumber(check.tolerance * 100, 4)} %`,
  };
}

/** NaN when a value is not there; infinite when it divides by zero. */
function combine(check: PlanCheck, type: PlanType, measurements: Values): number {
  const { of, kind } = check;
  if (kind === "ratio")
    return (
      readNumber(measurements, type.leaves[of[0] ?? -1]) / readNumber(measurements, type.leaves[of[1] ?? -1])
    );
  let total = 0;
  for (let at = 0; at < of.length; at++) {
    const value = readNumber(measurements, type.leaves[of[at] ?? -1]);
    total += kind === "hypot" ? value * value : value;
  }
  return kind === "hypot" ? Math.sqrt(total) : total;
}

function failsOrder(check: PlanCheck, type: PlanType, measurements: Values): Failed | undefined {
  for (let at = 1; at < check.of.length; at++) {
    const leaf = type.leaves[check.of[at] ?? -1];
    if (leaf === undefined) continue;
    const lower = readNumber(measurements, type.leaves[check.of[at - 1] ?? -1]);
    const upper = readNumber(measurements, leaf);
    const allowed = Math.max(
      check.tolerance * Math.max(Math.abs(lower), Math.abs(upper)),
      check.tolerance_absolute * leaf.factor,
    );
    if (lower - upper > allowed) return { leaf, expected: check.words };
  }
  return undefined;
}

/** Where the value stands in the raw message: a group of one leaf may be sent bare or as {"value": n}. */
function placeOf(leaf: PlanLeaf, measurements: Values, places: SourcePointers | undefined): string {
  const place = places === undefined ? undefined : sourcePointerAt(leaf.path, places);
  if (place !== undefined) return place;
  const wrapped = leaf.name === "value" && typeof measurements[leaf.group] === "object";
  return wrapped ? `${leaf.pointer}/value` : leaf.pointer;
}

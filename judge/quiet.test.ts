/** The short rows say exactly what the plan says: for every leaf of the pinned registry, at and beside each of its bounds. */
import { expect, test } from "bun:test";
import { pinnedPlan } from "../registry/pinned.fixture.ts";
import { isQuiet, nominalBounds, createQuietRows } from "./quiet.ts";
import type { Nominal, PlanLeaf } from "./plan.ts";

/** Every rule of a leaf, one after the other. */
function nothingToSay(value: unknown, leaf: PlanLeaf, nominal: Nominal | undefined): boolean {
  if (leaf.valid_values !== null && !leaf.valid_values.includes(value as number)) return false;
  if (typeof value !== "number") return leaf.valid_values !== null;
  if (leaf.value === "boolean" || leaf.value === "string") return false;
  if (leaf.value === "integer" && !Number.isInteger(value)) return false;
  const share = nominalBounds(leaf, nominal);
  return (
    Math.abs(value) <= Number.MAX_SAFE_INTEGER &&
    value >= Math.max(leaf.physical_min, leaf.operating_min, share.min) &&
    value <= Math.min(leaf.physical_max, leaf.operating_max, share.max)
  );
}

function candidates(leaf: PlanLeaf, nominal: Nominal | undefined): unknown[] {
  const { min, max } = nominalBounds(leaf, nominal);
  const bounds = [leaf.physical_min, leaf.physical_max, leaf.operating_min, leaf.operating_max, min, max, 0];
  const near = bounds.flatMap((bound) => [
    bound,
    bound * (1 + 1e-12),
    bound * (1 - 1e-12),
    bound - 1,
    bound + 1,
  ]);
  const sent = leaf.valid_values ?? [];
  return [
    ...near,
    ...near.map(Math.round),
    ...sent,
    2 ** 53,
    -(2 ** 53),
    0.5,
    -0,
    "1",
    true,
    false,
    null,
    undefined,
  ];
}

test("a value is quiet exactly when no rule of its leaf has anything to say", () => {
  let quiet = 0;
  let others = 0;
  for (const type of pinnedPlan.types)
    for (const nominal of [undefined, ...type.nominals]) {
      const rows = createQuietRows()(type, nominal);
      type.leaves.forEach((leaf, index) => {
        const row = rows[index];
        if (row === undefined) throw new Error(`no row for ${leaf.path}`);
        // A range beside valid_values is left to the rules.
        if (leaf.valid_values !== null && leaf.quiet_values === null) return;
        for (const value of candidates(leaf, nominal)) {
          const wanted = nothingToSay(value, leaf, nominal);
          expect([type.key, leaf.path, value, isQuiet(value, row)]).toEqual([
            type.key,
            leaf.path,
            value,
            wanted,
          ]);
          if (wanted) quiet++;
          else others++;
        }
      });
    }
  expect(Math.min(quiet, others)).toBeGreaterThan(500);
});

test("valid values that are no whole numbers in a row are looked up one by one", () => {
  const type = pinnedPlan.types.find(({ leaves }) =>
    leaves.some(({ quiet_values }) => quiet_values !== null),
  );
  const leaf = type?.leaves.find(({ quiet_values }) => quiet_values !== null);
  if (type === undefined || leaf === undefined) throw new Error("no leaf with valid values");
  const [row] = createQuietRows()({ ...type, leaves: [{ ...leaf, quiet_values: [0, 2, "on"] }] }, undefined);
  const answers = [0, 1, 2, "on", "off"].map((value) => row !== undefined && isQuiet(value, row));
  expect(answers).toEqual([true, false, true, true, false]);
});

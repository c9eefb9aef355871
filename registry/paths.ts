/** Measurement paths: `voltage.phase_a`, `voltage.*`, `frequency`. Written by people, so each fault has its words. */
import { type Fault, nearestName } from "./fault.ts";
import type { PlanField, PlanLeaf } from "../judge/plan.ts";

/** The field that a path names, without asking whether anything declares it; fields.ts gives it its number. */
export function fieldOf(path: string): PlanField {
  const dot = path.indexOf(".");
  return dot < 0
    ? { path, group: path, leaf: "value", field: -1 }
    : { path, group: path.slice(0, dot), leaf: path.slice(dot + 1), field: -1 };
}

/** Indices of the leaves that a path matches: `voltage.*` each of the group, `voltage` too when it has one leaf. */
export function matchLeaves(path: string, leaves: readonly PlanLeaf[]): number[] {
  const group = path.endsWith(".*") ? path.slice(0, -2) : undefined;
  const found: number[] = [];
  leaves.forEach((leaf, index) => {
    const matches =
      group === undefined ? leaf.path === path : leaf.path === group || leaf.path.startsWith(`${group}.`);
    if (matches) found.push(index);
  });
  return found;
}

/** The same, and a fault when there is none. */
export function expectLeaves(
  path: string,
  leaves: readonly PlanLeaf[],
  at: string,
  faults: Fault[],
): number[] {
  const found = matchLeaves(path, leaves);
  if (found.length === 0)
    faults.push(
      undeclared(
        path,
        leaves.map((leaf) => leaf.path),
        at,
      ),
    );
  return found;
}

export function undeclared(path: string, declared: readonly string[], at: string): Fault {
  const group = path.split(".")[0] ?? "";
  const same = declared.filter((other) => other.startsWith(`${group}.`));
  const nearest = nearestName(path, declared);
  let expected = nearest === undefined ? "a measurement path such as voltage.phase_a" : `${nearest}?`;
  if (same.length > 0) expected = `${group}.* or one of ${same.slice(0, 8).join(", ")}`;
  return { path: at, problem: `${JSON.stringify(path)} is not declared`, expected };
}

/** A fault in a registry: where, what is wrong, what would be right. And the words for "did you mean". */
import { nearest } from "../judge/nearest.ts";

export interface Fault {
  /** JSON Pointer into the registry; empty for the whole. */
  path: string;
  problem: string;
  expected: string;
}

/** `/device_types/x/measurements/y: unknown key "unitt"; expected "unit"` */
export function faultText(fault: Fault): string {
  return `${fault.path === "" ? "(registry)" : fault.path}: ${fault.problem}; expected ${fault.expected}`;
}

/** The name of the list that is spelled most like `name`, if one is close enough to be meant. */
export const nearestName = (name: string, names: readonly string[]): string | undefined =>
  nearest(name, names, Math.max(2, Math.floor(name.length / 2)));

/**
 * The names that may have been meant: those that end with the whole word (`power`: active_power, apparent_power), else
 * the one spelled most like it.
 */
export function meantNames(name: string, names: readonly string[]): string[] {
  const ending = names.filter((candidate) => candidate.endsWith(`_${name.toLowerCase()}`));
  if (ending.length > 0 && ending.length <= 6) return ending;
  const meant = nearestName(name, names);
  return meant === undefined ? [] : [meant];
}

/** A fault in a registry: where, what is wrong, what would be right. And the words for "did you mean". */

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
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(name.length / 2));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * The names that may have been meant: those that end with the whole word (`power`: active_power, apparent_power), else
 * the one spelled most like it.
 */
export function meantNames(name: string, names: readonly string[]): string[] {
  const ending = names.filter((candidate) => candidate.endsWith(`_${name.toLowerCase()}`));
  if (ending.length > 0 && ending.length <= 6) return ending;
  const nearest = nearestName(name, names);
  return nearest === undefined ? [] : [nearest];
}

/** Levenshtein's distance; a row that is above `limit` throughout ends it early. */
export function editDistance(a: string, b: string, limit = Number.MAX_VALUE): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const value = Math.min(substituted, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      row.push(value);
      if (value < least) least = value;
    }
    if (least > limit) return least;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

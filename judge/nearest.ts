/**
 * The name that is spelled most like another one, by Levenshtein's distance without regard to case.
 *
 * Ours, since what runs in Connect's engine may bring no package.
 */
import { keepAnswer } from "./kept-answers.ts";
import type { Plan } from "./plan.ts";

const MAX_LENGTH = 64;

/**
 * The type whose key is spelled most like a declared one that the registry lacks; undefined where the name is too long to be a slip.
 * Always some type otherwise: a person sees what there is. A fleet that declares a type nobody registered asks the same again and
 * again: answers are kept.
 */
export function createNearestType(plan: Plan): (declared: string) => string | undefined {
  const kept = new Map<string, string | undefined>();
  return (declared) => {
    if (declared.length > MAX_LENGTH) return undefined;
    if (kept.has(declared)) return kept.get(declared);
    const keys = plan.types.map(({ key }) => key);
    return keepAnswer(kept, declared, nearest(declared, keys, Number.MAX_VALUE));
  };
}

/** Undefined where all are further away than `limit`; the first of those that are equally near. */
export function nearest(name: string, names: readonly string[], limit: number): string | undefined {
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

/** A row that is above `limit` throughout ends it early. */
function editDistance(a: string, b: string, limit: number): number {
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

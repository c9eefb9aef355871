/**
 * The type whose key is spelled most like a declared one that the registry lacks.
 *
 * A fleet that declares a type nobody registered asks the same again and again: answers are kept.
 */
import { editDistance } from "./fault.ts";
import { keptAnswers } from "./kept-answers.ts";
import type { Plan } from "./plan.ts";

const MAX_LENGTH = 64;
const answersFor = keptAnswers<string | undefined>();

/** undefined where the name is too long to be a slip. Always some type otherwise: a person sees what there is. */
export function nearestType(declared: string, plan: Plan): string | undefined {
  if (declared.length > MAX_LENGTH) return undefined;
  const answers = answersFor(plan);
  if (!answers.has(declared)) answers.set(declared, search(declared.toLowerCase(), plan));
  return answers.get(declared);
}

function search(name: string, plan: Plan): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.MAX_VALUE;
  for (const { key } of plan.types) {
    if (Math.abs(key.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name, key.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = key;
      bestDistance = distance;
    }
  }
  return best;
}

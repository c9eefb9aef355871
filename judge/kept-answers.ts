/** Answers that follow from the plan and a text alone, kept for the plan at hand: that changes the cost, never the answer. */
import type { Plan } from "./plan.ts";

/** A few hundred; then all are forgotten, so that no sender can fill the memory. */
const MAX_KEPT = 256;

/** In: nothing. Out: gives the answers kept for a plan, with room for one more. */
export function keptAnswers<Answer>(): (plan: Plan) => Map<string, Answer> {
  let at: Plan | undefined;
  let answers = new Map<string, Answer>();
  return (plan) => {
    if (at !== plan || answers.size >= MAX_KEPT) {
      at = plan;
      answers = new Map();
    }
    return answers;
  };
}

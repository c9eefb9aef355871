/** A judge of one plan after another, as tests ask it: each plan has one for all messages, as in a host. */
import { createJudge, type Judge } from "./judge.ts";
import type { Plan } from "./plan.ts";
import type { RecordSource, Verdict } from "./verdict.ts";

const made = new WeakMap<Plan, Judge>();

export function judge(message: Record<string, unknown>, source: RecordSource, plan: Plan): Verdict {
  const one = made.get(plan) ?? createJudge(plan);
  made.set(plan, one);
  return one(message, source);
}

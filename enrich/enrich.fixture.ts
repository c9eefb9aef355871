/** `enrich()` of one plan after another, as tests ask it: each plan has one for all that it is asked, as in a host. */
import type { Plan } from "../judge/plan.ts";
import { createEnrich, type Enrich, type Source } from "./enrich.ts";

const made = new WeakMap<Plan, Enrich>();

export function enrich(text: string, source: Source, plan: Plan, now: number): ReturnType<Enrich> {
  const one = made.get(plan) ?? createEnrich(plan);
  made.set(plan, one);
  return one(text, source, now);
}

/**
 * Judges a parsed message: what its type is, what is missing or out of range, its grade, its canonical form.
 *
 * In: the parsed object, the record's key and timestamp, the plan. Out: a Verdict with JSON fragments to splice.
 * Errors: none thrown; what cannot be enriched is a DeadLetter (`schema`, `key_mismatch`, `bad_timestamp`).
 * Pure: no clock, no memory of other messages. Source: design.md sections 3, 5, 6.
 */
import type { Plan } from "./plan.ts";
import type { RecordSource, Verdict } from "./verdict.ts";

export function judge(message: Record<string, unknown>, source: RecordSource, plan: Plan): Verdict {
  // The seam first: the rules come in the next commits.
  return {
    ok: false,
    reason: "internal",
    path: "",
    message: `not yet: ${plan.version} ${source.timestamp} ${Object.keys(message).length}`,
  };
}

/** Small lines over the last hour or less: steps that can be told apart at 90 px; null where nothing is known. */
import { lastHeard, type ViewModel } from "./view.ts";

export type Trend = (number | null)[];

/** Means of `each` values; null where none of them is known. */
export function thinned(values: Trend, each: number): Trend {
  return Array.from({ length: Math.floor(values.length / each) }, (_, i) => {
    const known = values.slice(i * each, (i + 1) * each).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
  });
}

/** Minutes of the grade's tally that make one point. */
const EACH = 3;

/** Share of messages graded GOOD in the last hour, by three minutes. */
export function goodTrend(view: ViewModel, now: number): Trend {
  const { slots, stepMs } = view.tallies.grade;
  const newest = Math.floor(lastHeard(view, now) / stepMs);
  const bySteps = new Map(slots.map(({ step, counts }) => [step, counts]));
  return Array.from({ length: slots.length / EACH }, (_, i) => {
    const first = newest - slots.length + 1 + i * EACH;
    let good = 0;
    let all = 0;
    for (let step = first; step < first + EACH; step++)
      for (const [grade, times] of bySteps.get(step) ?? []) {
        all += times;
        if (grade === "GOOD") good += times;
      }
    return all === 0 ? null : good / all;
  });
}

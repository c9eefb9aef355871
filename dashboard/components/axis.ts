/**
 * The scales of a chart, the same in the picture that the server draws and where assets/charts.ts takes it over.
 *
 * In: the greatest value, or the first and last time. Out: where the lines and labels stand, and their words.
 */
import { clockMinutes, clockSeconds, count, latency } from "../format.ts";

/** How many grid lines a chart has beside the one at zero. */
export const GRID_LINES = 4;
/** Times a power of ten; those that four lines divide into whole numbers. */
const TOPS = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8];

/** The next of 4, 8, 12, 16, 20, 24, 32, 40, 60, 80, 100, 120 …: grid lines on whole numbers, and at most a third of it empty. */
export function niceTop(most: number): number {
  const enough = Math.max(GRID_LINES, most * 1.05);
  for (let power = 1; ; power *= 10)
    for (const step of TOPS) {
      const top = Math.round(step * power);
      if (top >= enough && top % GRID_LINES === 0) return top;
    }
}

/** What the values are: a number of messages, or ms. */
export type Unit = "count" | "ms";

const THOUSAND = 1_000;

/** Short enough for the margin: "2,500", "400 k", "1.2 M"; ms as the caption says them. */
export function axisWords(value: number, unit: Unit): string {
  if (unit === "ms") return latency(value).replace(/\.0 s$/, " s");
  if (value < 10 * THOUSAND) return count(value);
  return value < THOUSAND * THOUSAND
    ? `${round(value / THOUSAND)} k`
    : `${round(value / THOUSAND / THOUSAND)} M`;
}

const round = (value: number): string => String(Number(value.toPrecision(3)));

/** Between labels, s. */
const STEPS_S = [1, 5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1_800, 3_600];
const MOST_LABELS = 6;
const SECONDS_UP_TO_MS = 300_000;
/** The share of the width beyond which a label would be cut. */
const EDGE = 0.97;

/** Round times between the first and the last, ms: at most six. */
export function timeTicks(from: number, to: number): number[] {
  const span = to - from;
  const stepS = STEPS_S.find((step) => span / (step * THOUSAND) <= MOST_LABELS - 1) ?? span / THOUSAND;
  const step = stepS * THOUSAND;
  const first = Math.ceil(from / step) * step;
  const ticks: number[] = [];
  for (let at = first; step > 0 && at <= from + span * EDGE; at += step) ticks.push(at);
  return ticks;
}

/** A chart never has fewer steps. */
const LEAST_STEPS = 12;

/** The time at its left end, ms: what was before anything was known takes no room. `last`: start of the newest step. */
export const drawnFrom = (begin: number, last: number, stepMs: number, spanMs: number): number =>
  Math.max(
    last - spanMs + stepMs,
    Math.min(Math.ceil(begin / stepMs) * stepMs, last - (LEAST_STEPS - 1) * stepMs),
  );

/** A time under a chart of this width. */
export const timeWords = (at: number, spanMs: number): string =>
  spanMs <= SECONDS_UP_TO_MS ? clockSeconds(at) : clockMinutes(at);

/** Finds the values that stand alone between two gaps: no line leads to them, so each gets a mark of its own. */
export const alone = (values: ArrayLike<number | null | undefined>): number[] =>
  Array.from(values, (_, i) => i).filter(
    (i) => values[i] != null && values[i - 1] == null && values[i + 1] == null,
  );

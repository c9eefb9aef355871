/** The message rate as a series for the chart: per minute, in steps of a range. */
import type { ApiTopic } from "../schemas/api.ts";
import { API_TOPICS } from "../schemas/api.ts";
import { COLUMN, type ViewModel } from "./view.ts";
import { sum } from "./window.ts";

export const RANGES = {
  "1": { name: "1 min", spanMs: 60_000, stepMs: 1_000, steps: "1 s" },
  "5": { name: "5 min", spanMs: 300_000, stepMs: 5_000, steps: "5 s" },
  "15": { name: "15 min", spanMs: 900_000, stepMs: 5_000, steps: "5 s" },
  "60": { name: "1 h", spanMs: 3_600_000, stepMs: 30_000, steps: "30 s" },
} as const;
export type RangeName = keyof typeof RANGES;
export const DEFAULT_RANGE: RangeName = "15";

/** The seconds are kept for 15 minutes only. */
const SECONDS_SPAN_MS = 900_000;
/** A message needs a moment from the broker to here: the step that may still grow is not shown. */
const GRACE_MS = 1_000;
const MINUTE_MS = 60_000;

export interface Series {
  /** Start of the first step, ms. */
  from: number;
  stepMs: number;
  /** Messages per minute; null where it is not known. */
  values: Record<ApiTopic, (number | null)[]>;
}

/** The last `steps` complete steps of the range, or all of them. */
export function seriesOf(
  view: ViewModel,
  range: RangeName,
  now: number,
  steps = Number.POSITIVE_INFINITY,
): Series {
  const { spanMs, stepMs } = RANGES[range];
  const end = Math.floor((now - GRACE_MS) / stepMs) * stepMs;
  const length = Math.min(steps, spanMs / stepMs);
  const from = end - length * stepMs;
  const buckets = spanMs <= SECONDS_SPAN_MS ? view.seconds : view.tens;
  // Unknown is no zero: before the read-back began, and since the brokers were last heard.
  const knownFrom = view.coveredFrom ?? Number.POSITIVE_INFINITY;
  const knownTo = view.kafka.connected ? now : view.kafka.answered;
  const values = Object.fromEntries(
    API_TOPICS.map((topic) => [
      topic,
      Array.from({ length }, (_, i) => {
        const start = from + i * stepMs;
        if (start < knownFrom || start + stepMs > knownTo) return null;
        return Math.round((sum(buckets, start, start + stepMs, COLUMN[topic]) * MINUTE_MS) / stepMs);
      }),
    ]),
  ) as Series["values"];
  return { from, stepMs, values };
}

export interface Summary {
  last: number | null;
  least: number;
  most: number;
  /** Messages in the whole range. */
  total: number;
}

export function summaryOf(series: Series, topic: ApiTopic): Summary {
  const known = series.values[topic].filter((value) => value !== null);
  return {
    last: series.values[topic].at(-1) ?? null,
    least: known.length === 0 ? 0 : Math.min(...known),
    most: known.length === 0 ? 0 : Math.max(...known),
    total: Math.round((known.reduce((a, b) => a + b, 0) * series.stepMs) / MINUTE_MS),
  };
}

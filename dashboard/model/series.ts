/** What the charts draw: values by step of a range; null where nothing is known. */
import { duration } from "../format.ts";
import { API_TOPICS, type ApiTopic } from "../../schemas/api.ts";
import { COLUMN, knownFrom, lastHeard, type ViewModel } from "./view.ts";
import { type Buckets, quantiles, sum } from "./window.ts";

export const RANGES = {
  "1": { name: "1 min", spanMs: 60_000, stepMs: 1_000, steps: "1 s" },
  "5": { name: "5 min", spanMs: 300_000, stepMs: 5_000, steps: "5 s" },
  "15": { name: "15 min", spanMs: 900_000, stepMs: 5_000, steps: "5 s" },
  "60": { name: "1 h", spanMs: 3_600_000, stepMs: 30_000, steps: "30 s" },
} as const;
export type RangeName = keyof typeof RANGES;
export const DEFAULT_RANGE: RangeName = "15";
export const RANGE_NAMES = Object.keys(RANGES) as RangeName[];

/** Complete steps that every frame repeats, so that a lost frame leaves no hole and a late message is counted. */
export const REPEATED_STEPS = 6;
/** A message needs a moment from the broker to here: the step that may still grow is not shown. */
const GRACE_MS = 1_000;
const MINUTE_MS = 60_000;

export interface Series<Name extends string = string> {
  /** Start of the first step, ms. */
  from: number;
  stepMs: number;
  /** When something began to be known in the range, ms. */
  begin: number;
  values: Record<Name, (number | null)[]>;
}

/** Messages per minute, for the last `steps` complete steps of the range, or all of them. */
export function rateSeries(
  view: ViewModel,
  range: RangeName,
  now: number,
  steps = Number.POSITIVE_INFINITY,
): Series<ApiTopic> {
  const { stepMs } = RANGES[range];
  const buckets = bucketsOf(view, stepMs);
  const { from, begin, starts } = stepsOf(view, range, stepMs, now, steps);
  const known = starts.map((start) => isKnown(view, start, start + stepMs, now));
  const values = Object.fromEntries(
    API_TOPICS.map((topic) => [
      topic,
      starts.map((start, i) =>
        known[i]
          ? Math.round((sum(buckets, start, start + stepMs, COLUMN[topic]) * MINUTE_MS) / stepMs)
          : null,
      ),
    ]),
  ) as Record<ApiTopic, (number | null)[]>;
  return { from, stepMs, begin, values };
}

export const SHARES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
export type ShareName = keyof typeof SHARES;
/** Latencies are kept by ten seconds. */
const LATENCY_STEP_MS = 10_000;

/** Raw record to enrichment, ms; null also where nothing was enriched. */
export function latencySeries(
  view: ViewModel,
  range: RangeName,
  now: number,
  steps = Number.POSITIVE_INFINITY,
): Series<ShareName> {
  const stepMs = Math.max(LATENCY_STEP_MS, RANGES[range].stepMs);
  const { from, begin, starts } = stepsOf(view, range, stepMs, now, steps);
  const names = Object.keys(SHARES) as ShareName[];
  const found = starts.map((start) =>
    isKnown(view, start, start + stepMs, now)
      ? quantiles(view.latency, start, start + stepMs, Object.values(SHARES))
      : undefined,
  );
  const values = Object.fromEntries(
    names.map((name, i) => [
      name,
      found.map((at) => (at?.[i] === undefined ? null : Math.round(at[i] * 10) / 10)),
    ]),
  ) as Record<ShareName, (number | null)[]>;
  return { from, stepMs, begin, values };
}

function stepsOf(view: ViewModel, range: RangeName, stepMs: number, now: number, steps: number) {
  const end = Math.floor((now - GRACE_MS) / stepMs) * stepMs;
  const length = Math.min(steps, Math.floor(RANGES[range].spanMs / stepMs));
  const from = end - length * stepMs;
  const begin = Math.min(end, Math.max(end - RANGES[range].spanMs, knownFrom(view)));
  return { from, begin, starts: Array.from({ length }, (_, i) => from + i * stepMs) };
}

/** Unknown is no zero: before the read-back or the flow itself began, since the brokers were last heard, and in an outage that is over. */
function isKnown(view: ViewModel, start: number, end: number, now: number): boolean {
  if (start < knownFrom(view) || end > lastHeard(view, now)) return false;
  const wasAway = view.kafka.outages.some(({ from, to }) => start < to && end > from);
  // What was written meanwhile, or had its time from before, is read afterwards.
  return !wasAway || hasAny(view, start, end);
}

/** The seconds are kept for 15 minutes only: ranges beyond have steps of tens. */
const bucketsOf = (view: ViewModel, stepMs: number): Buckets =>
  stepMs < view.tens.stepMs ? view.seconds : view.tens;

const hasAny = (view: ViewModel, start: number, end: number): boolean =>
  Object.values(COLUMN).some((column) => sum(bucketsOf(view, end - start), start, end, column) > 0);

/** What a sum over a range is over: "15 min", or what is known of it, "2 min 5 s". */
export function spanWords({ from, stepMs, begin, values }: Series, range: RangeName): string {
  const steps = Object.values(values)[0]?.length ?? 0;
  // A read-back of an hour covers all but the first step of one.
  return begin - from < 2 * stepMs ? RANGES[range].name : duration(from + steps * stepMs - begin);
}

export interface Summary {
  last: number | null;
  least: number;
  most: number;
  /** For values per minute: how many there were in the whole range. */
  total: number;
}

export function summaryOf<Name extends string>(series: Series<Name>, name: Name): Summary {
  const known = series.values[name].filter((value) => value !== null);
  return {
    last: series.values[name].at(-1) ?? null,
    least: known.length === 0 ? 0 : Math.min(...known),
    most: known.length === 0 ? 0 : Math.max(...known),
    total: Math.round((known.reduce((a, b) => a + b, 0) * series.stepMs) / MINUTE_MS),
  };
}

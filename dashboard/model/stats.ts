/** The numbers of `/api/stats`, which the statistics grid shows too, so that both agree. */
import type { ApiTopic, Stats } from "../../schemas/api.ts";
import { type Device, HOUR_MS, isSilent } from "./devices.ts";
import { COLUMN, judgedUntil, knownFrom, lastHeard, total, type ViewModel } from "./view.ts";
import { iso } from "../format.ts";
import type { Trend } from "./trends.ts";
import { quantiles, sum, tallied } from "./window.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const TREND_STEPS = 24;

export function statsOf(view: ViewModel, now: number): Stats {
  const time = (ms: number | undefined) => (ms === undefined ? null : iso(ms));
  return {
    total_raw_messages: total(view, "raw"),
    total_enriched_messages: total(view, "enriched"),
    total_dead_letters: total(view, "dlq"),
    last_raw_message_time: time(view.topics.raw.last),
    last_enriched_message_time: time(view.topics.enriched.last),
    devices_by_type: Object.fromEntries([...devicesByType(view)].map(([type, list]) => [type, list.length])),
    kafka_connected: view.kafka.connected,
    data_quality: qualityOf(view, now),
  };
}

function qualityOf(view: ViewModel, now: number): Stats["data_quality"] {
  const grades = tallied(view.tallies.grade, now);
  const [good, uncertain, bad] = ["GOOD", "UNCERTAIN", "BAD"].map((grade) => grades.get(grade) ?? 0) as [
    number,
    number,
    number,
  ];
  const messages = good + uncertain + bad;
  return {
    window: "PT1H",
    messages,
    good,
    uncertain,
    bad,
    good_percent: messages === 0 ? null : Math.round((good / messages) * 1000) / 10,
    findings: Object.fromEntries(tallied(view.tallies.code, now)),
  };
}

/** Types by number of devices, most first, unknown last; devices by id. */
export function devicesByType(view: ViewModel): Map<string, Device[]> {
  const groups = Map.groupBy(view.devices.values(), (device) => device.type);
  const order = ([type, list]: [string, Device[]]) => (type === "unknown" ? 1 : -list.length);
  const sorted = [...groups].sort((a, b) => order(a) - order(b) || (a[0] < b[0] ? -1 : 1));
  for (const [, list] of sorted) list.sort((a, b) => (a.id < b.id ? -1 : 1));
  return new Map(sorted);
}

/** How the fleet stands, for the last figure of the grid. */
export function fleetOf(view: ViewModel, now: number) {
  const until = judgedUntil(view, now);
  let silent = 0;
  let unknown = 0;
  for (const device of view.devices.values()) {
    if (isSilent(device, until, view.rhythms)) silent++;
    if (device.type === "unknown") unknown++;
  }
  return { seen: view.devices.size, reporting: view.devices.size - silent, silent, unknown };
}

/** What a rate of now is a mean over, ms: the last minute in which the brokers were heard, or what is known of it. */
export const rateSpan = (view: ViewModel, now: number): number =>
  Math.min(MINUTE_MS, Math.max(0, lastHeard(view, now) - knownFrom(view)));

/** Messages of a topic a second, over `rateSpan`; undefined while that is too short to tell. */
export function rateNow(view: ViewModel, now: number, topic: ApiTopic = "raw"): number | undefined {
  const span = rateSpan(view, now);
  const until = lastHeard(view, now);
  return span < SECOND_MS
    ? undefined
    : sum(view.seconds, until - span, until, COLUMN[topic]) / (span / SECOND_MS);
}

const LATENCY_SPAN_MS = 5 * 60_000;
/** Raw record to enrichment, ms, over the last five minutes in which the brokers were heard. */
export function latencyNow(view: ViewModel, now: number): { p50: number; p95: number } | undefined {
  const until = lastHeard(view, now);
  const [p50, p95] = quantiles(view.latency, until - LATENCY_SPAN_MS, until, [0.5, 0.95]) ?? [];
  return p50 === undefined || p95 === undefined ? undefined : { p50, p95 };
}

/** Dead letters in the last hour, by reason. */
export const deadLetters = (view: ViewModel, now: number): Map<string, number> =>
  tallied(view.tallies.reason, now);

/** Messages in the last hour by step of 2.5 minutes, up to the last complete ten seconds: the small lines in the grid. */
export function trend(view: ViewModel, now: number, column: number): Trend {
  const { tens } = view;
  const end = Math.floor(lastHeard(view, now) / tens.stepMs) * tens.stepMs;
  const step = HOUR_MS / TREND_STEPS;
  return Array.from({ length: TREND_STEPS }, (_, i) => {
    const to = end - (TREND_STEPS - 1 - i) * step;
    return to - step < knownFrom(view) - tens.stepMs ? null : sum(tens, to - step, to, column);
  });
}

export interface TypeNumbers {
  key: string;
  name: string;
  category: string;
  devices: number;
  messages: number;
  good: number;
  uncertain: number;
  bad: number;
  findings: Record<string, number>;
}

/** The types of the registry, in its order, with what was heard of them in the last hour. */
export function typeNumbers(view: ViewModel, now: number): Map<string, TypeNumbers> {
  const messages = tallied(view.tallies.type, now);
  const devices = devicesByType(view);
  const typed = new Map<string, Record<string, number>>();
  for (const [name, times] of tallied(view.tallies.typed, now)) {
    const at = name.indexOf("\n");
    const key = name.slice(0, at);
    const counts = typed.get(key) ?? Object.create(null);
    counts[name.slice(at + 1)] = times;
    typed.set(key, counts);
  }
  return new Map(
    (view.catalog?.plan.types ?? []).map(({ key, name, category }) => {
      const { GOOD = 0, UNCERTAIN = 0, BAD = 0, ...findings } = typed.get(key) ?? {};
      const numbers = {
        key,
        name,
        category,
        devices: devices.get(key)?.length ?? 0,
        messages: messages.get(key) ?? 0,
        good: GOOD,
        uncertain: UNCERTAIN,
        bad: BAD,
        findings,
      };
      return [key, numbers] as const;
    }),
  );
}

/** How numbers, times and ages read; the same on the server and in the browser. */

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** 4182907 -> "4,182,907" */
export const count = (value: number): string => whole.format(value);

/** 7.61 -> "7.6", 456.2 -> "456": one decimal where it tells something. */
export const rate = (value: number | undefined): string =>
  value === undefined
    ? "–"
    : value === 0
      ? "0"
      : value < 0.1
        ? value.toFixed(2)
        : value < 100
          ? value.toFixed(1)
          : whole.format(value);

/** A share of 1 in per cent; never "100" or "0" for what is not quite all or nothing. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return String(share * 100);
  const text = (share * 100).toFixed(1);
  if (text === "100.0") return "99.9";
  return text === "0.0" ? "<0.1" : text;
}

/** How long something is: "0.3 s", "42 s", "3 min 12 s", "2 h 5 min", "6 d 4 h". */
export function duration(ms: number): string {
  const value = Math.max(0, ms);
  if (value < 10 * SECOND_MS) return `${(Math.floor(value / 100) / 10).toFixed(1)} s`;
  if (value < MINUTE_MS) return `${Math.floor(value / SECOND_MS)} s`;
  if (value < HOUR_MS) return two(value, MINUTE_MS, "min", SECOND_MS, "s");
  if (value < DAY_MS) return two(value, HOUR_MS, "h", MINUTE_MS, "min");
  return two(value, DAY_MS, "d", HOUR_MS, "h");
}

function two(value: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((value % large) / small);
  return `${Math.floor(value / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** A latency: "4 ms", "1.3 s". */
export const latency = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : duration(ms));

const valid = (ms: number): boolean => Math.abs(ms) <= 8.64e15;
export const iso = (ms: number): string => (valid(ms) ? new Date(ms).toISOString() : "out of range");
/** "14:27:11.902" (UTC) */
export const clock = (ms: number): string => (valid(ms) ? iso(ms).slice(-13, -1) : "out of range");
/** "14:27:11" (UTC) */
export const clockSeconds = (ms: number): string => clock(ms).slice(0, 8);
/** "14:27" (UTC) */
export const clockMinutes = (ms: number): string => clock(ms).slice(0, 5);
/** "2026-11-24 14:27:11.902 UTC", for titles */
export const exact = (ms: number): string =>
  valid(ms) ? `${iso(ms).replace("T", " ").slice(0, -1)} UTC` : "out of range";

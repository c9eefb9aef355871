/**
 * The device's claim of when it measured, and how it stands to the record timestamp.
 *
 * In: the message, its shape. Out: ms since 1970, or nothing claimed, or a claim that is no time.
 * Findings: timestamp.missing, .assumed_utc, .unix, .ahead, .late. Source: design.md section 3, "Time".
 */
import type { Finding } from "../schemas/enriched.ts";
import { typeName } from "./identity.ts";
import type { PlanShape } from "./plan.ts";
import { readPointer } from "./pointer.ts";
import { namesZone, type ParseIso, parseUnix, parseUnixMs, parseUnixSeconds } from "./time.ts";
import { addFinding } from "./values.ts";
import { shown } from "./words.ts";

/** More than this before or after the record timestamp is late or ahead. */
export const TOLERANCE_MS = 5 * 60_000;

export interface Claim {
  path: string;
  /** undefined: nothing is claimed. NaN: what stands there is no time, a dead letter where the message is ours to judge. */
  ms: number | undefined;
  /** How the time was understood, where that is worth a word. */
  note: "timestamp.assumed_utc" | "timestamp.unix" | undefined;
}

const EXPECTED = "ISO 8601 or a Unix time in s or ms";

/** From the shape's pointer, else the field `timestamp`. */
export function claimOf(
  message: Record<string, unknown>,
  shape: PlanShape | undefined,
  parseIso: ParseIso,
): Claim {
  const at = shape?.timestamp ?? null;
  if (at !== null) return readClaim(readPointer(message, at.path), at.pointer, at.format, parseIso);
  return readClaim(message.timestamp, "/timestamp", undefined, parseIso);
}

type Format = NonNullable<PlanShape["timestamp"]>["format"] | undefined;

function readClaim(value: unknown, path: string, format: Format, parseIso: ParseIso): Claim {
  if (value === undefined || value === null) return { path, ms: undefined, note: undefined };
  const ms = format === undefined ? Number.NaN : readByFormat(value, format);
  if (!Number.isNaN(ms)) return { path, ms, note: undefined };
  if (typeof value === "string") {
    const note = namesZone(value) ? undefined : "timestamp.assumed_utc";
    return { path, ms: parseIso(value), note };
  }
  if (typeof value === "number") return { path, ms: parseUnix(value), note: "timestamp.unix" };
  return { path, ms: Number.NaN, note: undefined };
}

/** What is wrong with a claim that is no time, and what was expected. */
export function wordsForClaim(message: Record<string, unknown>, shape: PlanShape | undefined): string {
  const at = shape?.timestamp ?? null;
  const value = at === null ? message.timestamp : readPointer(message, at.path);
  const expected = at === null ? EXPECTED : `${EXPECTED} (the shape says ${at.format})`;
  return `${describe(value)}; expected ${expected}`;
}

/** Numbers may be sent as strings where the shape says that they are Unix times. */
function readByFormat(value: unknown, format: NonNullable<Format>): number {
  if (format === "iso") return Number.NaN;
  const isDigits = typeof value === "string" && /^[0-9]{1,16}([.][0-9]{1,9})?$/.test(value);
  const number = typeof value === "number" ? value : isDigits ? Number(value) : Number.NaN;
  return format === "unix_s" ? parseUnixSeconds(number) : parseUnixMs(number);
}

function describe(value: unknown): string {
  if (typeof value === "string") return `${JSON.stringify(shown(value))} is not a time`;
  return typeof value === "number"
    ? "the number is not a time in the years 2000 to 2100"
    : `${typeName(value)} is not a time`;
}

/** Returns timestamp_valid: false exactly with timestamp.missing or timestamp.ahead. */
export function judgeClaim(claim: Claim, recordMs: number, findings: Finding[]): boolean {
  const { path, ms, note } = claim;
  if (ms === undefined || Number.isNaN(ms)) {
    addFinding(findings, "timestamp.missing", "uncertain", path, EXPECTED);
    return false;
  }
  if (note !== undefined) addFinding(findings, note, "info", path);
  if (ms - recordMs > TOLERANCE_MS) {
    addFinding(findings, "timestamp.ahead", "uncertain", path, "at most 5 min after the record timestamp");
    return false;
  }
  if (recordMs - ms > TOLERANCE_MS)
    addFinding(findings, "timestamp.late", "uncertain", path, "at most 5 min before the record timestamp");
  return true;
}

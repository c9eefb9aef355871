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
import { namesZone, parseIso, parseUnix, parseUnixMs, parseUnixSeconds } from "./time.ts";
import { addFinding } from "./values.ts";
import { shown } from "./words.ts";

/** More than this before or after the record timestamp is late or ahead. */
export const TOLERANCE_MS = 5 * 60_000;

export interface Claim {
  path: string;
  /** undefined: nothing is claimed. */
  ms: number | undefined;
  /** What stands there is no time: a dead letter where the message is ours to judge. */
  bad: boolean;
  assumedUtc: boolean;
  /** A number whose unit was told by its size. */
  unix: boolean;
  problem: string;
  expected: string;
}

const EXPECTED = "ISO 8601 or a Unix time in s or ms";

/** From the shape's pointer, else the field `timestamp`. */
export function claimOf(message: Record<string, unknown>, shape: PlanShape | undefined): Claim {
  const at = shape?.timestamp ?? null;
  if (at !== null) return readClaim(readPointer(message, at.path), at.pointer, at.format);
  return readClaim(message.timestamp, "/timestamp", undefined);
}

type Format = NonNullable<PlanShape["timestamp"]>["format"] | undefined;

function readClaim(value: unknown, path: string, format: Format): Claim {
  const claim: Claim = {
    path,
    ms: undefined,
    bad: false,
    assumedUtc: false,
    unix: false,
    problem: "",
    expected: EXPECTED,
  };
  if (value === undefined || value === null) return claim;
  let ms = readByFormat(value, format);
  if (Number.isNaN(ms) && typeof value === "string") {
    ms = parseIso(value);
    claim.assumedUtc = !Number.isNaN(ms) && !namesZone(value);
  } else if (Number.isNaN(ms) && typeof value === "number") {
    ms = parseUnix(value);
    claim.unix = true;
  }
  claim.ms = ms;
  if (Number.isNaN(ms)) {
    claim.bad = true;
    claim.problem = describe(value);
    if (format !== undefined) claim.expected = `${EXPECTED} (the shape says ${format})`;
  }
  return claim;
}

/** Numbers may be sent as strings where the shape says that they are Unix times. */
function readByFormat(value: unknown, format: Format): number {
  if (format !== "unix_s" && format !== "unix_ms") return Number.NaN;
  const isDigits = typeof value === "string" && /^[0-9]{1,16}([.][0-9]{1,9})?$/.test(value);
  const number = typeof value === "number" ? value : isDigits ? Number(value) : Number.NaN;
  return format === "unix_s" ? parseUnixSeconds(number) : parseUnixMs(number);
}

function describe(value: unknown): string {
  if (typeof value === "string") return `${JSON.stringify(shown(value))} is no time`;
  return typeof value === "number"
    ? "the number is no time of the years 2000 to 2100"
    : `${typeName(value)} is no time`;
}

/** Returns timestamp_valid: false exactly with timestamp.missing or timestamp.ahead. */
export function judgeClaim(claim: Claim, recordMs: number, findings: Finding[]): boolean {
  const { path, ms } = claim;
  if (ms === undefined || claim.bad) {
    addFinding(findings, "timestamp.missing", "uncertain", path, EXPECTED);
    return false;
  }
  if (claim.assumedUtc) addFinding(findings, "timestamp.assumed_utc", "info", path);
  if (claim.unix) addFinding(findings, "timestamp.unix", "info", path);
  if (ms - recordMs > TOLERANCE_MS) {
    addFinding(findings, "timestamp.ahead", "uncertain", path, "at most 5 min after the record timestamp");
    return false;
  }
  if (recordMs - ms > TOLERANCE_MS)
    addFinding(findings, "timestamp.late", "uncertain", path, "at most 5 min before the record timestamp");
  return true;
}

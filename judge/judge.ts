/**
 * Judges a parsed message: what its type is, what is missing or out of range, its grade, its canonical form.
 *
 * In: a plan; then each parsed object with its record's key and timestamp. Out: a Verdict with JSON fragments to splice.
 * Errors: none thrown; what cannot be enriched is a DeadLetter (`schema`, `key_mismatch`, `bad_timestamp`).
 * Pure: no clock, no memory of other messages; what a judge keeps follows from its plan, and goes with it.
 * Source: design.md sections 3, 5, 6.
 */
import type { Detection, Finding, Grade } from "../schemas/enriched.ts";
import { judgeChecks } from "./checks.ts";
import { contradiction, createDetect, type Detected, detectionJson } from "./detect.ts";
import { identify, typeName } from "./identity.ts";
import { createDeviceMetadata, UNKNOWN_METADATA } from "./metadata.ts";
import { createNearestType } from "./nearest.ts";
import { createChooseNominal } from "./nominal.ts";
import type { Plan, PlanShape, PlanType } from "./plan.ts";
import { createQuietRows } from "./quiet.ts";
import { extract, findShape, nearestShape, normalizedJson } from "./shape.ts";
import { createParseIso, parseIso } from "./time.ts";
import { claimOf, judgeClaim, wordsForClaim } from "./timestamp.ts";
import { addFinding, isRecord, judgeValues, type SourcePointers, type Values } from "./values.ts";
import type { RecordSource, Verdict } from "./verdict.ts";
import { shown } from "./words.ts";

export type Judge = (message: Record<string, unknown>, source: RecordSource) => Verdict;

export function createJudge(plan: Plan): Judge {
  const parts = partsOf(plan);
  return (message, source) => judge(message, source, parts);
}

/** The plan, and what keeps answers that follow from it. */
const partsOf = (plan: Plan) => ({
  plan,
  detect: createDetect(plan),
  nearestType: createNearestType(plan),
  chooseNominal: createChooseNominal(plan),
  quietRows: createQuietRows(),
  deviceMetadata: createDeviceMetadata(),
  parseIso: createParseIso(),
});
type Parts = ReturnType<typeof partsOf>;

function judge(message: Record<string, unknown>, source: RecordSource, parts: Parts): Verdict {
  const { plan } = parts;
  // No name that is read here is on Object.prototype: what is found was sent.
  const sent = message.measurements;
  const ownForm = isRecord(sent);
  const shape = findShape(message, ownForm, plan);
  if (sent !== undefined && !ownForm && shape === undefined)
    return {
      ok: false,
      reason: "schema",
      path: "/measurements",
      message: `measurements is ${typeName(sent)}; expected an object`,
    };
  const deviceId = identify(message, shape, source);
  if (typeof deviceId !== "string") return deviceId;
  const claim = claimOf(message, shape, parts.parseIso);
  const isTime = !Number.isNaN(claim.ms);
  if (!isTime && (ownForm || shape !== undefined))
    return { ok: false, reason: "bad_timestamp", path: claim.path, message: wordsForClaim(message, shape) };

  const findings: Finding[] = [];
  if (source.key === null || source.key === "") addFinding(findings, "key.missing", "info", "");
  const timely = judgeClaim(claim, source.timestamp, findings);
  const input = inputOf(message, sent, shape, findings);
  const decided = decideType(message, input, shape, parts, findings);
  const { type } = decided;
  let completeness = 0;
  if (type !== undefined) {
    const nominal = parts.chooseNominal(input.measurements, type, deviceId);
    const rows = parts.quietRows(type, nominal);
    const partial = shape?.partial === true;
    const look = { type, nominal, places: input.places, partial, findings };
    const there = judgeValues(input.measurements, look, rows);
    judgeChecks(input.measurements, type, input.places, findings);
    completeness = type.required === 0 ? 100 : Math.floor((100 * there) / type.required);
  }
  const timestamp = isTime ? claim.ms : undefined;
  return {
    ok: true,
    device_id: deviceId,
    device_type: type === undefined ? "unknown" : type.key,
    type,
    shape,
    device_metadata: type === undefined ? UNKNOWN_METADATA : parts.deviceMetadata(type, message),
    measurement_metadata: type === undefined ? "{}" : type.measurement_json,
    normalized: input.json === undefined ? undefined : normalizedJson(deviceId, timestamp, input.json),
    detection: decided.detection,
    detection_json: decided.json ?? detectionJson(decided.detection),
    timestamp,
    timestamp_valid: timely,
    measurements_complete: completeness === 100,
    completeness,
    enrichment_success: type !== undefined,
    grade: gradeOf(findings, type !== undefined),
    findings,
  };
}

/** The time that the message itself claims, ms; undefined if it claims none. Examples and `explain` judge at it. */
export function ownTime(message: Record<string, unknown>, plan: Plan): number | undefined {
  const shape = findShape(message, isRecord(message.measurements), plan);
  const claim = claimOf(message, shape, parseIso);
  return Number.isNaN(claim.ms) ? undefined : claim.ms;
}

interface Input {
  measurements: Values;
  /** Only of a vendor's shape. */
  places: SourcePointers | undefined;
  /** JSON text of the canonical measurements. */
  json: string | undefined;
  /** Neither measurements of our own form nor a shape. */
  strange: boolean;
}

const NOTHING: Readonly<Values> = {};

function inputOf(
  message: Record<string, unknown>,
  sent: unknown,
  shape: PlanShape | undefined,
  findings: Finding[],
): Input {
  if (shape !== undefined) {
    const { measurements, places, json } = extract(message, shape, findings);
    return { measurements, places, json, strange: false };
  }
  const own = isRecord(sent);
  return { measurements: own ? sent : NOTHING, places: undefined, json: undefined, strange: !own };
}

interface Decided {
  type: PlanType | undefined;
  detection: Detection;
  /** JSON text of detection where the plan has it ready. */
  json?: string;
}

/** Declared in the message, else by the shape, else detected; a declared type is never replaced by a guess. */
function decideType(
  message: Record<string, unknown>,
  input: Input,
  shape: PlanShape | undefined,
  parts: Parts,
  findings: Finding[],
): Decided {
  const { plan } = parts;
  const declared = message.device_type;
  if (typeof declared === "string" && Object.hasOwn(plan.type_index, declared)) {
    const type = plan.types[plan.type_index[declared] ?? -1];
    if (type !== undefined) return takeDeclared(type, input, shape?.partial === true, parts, findings);
  }
  if (shape !== undefined) return decideByShape(input, shape, parts);
  if (declared !== undefined && declared !== null) return refuseDeclared(declared, parts, findings);
  if (input.strange) {
    const nearest = nearestShape(message, plan);
    return none([
      "there is no measurements object, and no shape fits the message",
      ...(nearest === undefined ? [] : [nearest]),
    ]);
  }
  return parts.detect(input.measurements);
}

function takeDeclared(
  type: PlanType,
  input: Input,
  partial: boolean,
  { detect }: Parts,
  findings: Finding[],
): Decided {
  const against = contradiction(type, input.measurements, partial);
  if (against === undefined) return { type, detection: type.declared, json: type.declared_json };
  const fitting: Detected = detect(input.measurements);
  const better =
    fitting.type === undefined
      ? "no other type fits either"
      : `${fitting.type.key} would fit (${fitting.detection.score} of 100)`;
  addFinding(
    findings,
    "type.mismatch",
    "uncertain",
    "/device_type",
    fitting.type?.key ?? `fields of ${type.key}`,
  );
  return {
    type,
    detection: {
      method: "declared",
      score: 0,
      runner_up: fitting.type?.key ?? null,
      reasons: [`device_type says ${type.key}`, `but ${against}`, better],
    },
  };
}

function decideByShape(input: Input, shape: PlanShape, { plan, detect }: Parts): Decided {
  const type = plan.types[shape.type];
  if (type !== undefined && shape.detected !== null)
    return { type, detection: shape.detected, json: shape.detected_json };
  const { type: found, detection } = detect(input.measurements);
  return {
    type: found,
    detection: { ...detection, reasons: [`the message has the shape ${shape.id}`, ...detection.reasons] },
  };
}

/** A declared type that the registry lacks. */
function refuseDeclared(declared: unknown, { nearestType }: Parts, findings: Finding[]): Decided {
  if (typeof declared !== "string") {
    addFinding(findings, "wrong_type", "bad", "/device_type", "a string");
    return none([`device_type is ${typeName(declared)}; expected a string`]);
  }
  const nearest = nearestType(declared);
  return {
    type: undefined,
    detection: {
      method: "unknown",
      score: 0,
      runner_up: nearest ?? null,
      reasons: [
        `the registry has no type ${JSON.stringify(shown(declared))}`,
        ...(nearest === undefined ? [] : [`the nearest name is ${nearest}`]),
      ],
    },
  };
}

function none(reasons: string[]): Decided {
  return { type: undefined, detection: { method: "unknown", score: 0, runner_up: null, reasons } };
}

function gradeOf(findings: readonly Finding[], known: boolean): Grade {
  let grade: Grade = known ? "GOOD" : "UNCERTAIN";
  for (let index = 0; index < findings.length; index++) {
    const severity = findings[index]?.severity;
    if (severity === "bad") return "BAD";
    if (severity === "uncertain") grade = "UNCERTAIN";
  }
  return grade;
}

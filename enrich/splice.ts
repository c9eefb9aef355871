/**
 * Appends the verdict to the raw text: its last `}` makes way for the five members, in the order of schemas/enriched.ts.
 *
 * The producer's bytes stay as they came; no parsed number is printed again (Connect's engine misprints some doubles).
 * What is the same in every message of a type is put together once: a text of few pieces is made flat three times as fast.
 */
import type { PlanType } from "../registry/plan.ts";
import type { Judged } from "../registry/verdict.ts";
import type { Finding, Grade } from "../schemas/enriched.ts";

/** Raised when what `enrich()` writes changes. */
export const ENRICHMENT_VERSION = "2.0.0";
export const ENRICHMENT_SERVICE = "iot-enrichment-service";

export function splice(text: string, verdict: Judged, registryVersion: string, now: number): string {
  const { type, normalized, findings } = verdict;
  const ready = type === undefined ? undefined : readyFor(type, registryVersion);
  // A maker's members only ever follow those of the type: of the same length is the same.
  const isPlain = ready?.device_metadata.length === verdict.device_metadata.length;
  const isDeclared = ready?.detection_json === verdict.detection_json;
  const metadata = ready !== undefined && isPlain ? ready.metadata : metadataText(verdict);
  const info = ready !== undefined && isDeclared ? ready.info : infoText(verdict, registryVersion);
  // concat() copies once where an engine has no ropes; a chain of + copies at each.
  return text
    .slice(0, text.lastIndexOf("}"))
    .concat(
      normalized === undefined ? metadata : `${metadata},"normalized":${normalized}`,
      `,"enrichment_info":{"enriched_at":"`,
      isoText(now),
      info,
      qualityText(verdict),
      findingsText(findings),
      "}}",
    );
}

/** Texts of one type as most of its messages have them: no maker named, the type declared. They follow from the plan. */
interface Ready {
  registryVersion: string;
  device_metadata: string;
  metadata: string;
  detection_json: string;
  info: string;
}

const readyTexts = new WeakMap<PlanType, Ready>();

function readyFor(type: PlanType, registryVersion: string): Ready {
  const found = readyTexts.get(type);
  if (found !== undefined && found.registryVersion === registryVersion) return found;
  const device_metadata = flat(`${type.metadata_json}}`);
  const measurement_metadata = type.measurement_json;
  const detection_json = type.declared_json;
  const made: Ready = {
    registryVersion,
    device_metadata,
    metadata: flat(metadataText({ device_metadata, measurement_metadata })),
    detection_json,
    info: flat(infoText({ device_type: type.key, detection_json }, registryVersion)),
  };
  readyTexts.set(type, made);
  return made;
}

type Metadata = Pick<Judged, "device_metadata" | "measurement_metadata">;

function metadataText({ device_metadata, measurement_metadata }: Metadata): string {
  return `,"device_metadata":${device_metadata},"measurement_metadata":${measurement_metadata}`;
}

/** What follows `enriched_at`. */
function infoText(
  { device_type, detection_json }: Pick<Judged, "device_type" | "detection_json">,
  registryVersion: string,
): string {
  return (
    `","enrichment_service":"${ENRICHMENT_SERVICE}","enrichment_version":"${ENRICHMENT_VERSION}"` +
    `,"device_type_detected":${JSON.stringify(device_type)},"registry_version":${JSON.stringify(registryVersion)}` +
    `,"detection":${detection_json}}`
  );
}

/** Up to the findings; there are some hundred different ones. */
function qualityText(verdict: Judged): string {
  const { timestamp_valid, completeness, enrichment_success, grade } = verdict;
  const flags = (timestamp_valid ? 1 : 0) + (enrichment_success ? 2 : 0) + GRADE_FLAGS[grade];
  const key = completeness * 16 + flags;
  let found = qualityTexts[key];
  if (found === undefined) {
    found = flat(
      `,"data_quality":{"timestamp_valid":${timestamp_valid},"measurements_complete":${verdict.measurements_complete}` +
        `,"completeness":${completeness},"enrichment_success":${enrichment_success},"grade":"${grade}","findings":`,
    );
    qualityTexts[key] = found;
  }
  return found;
}

const GRADE_FLAGS: Record<Grade, number> = { GOOD: 0, UNCERTAIN: 4, BAD: 8 };
const qualityTexts: (string | undefined)[] = new Array(101 * 16).fill(undefined);

function findingsText(findings: readonly Finding[]): string {
  let text = "[";
  for (const finding of findings) text += (text === "[" ? "" : ",") + findingText(finding);
  return `${text}]`;
}

/** Nearly all findings of a registry are alike: a leaf is missing, a time has no zone. Path -> code -> what was said last. */
const findingTexts = new Map<string, Map<string, { expected: string | undefined; text: string }>>();
const MAX_PATHS = 10_000;

function findingText(finding: Finding): string {
  const { path, code, expected } = finding;
  let byCode = findingTexts.get(path);
  const found = byCode?.get(code);
  if (found !== undefined && found.expected === expected) return found.text;
  const text = JSON.stringify(finding);
  if (byCode === undefined && findingTexts.size < MAX_PATHS) {
    byCode = new Map();
    findingTexts.set(path, byCode);
  }
  byCode?.set(code, { expected, text });
  return text;
}

let lastIso = { ms: Number.NaN, text: "" };

/** Many messages are enriched in the same millisecond. */
function isoText(ms: number): string {
  if (ms !== lastIso.ms) lastIso = { ms, text: new Date(ms).toISOString() };
  return lastIso.text;
}

/** One piece of memory instead of a list of pieces. */
function flat(text: string): string {
  return [text, ""].join("");
}

/**
 * Appends the verdict to the raw text: its last `}` makes way for the five members, in the order of schemas/enriched.ts.
 *
 * The producer's bytes stay as they came; no parsed number is printed again (Connect's engine misprints some doubles).
 * Out: pieces, of which most are the same in every message of a type: a host that writes bytes keeps theirs, and never has
 * the whole text in hand (putting its 5 kB together costs as much as the verdict).
 */
import type { PlanType } from "../judge/plan.ts";
import type { Judged } from "../judge/verdict.ts";
import type { Finding, Grade } from "../schemas/enriched.ts";

/** Raised when what `enrich()` writes changes. */
export const ENRICHMENT_VERSION = "2.0.0";
export const ENRICHMENT_SERVICE = "iot-enrichment-service";

/** The enriched text: the raw text up to `kept`, then the pieces of `added`, in order. */
export interface Pieces {
  /** Characters of the raw text that stay: all before its last brace. */
  kept: number;
  added: readonly [Piece, Piece, Piece];
}

export type Piece = string | Constant;

/** A text that many messages share: the same object each time, so that a host may keep its bytes beside it. */
export interface Constant {
  readonly text: string;
}

export type Splice = (text: string, verdict: Judged, now: number) => Pieces;

export function createSplice(registryVersion: string): Splice {
  const textsByType = new Map<PlanType, TypeTexts>();
  const enrichedAt = createEnrichedAt();
  return (text, verdict, now) => {
    const { type, normalized } = verdict;
    let texts = type && textsByType.get(type);
    if (type !== undefined && texts === undefined) {
      texts = typeTexts(type, registryVersion);
      textsByType.set(type, texts);
    }
    const at = enrichedAt(now);
    return {
      kept: text.lastIndexOf("}"),
      added: [
        texts === undefined ? metadataText(verdict) : metadataOf(texts, verdict),
        normalized === undefined ? at : `,"normalized":${normalized}${at}`,
        (texts && keptText(texts, verdict)) ?? infoText(verdict, registryVersion) + qualityText(verdict),
      ],
    };
  };
}

/** The whole text. concat() copies once where an engine has no ropes; a chain of + copies at each. */
export function join(text: string, { kept, added }: Pieces): string {
  return text.slice(0, kept).concat(textOf(added[0]), textOf(added[1]), textOf(added[2]));
}

export function textOf(piece: Piece): string {
  return typeof piece === "string" ? piece : piece.text;
}

/** Texts of one type as most of its messages have them: of a listed maker or none, decided in one of a few ways. */
interface TypeTexts {
  registryVersion: string;
  device_metadata: string;
  metadata: Constant;
  /** With a maker's members, by `device_metadata`: as many as the registry lists makers and models. */
  makers: Map<string, Constant>;
  declared: DetectionTexts;
  /** Other ways than by the message's own word, by the JSON text of `detection`. */
  others: Map<string, DetectionTexts>;
  /** How many texts and steps are kept below. */
  count: number;
}

/** What follows `enriched_at` in messages whose type was decided in the same way. */
interface DetectionTexts {
  detection_json: string;
  info: string;
  /** Messages without a finding, by their quality. */
  roots: (FindingStep | undefined)[];
}

function typeTexts(type: PlanType, registryVersion: string): TypeTexts {
  const device_metadata = flat(`${type.metadata_json}}`);
  const measurement_metadata = type.measurement_json;
  const declared = { device_type: type.key, detection_json: type.declared_json };
  return {
    registryVersion,
    device_metadata,
    metadata: { text: flat(metadataText({ device_metadata, measurement_metadata })) },
    makers: new Map(),
    declared: newDetectionTexts(declared, registryVersion),
    others: new Map(),
    count: 0,
  };
}

function newDetectionTexts(
  verdict: Pick<Judged, "device_type" | "detection_json">,
  version: string,
): DetectionTexts {
  return { detection_json: verdict.detection_json, info: infoText(verdict, version), roots: [] };
}

type Metadata = Pick<Judged, "device_metadata" | "measurement_metadata">;

function metadataOf(texts: TypeTexts, verdict: Judged): Constant {
  // A maker's members only ever follow those of the type: of the same length is the same.
  if (texts.device_metadata.length === verdict.device_metadata.length) return texts.metadata;
  let found = texts.makers.get(verdict.device_metadata);
  if (found === undefined) {
    found = { text: flat(metadataText(verdict)) };
    texts.makers.set(verdict.device_metadata, found);
  }
  return found;
}

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

/** The quality, its findings and the brackets that end the message. */
function qualityText(verdict: Judged): string {
  const { timestamp_valid, measurements_complete, completeness, enrichment_success, grade } = verdict;
  return (
    `,"data_quality":{"timestamp_valid":${timestamp_valid},"measurements_complete":${measurements_complete}` +
    `,"completeness":${completeness},"enrichment_success":${enrichment_success},"grade":"${grade}"` +
    `,"findings":${findingsText(verdict.findings)}}}`
  );
}

/**
 * Nearly all messages of a type have one of a few lists of findings: a leaf is missing, a time has no zone. They are kept as a
 * tree, a finding a step, and beside its last finding the whole text behind `enriched_at`.
 */
interface FindingStep {
  finding: Finding | undefined;
  text: Constant | undefined;
  /** The step that was taken last. */
  last: FindingStep | undefined;
  /** The steps that may follow, by the finding's path. */
  next: Map<string, FindingStep[]> | undefined;
}

/** For each type. */
const MAX_TEXTS = 2_000;

/** Undefined: not kept, there are enough. */
function keptText(texts: TypeTexts, verdict: Judged): Constant | undefined {
  const detection = detectionTexts(texts, verdict);
  if (detection === undefined) return undefined;
  const { timestamp_valid, completeness, enrichment_success, grade, findings } = verdict;
  const flags = (timestamp_valid ? 1 : 0) + (enrichment_success ? 2 : 0) + GRADE_FLAGS[grade];
  const key = completeness * 16 + flags;
  let step = detection.roots[key];
  if (step === undefined) {
    step = newStep(texts, undefined);
    detection.roots[key] = step;
  }
  for (let at = 0; at < findings.length; at++) {
    step = stepFrom(step, findings[at], texts);
    if (step === undefined) return undefined;
  }
  step.text ??= { text: flat(detection.info + qualityText(verdict)) };
  return step.text;
}

const GRADE_FLAGS: Readonly<Record<Grade, number>> = { GOOD: 0, UNCERTAIN: 4, BAD: 8 };

function detectionTexts(texts: TypeTexts, verdict: Judged): DetectionTexts | undefined {
  const { declared, others } = texts;
  if (declared.detection_json === verdict.detection_json) return declared;
  let found = others.get(verdict.detection_json);
  if (found === undefined && texts.count < MAX_TEXTS) {
    texts.count++;
    found = newDetectionTexts(verdict, texts.registryVersion);
    others.set(verdict.detection_json, found);
  }
  return found;
}

function stepFrom(
  step: FindingStep,
  finding: Finding | undefined,
  texts: TypeTexts,
): FindingStep | undefined {
  if (finding === undefined) return undefined;
  const { last } = step;
  // What is said of a leaf that is not there is the same object each time (judge/quiet.ts).
  if (last !== undefined && (last.finding === finding || isOf(last, finding))) return last;
  step.next ??= new Map();
  const steps = step.next.get(finding.path) ?? [];
  let found = steps.find((step) => isOf(step, finding));
  if (found === undefined) {
    if (texts.count >= MAX_TEXTS) return undefined;
    found = newStep(texts, finding);
    steps.push(found);
    step.next.set(finding.path, steps);
  }
  step.last = found;
  return found;
}

function isOf({ finding }: FindingStep, { code, path, expected, severity }: Finding): boolean {
  return (
    finding?.path === path &&
    finding.code === code &&
    finding.expected === expected &&
    finding.severity === severity
  );
}

function newStep(texts: TypeTexts, finding: Finding | undefined): FindingStep {
  texts.count++;
  return { finding, text: undefined, last: undefined, next: undefined };
}

function findingsText(findings: readonly Finding[]): string {
  let text = "[";
  for (const finding of findings) text += (text === "[" ? "" : ",") + JSON.stringify(finding);
  return `${text}]`;
}

/** Many messages are enriched in the same millisecond. */
export function createEnrichedAt(): (ms: number) => string {
  let last = { ms: Number.NaN, text: "" };
  return (ms) => {
    if (ms !== last.ms)
      last = { ms, text: flat(`,"enrichment_info":{"enriched_at":"${new Date(ms).toISOString()}`) };
    return last.text;
  };
}

/** One piece of memory instead of a list of pieces. */
function flat(text: string): string {
  return [text, ""].join("");
}

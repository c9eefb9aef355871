/** What holds for every message, however broken: the rules that the hostile tests and the mutation bench check. */
import { TypeCompiler } from "@sinclair/typebox/compiler";
import type { Plan } from "../judge/plan.ts";
import { DEAD_LETTER_REASONS, LIMITS } from "../schemas/dead-letter.ts";
import { Enriched, FINDING_SEVERITY, RESERVED_MEMBERS } from "../schemas/enriched.ts";
import { enrich } from "./enrich.fixture.ts";
import type { DeadLetterMessage, EnrichedMessage, Source } from "./enrich.ts";

export interface Sample {
  text: string;
  source: Source;
}

const enrichedCheck = TypeCompiler.Compile(Enriched);
/** Reasons that no message can have with the pinned registry. */
const NEVER = ["internal", "output_too_large", "undecodable"];

/** Which rule is broken, in words; undefined when all hold. */
export function brokenRule(
  { text, source }: Sample,
  result: EnrichedMessage | DeadLetterMessage,
): string | undefined {
  return result.to === "dlq" ? brokenDeadLetter(result) : brokenEnriched(text, source, result);
}

function brokenDeadLetter({ reason, path, message, bug }: DeadLetterMessage): string | undefined {
  if (bug !== undefined) return `a bug: ${bug instanceof Error ? bug.stack : String(bug)}`;
  if (!Object.hasOwn(DEAD_LETTER_REASONS, reason) || NEVER.includes(reason)) return `reason ${reason}`;
  if (path !== "" && !path.startsWith("/")) return `path ${path} is not a JSON Pointer`;
  if (/~(?![01])/.test(path)) return `path ${path} has half an escape`;
  if (Buffer.byteLength(path) > LIMITS.pathHeaderBytes) return `path of ${Buffer.byteLength(path)} bytes`;
  if (message === "" || Buffer.byteLength(message) > LIMITS.messageHeaderBytes) return `message "${message}"`;
  if (!path.isWellFormed() || !message.isWellFormed()) return "half a character in a header";
  if (/SyntaxError|TypeError|JSON Parse error|Unexpected token|undefined is not/i.test(message))
    return `an engine's words: ${message}`;
  return undefined;
}

function brokenEnriched(text: string, source: Source, result: EnrichedMessage): string | undefined {
  const { value, verdict } = result;
  const kept = text.slice(0, text.lastIndexOf("}"));
  if (!value.startsWith(`${kept},"device_metadata":`)) return "the raw text is not the beginning";
  if (Buffer.byteLength(value) > LIMITS.outputBytes) return "too large";
  const parsed: unknown = JSON.parse(value);
  if (!enrichedCheck.Check(parsed)) {
    const error = enrichedCheck.Errors(parsed).First();
    return `not the schema: ${error?.path} ${error?.message} ${JSON.stringify(error?.value)}`;
  }
  const appended = Object.keys(parsed).slice(-RESERVED_MEMBERS.length);
  const expected = RESERVED_MEMBERS.filter(
    (name) => name !== "normalized" || verdict.normalized !== undefined,
  );
  if (appended.slice(-expected.length).join() !== expected.join()) return `members ${appended.join()}`;
  return brokenQuality(parsed) ?? brokenIdentity(verdict.device_id, source);
}

function brokenQuality({ data_quality: quality, enrichment_info: info }: Enriched): string | undefined {
  for (const { code, severity } of quality.findings) {
    const known = Object.hasOwn(FINDING_SEVERITY, code)
      ? FINDING_SEVERITY[code as keyof typeof FINDING_SEVERITY]
      : undefined;
    const right = code.startsWith("check.") ? "uncertain" : known;
    if (severity !== right) return `finding ${code} is ${severity}`;
  }
  const has = (wanted: string) => quality.findings.some(({ severity }) => severity === wanted);
  const success = info.detection.method === "declared" || info.detection.method === "detected";
  const grade = has("bad") ? "BAD" : has("uncertain") || !success ? "UNCERTAIN" : "GOOD";
  if (quality.grade !== grade) return `grade ${quality.grade}, the findings say ${grade}`;
  if (quality.enrichment_success !== success)
    return `enrichment_success ${quality.enrichment_success} with ${info.detection.method}`;
  if (success === (info.device_type_detected === "unknown"))
    return `${info.detection.method} as ${info.device_type_detected}`;
  if (quality.measurements_complete !== (quality.completeness === 100)) return "complete, and yet not";
  const invalid = quality.findings.some(
    ({ code }) => code === "timestamp.missing" || code === "timestamp.ahead",
  );
  if (quality.timestamp_valid === invalid) return "timestamp_valid against its finding";
  return undefined;
}

function brokenIdentity(id: string, { key }: Source): string | undefined {
  if (id === "" || [...id].length > 128 || !id.isWellFormed()) return `device id ${JSON.stringify(id)}`;
  return key !== null && key !== "" && key !== id ? `key ${key} beside id ${id}` : undefined;
}

/** The same input gives the same bytes, and another `now` changes `enriched_at` only. Costs two more calls. */
export function unrepeatable(
  { text, source }: Sample,
  result: EnrichedMessage | DeadLetterMessage,
  plan: Plan,
  now: number,
): string | undefined {
  const again = enrich(text, source, plan, now);
  const later = enrich(text, source, plan, now + 86_400_000);
  if (result.to === "dlq" || again.to === "dlq" || later.to === "dlq") {
    const same =
      JSON.stringify(result) === JSON.stringify(again) && JSON.stringify(result) === JSON.stringify(later);
    return same ? undefined : "the second time it is another dead letter";
  }
  if (again.value !== result.value) return "the second time it is different";
  const raw = text.lastIndexOf("}");
  const withoutStamp = (whole: string) => whole.slice(0, raw) + whole.slice(raw).replace(STAMP, "");
  if (later.value === result.value) return "another now changes nothing";
  const same = withoutStamp(later.value) === withoutStamp(result.value);
  return same ? undefined : "another now changes more than enriched_at";
}

const STAMP = /(?<="enrichment_info":\{"enriched_at":")[^"]*/;

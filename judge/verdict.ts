/** What `judge()` answers: an enriched message's verdict with JSON fragments to splice, or a dead letter. Types only. */
import type { DeadLetterReason } from "../schemas/dead-letter.ts";
import type { Detection, Finding, Grade } from "../schemas/enriched.ts";
import type { PlanShape, PlanType } from "./plan.ts";

export interface Judged {
  ok: true;
  device_id: string;
  /** The type's key, or `unknown`. */
  device_type: string;
  /** undefined for an unknown or ambiguous type. */
  type: PlanType | undefined;
  shape: PlanShape | undefined;
  /** JSON text of the member `device_metadata`, complete. */
  device_metadata: string;
  /** JSON text of `measurement_metadata`; `{}` for an unknown type. */
  measurement_metadata: string;
  /** JSON text of `normalized`, or undefined when the message is in our own form. */
  normalized: string | undefined;
  detection: Detection;
  /** JSON text of `detection`. */
  detection_json: string;
  /** The device's claim of when it measured, ms since 1970; undefined with `timestamp.missing`. */
  timestamp: number | undefined;
  timestamp_valid: boolean;
  measurements_complete: boolean;
  /** 0-100. */
  completeness: number;
  enrichment_success: boolean;
  grade: Grade;
  /** Worst first is not promised: they stand in the order of the registry. Shared and empty when there is none. */
  findings: readonly Finding[];
}

export interface DeadLetter {
  ok: false;
  /** judge gives `schema`, `key_mismatch` or `bad_timestamp`; decode the others. */
  reason: DeadLetterReason;
  /** JSON Pointer to the fault. */
  path: string;
  message: string;
}

export type Verdict = Judged | DeadLetter;

/** What the judge is told about the record. `timestamp` is ms since 1970. */
export interface RecordSource {
  key: string | null;
  timestamp: number;
}

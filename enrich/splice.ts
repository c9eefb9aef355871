/**
 * Appends the verdict to the raw text: its last `}` makes way for the five members, in the order of schemas/enriched.ts.
 *
 * The producer's bytes stay as they came; no parsed number is printed again (Connect's engine misprints some doubles).
 */
import type { Judged } from "../registry/verdict.ts";

/** Raised when what `enrich()` writes changes. */
export const ENRICHMENT_VERSION = "2.0.0";
export const ENRICHMENT_SERVICE = "iot-enrichment-service";

export function splice(text: string, verdict: Judged, registryVersion: string, now: number): string {
  const normalized = verdict.normalized === undefined ? "" : `,"normalized":${verdict.normalized}`;
  return (
    `${text.slice(0, text.lastIndexOf("}"))},"device_metadata":${verdict.device_metadata}` +
    `,"measurement_metadata":${verdict.measurement_metadata}${normalized}` +
    `,"enrichment_info":${enrichmentInfo(verdict, registryVersion, now)}` +
    `,"data_quality":${dataQuality(verdict)}}`
  );
}

function enrichmentInfo(verdict: Judged, registryVersion: string, now: number): string {
  return (
    `{"enriched_at":"${new Date(now).toISOString()}","enrichment_service":"${ENRICHMENT_SERVICE}"` +
    `,"enrichment_version":"${ENRICHMENT_VERSION}","device_type_detected":${JSON.stringify(verdict.device_type)}` +
    `,"registry_version":${JSON.stringify(registryVersion)},"detection":${verdict.detection_json}}`
  );
}

function dataQuality(verdict: Judged): string {
  const findings = verdict.findings.length === 0 ? "[]" : JSON.stringify(verdict.findings);
  return (
    `{"timestamp_valid":${verdict.timestamp_valid},"measurements_complete":${verdict.measurements_complete}` +
    `,"completeness":${verdict.completeness},"enrichment_success":${verdict.enrichment_success}` +
    `,"grade":"${verdict.grade}","findings":${findings}}`
  );
}

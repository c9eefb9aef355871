/** Messages for the tests of this folder: small, and of the form of design.md section 3. */
import type { Finding, Grade } from "../schemas/enriched.ts";
import { HEADERS } from "../schemas/topics.ts";
import type { InMessage } from "../kafka/message.ts";

export const NOW = Date.UTC(2026, 10, 24, 14, 27, 12);

interface RecordOptions {
  timestamp?: number;
  source?: number;
  key?: string | null;
  headers?: Record<string, string>;
}

export function record(offset: number, value: string | Uint8Array, options: RecordOptions = {}): InMessage {
  const { timestamp = NOW, source, key = "breaker-001", headers = {} } = options;
  const all = { ...headers, ...(source === undefined ? {} : { [HEADERS.sourceOffset]: String(source) }) };
  return {
    offset,
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(value),
    timestamp,
    headers: Object.fromEntries(Object.entries(all).map(([name, text]) => [name, Buffer.from(text)])),
  };
}

const MEASUREMENTS = {
  voltage: { phase_a: 120.1, phase_b: 121.4, phase_c: 119.8 },
  power: { active: 6050.2 },
};

const DEFINITIONS = {
  voltage: { unit: "V", phases: ["phase_a", "phase_b", "phase_c"] },
  power: { components: { active: { unit: "W" } } },
};

export const raw = (more: object = {}): string =>
  JSON.stringify({
    device_id: "breaker-001",
    device_type: "smart_breaker",
    timestamp: new Date(NOW).toISOString(),
    event_type: "telemetry",
    measurements: MEASUREMENTS,
    ...more,
  });

interface EnrichedOptions {
  device_id?: string;
  device_type?: string;
  timestamp?: string;
  event_type?: string;
  grade?: Grade;
  findings?: Finding[];
  enriched_at?: string;
  measurements?: object;
  /** Members of `device_metadata`, `enrichment_info.detection` and `data_quality` that shall be others. */
  metadata?: object;
  detection?: object;
  quality?: object;
  /** The whole of `measurement_metadata`. */
  definitions?: object;
}

export function enriched(options: EnrichedOptions = {}): string {
  const { device_id = "breaker-001", device_type = "smart_breaker", grade = "GOOD", findings = [] } = options;
  const { timestamp = new Date(NOW).toISOString(), event_type = "telemetry" } = options;
  const known = device_type !== "unknown";
  return JSON.stringify({
    device_id,
    timestamp,
    event_type,
    measurements: options.measurements ?? MEASUREMENTS,
    device_metadata: {
      device_type,
      ...(known
        ? {
            device_type_name: "Smart Circuit Breaker",
            device_category: "electrical_protection",
            capabilities: ["voltage_monitoring"],
            update_frequency: "5_seconds",
          }
        : { capabilities: [] }),
      ...options.metadata,
    },
    measurement_metadata: options.definitions ?? (known ? DEFINITIONS : {}),
    enrichment_info: {
      enriched_at: options.enriched_at ?? timestamp,
      enrichment_service: "iot-enrichment-service",
      enrichment_version: "0.1.0",
      device_type_detected: device_type,
      registry_version: "2.0.0+9c41e07a",
      detection: {
        method: known ? "declared" : "unknown",
        score: known ? 100 : 31,
        runner_up: known ? null : "smart_meter",
        reasons: [known ? "the message declares it" : "nearest smart_meter, 31 of 100"],
        ...options.detection,
      },
    },
    data_quality: {
      timestamp_valid: true,
      measurements_complete: known,
      completeness: known ? 100 : 0,
      enrichment_success: known,
      grade,
      findings,
      ...options.quality,
    },
  });
}

export const dead = (
  offset: number,
  value: string | Uint8Array,
  reason: string,
  timestamp = NOW,
  headers: Record<string, string> = {},
): InMessage =>
  record(offset, value, {
    timestamp,
    source: offset,
    headers: {
      [HEADERS.reason]: reason,
      [HEADERS.path]: "/x",
      [HEADERS.message]: `what ${reason} means`,
      ...headers,
    },
  });

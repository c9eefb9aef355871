/** The original system's sample message (555 bytes) for the benches, and what stands for its enrichment until enrich() is complete. */

const SAMPLE = {
  device_id: "breaker-001",
  device_type: "smart_breaker",
  timestamp: "2025-08-15T22:21:42.123456",
  event_type: "telemetry",
  measurements: {
    voltage: { phase_a: 110.25, phase_b: 125.02, phase_c: 122.23 },
    current: { phase_a: 35.04, phase_b: 70.27, phase_c: 67.54 },
    power: { active: 6568.25, reactive: 2324.73, apparent: 6967.51 },
    frequency: { value: 59.97 },
    temperature: { value: 72.57 },
    status: { breaker: 1, position: 1, communication: 1 },
    protection: { trip_count: 5, ground_fault_current: 0.0 },
    operational: { load_percentage: 54.7, operating_hours: 0.0 },
  },
};

/** The sample's text with its own device and digits, so that no two are the same bytes and the codec has real work. */
export function sampleText(index: number): string {
  const digits = (span: number): number => Math.floor(((index * 7919 + span * 104729) % 997) % span);
  return JSON.stringify(SAMPLE)
    .replace("breaker-001", `breaker-${String(index % 1000).padStart(3, "0")}`)
    .replace(/(\d\.\d)\d/g, (_, kept: string) => `${kept}${1 + digits(9)}`)
    .replace("42.123456", `42.${String(123456 + (index % 800_000)).padStart(6, "0")}`);
}

export function sampleKey(index: number): string {
  return `breaker-${String(index % 1000).padStart(3, "0")}`;
}

const SUFFIX = `,${JSON.stringify({
  device_metadata: {
    device_type: "smart_breaker",
    device_type_name: "Smart Circuit Breaker",
    capabilities: Array.from({ length: 8 }, (_, i) => `monitoring_${i}`),
  },
  measurement_metadata: Object.fromEntries(
    Object.keys(SAMPLE.measurements).map((name) => [
      name,
      {
        unit: "V",
        description: `What ${name} is, per phase, line to neutral, as the registry has it`,
        min_value: 110,
        max_value: 130,
        data_type: "float",
        phases: ["phase_a", "phase_b", "phase_c"],
      },
    ]),
  ),
  enrichment_info: {
    enriched_at: "2025-08-15T22:21:47.654321Z",
    enrichment_service: "iot-enrichment-service",
    device_type_detected: "smart_breaker",
  },
  data_quality: { timestamp_valid: true, measurements_complete: true, enrichment_success: true },
}).slice(1)}`;

/** Parse and splice. */
export function enrichSample(value: Buffer, _key: Buffer | null, _timestamp: number): string {
  const text = value.toString();
  const parsed = JSON.parse(text) as { device_id?: unknown; measurements?: object };
  if (typeof parsed.device_id !== "string" || !parsed.measurements) throw new Error("not the sample");
  return text.slice(0, text.lastIndexOf("}")) + SUFFIX;
}

/** The original system's sample message (555 bytes) for the benches, each with a device and digits of its own. */

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

/** Compact JSON. No two are the same bytes, so the codec has real work. */
export function sampleText(index: number): string {
  return JSON.stringify(SAMPLE)
    .replace("breaker-001", `breaker-${String(index % 1000).padStart(3, "0")}`)
    .replace(/(\d\.\d)\d/g, (_, kept: string, at: number) => `${kept}${1 + ((index * 7 + at) % 9)}`)
    .replace("42.123456", `42.${String(123456 + (index % 800_000)).padStart(6, "0")}`);
}

export function sampleKey(index: number): string {
  return `breaker-${String(index % 1000).padStart(3, "0")}`;
}

/** A record timestamp at which the sample is neither late nor ahead. */
export const SAMPLE_TIME = Date.parse("2025-08-15T22:21:43Z");

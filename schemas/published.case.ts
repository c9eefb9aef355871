/** Values that each published schema takes and refuses; every validator is asked the same. */
import type { Alarm } from "./alarm.ts";
import type { Command } from "./command.ts";
import type { Enriched } from "./enriched.ts";
import type { DeadLetterHeaders, EnrichedHeaders } from "./headers.ts";
import type { DeviceRegistry } from "./registry.ts";
import type { Heartbeat } from "./service.ts";
import type { Telemetry } from "./telemetry.ts";

export interface SchemaCase {
  /** `$id` in TypeBox; the file's name. */
  schema: string;
  good: unknown[];
  /** Why it must be refused -> the value. */
  bad: Record<string, unknown>;
}

const telemetry: Telemetry = {
  device_id: "breaker-001",
  device_type: "smart_breaker",
  timestamp: "2026-11-25T12:00:00.000Z",
  event_type: "telemetry",
  boot_id: "1516b22a",
  sequence: 0,
  measurements: { voltage: { phase_a: 121.3, phase_b: null }, frequency: { value: 59.98 }, mode: "auto" },
};

const enriched: Enriched = {
  device_metadata: { device_type: "unknown", capabilities: [] },
  measurement_metadata: {},
  enrichment_info: {
    enriched_at: "2026-11-25T12:00:00.250Z",
    enrichment_service: "iot-enrichment-service",
    enrichment_version: "0.1.0",
    device_type_detected: "unknown",
    registry_version: "2.0.0+9c41e07a",
    detection: { method: "unknown", score: 0, runner_up: null, reasons: ["no device_type is declared"] },
  },
  data_quality: {
    timestamp_valid: true,
    measurements_complete: false,
    completeness: 0,
    enrichment_success: false,
    grade: "UNCERTAIN",
    findings: [{ code: "check.power_triangle", path: "/measurements/power/apparent", severity: "uncertain" }],
  },
};

const enrichedHeaders: EnrichedHeaders = {
  "iot.source.offset": "42",
  "iot.registry": "2.0.0+9c41e07a",
};

const deadLetter: DeadLetterHeaders = {
  ...enrichedHeaders,
  "iot.reason": "bad_timestamp",
  "iot.path": "/timestamp",
  "iot.message": "expected ISO 8601 or a Unix time, found another text",
};

const alarm: Alarm = {
  id: "breaker-007.overvoltage.1764072000000",
  device_id: "breaker-007",
  device_type: "smart_breaker",
  rule: "overvoltage",
  severity: "major",
  state: "active",
  at: "2026-11-25T12:00:10.000Z",
  raised_at: "2026-11-25T12:00:10.000Z",
  path: "voltage.phase_b",
  value: 133.1,
  why: "voltage.phase_b 133.1 V, above 132 V for 10 s",
  source: { partition: 3, source_offset: 1_204 },
};

const acknowledge: Command = {
  command: "alarm.acknowledge",
  id: "c-1",
  at: "2026-11-25T12:01:00.000Z",
  by: "operator",
  device_id: "breaker-007",
  alarm_id: alarm.id,
};

const heartbeat: Heartbeat = {
  service: "enrich",
  instance: "host:4711",
  state: "ready",
  reasons: [],
  version: "0.1.0",
  started_at: "2026-11-25T11:00:00.000Z",
  at: "2026-11-25T12:00:00.000Z",
  host: "host",
  registry: { version: "2.0.0+9c41e07a", loaded_at: "2026-11-25T11:00:00.000Z", last_refusal: null },
  counters: { records_enriched: 17 },
  lag: 0,
};

const registry: DeviceRegistry = {
  metadata: { version: "2.0.0" },
  device_types: {
    smart_meter: {
      name: "Smart Meter",
      measurements: {
        energy: { quantity: "active_energy", unit: "kWh", kind: "total_increasing" },
        demand: { unit: "kW", min_value: 0, max_value: 100 },
      },
    },
  },
};

export const CASES: SchemaCase[] = [
  {
    schema: "telemetry",
    good: [telemetry, { device_id: "ä", measurements: {}, timestamp: 1_764_072_000, vendor_field: [1] }],
    bad: {
      "no device id": { measurements: {} },
      "an empty device id": { ...telemetry, device_id: "" },
      "a control character in the device id": { ...telemetry, device_id: "a\u0007" },
      "measurements that are a list": { ...telemetry, measurements: [1] },
      "a measurement three levels deep": { ...telemetry, measurements: { a: { b: { c: 1 } } } },
      "half a message": { ...telemetry, sequence: 0.5 },
    },
  },
  {
    schema: "enriched",
    good: [enriched, { ...telemetry, ...enriched }],
    bad: {
      "a raw message": telemetry,
      "a grade that is not in the list": {
        ...enriched,
        data_quality: { ...enriched.data_quality, grade: "FINE" },
      },
      "a completeness above 100": {
        ...enriched,
        data_quality: { ...enriched.data_quality, completeness: 101 },
      },
    },
  },
  {
    schema: "enriched-headers",
    good: [enrichedHeaders],
    bad: { "a negative offset": { ...enrichedHeaders, "iot.source.offset": "-1" } },
  },
  {
    schema: "dead-letter",
    good: [deadLetter, { ...deadLetter, "iot.path": "" }],
    bad: {
      "a reason that is not in the list": { ...deadLetter, "iot.reason": "invalid" },
      "a path that is no JSON Pointer": { ...deadLetter, "iot.path": "timestamp" },
      "a message of 513 characters": { ...deadLetter, "iot.message": "x".repeat(513) },
    },
  },
  {
    schema: "alarm",
    good: [alarm, { ...alarm, state: "acknowledged", by: "operator", command_id: "c-1" }],
    bad: {
      "an id that does not fit into a URL": { ...alarm, id: "a/b" },
      "a state that is not in the list": { ...alarm, state: "open" },
      "a severity that is not in the list": { ...alarm, severity: "bad" },
    },
  },
  {
    schema: "command",
    good: [
      acknowledge,
      { ...acknowledge, command: "device.retire", alarm_id: undefined, note: "replaced" },
      { ...acknowledge, command: "device.register", alarm_id: undefined, device_type: "smart_meter" },
    ],
    bad: {
      "an unknown command": { ...acknowledge, command: "device.explode" },
      "an acknowledgement of nothing": { ...acknowledge, alarm_id: undefined },
      "nobody who gave it": { ...acknowledge, by: "" },
    },
  },
  {
    schema: "service",
    good: [heartbeat],
    bad: {
      "a state that is not in the list": { ...heartbeat, state: "fine" },
      "a counter that is a text": { ...heartbeat, counters: { records_enriched: "17" } },
    },
  },
  {
    schema: "device-registry",
    good: [registry],
    bad: {
      "an unknown key": { ...registry, device_type: {} },
      "a range with one bound": {
        ...registry,
        device_types: { x: { name: "X", measurements: { a: { operating: [1] } } } },
      },
      "a group's name with a dot": {
        ...registry,
        device_types: { x: { name: "X", measurements: { "a.b": {} } } },
      },
      "a file to include that is no text": { ...registry, include: [1] },
    },
  },
  {
    schema: "device-registry-part",
    good: [{ device_types: registry.device_types }, { shapes: registry.shapes }, {}],
    bad: {
      "a version of its own": { metadata: registry.metadata },
      "a file that it includes": { include: ["more.json"] },
    },
  },
].map(({ schema, good, bad }) => ({ schema, good: good.map(asSent), bad: mapValues(bad, asSent) }));

/** As JSON carries it: a member that is undefined is not there. */
function asSent(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function mapValues(values: Record<string, unknown>, change: (value: unknown) => unknown) {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}

/**
 * Messages that none of our programs has written: the original's sample, real devices' and hostile ones, each with what
 * must come of it. Beyond the golden ones of schemas/examples: what only a producer from outside can do.
 */
import type { DeadLetterReason } from "../schemas/dead-letter.ts";
import type { Enriched, FindingCode } from "../schemas/enriched.ts";
import { DEVICES } from "../schemas/examples/devices/devices.case.ts";
import { DEAD_LETTERS, GOLDEN } from "../schemas/examples/examples.case.ts";

export interface Foreign {
  what: string;
  key: string | null;
  /** Null is a tombstone. */
  value: Buffer | null;
  /** Record timestamp, ms, where the producer can set it. */
  timestamp?: number;
  /** The whole of it, where the producer sets that timestamp; its clock time and registry version differ. */
  golden?: Enriched;
  becomes:
    | { to: "dlq"; reason: DeadLetterReason; path?: string; message?: string }
    | { to: "enriched"; device_type: string; method?: string; findings?: [FindingCode, string][] };
}

const meter = (changed: object, measurements: object = {}) =>
  Buffer.from(
    JSON.stringify({
      device_id: "meter-out-1",
      device_type: "smart_meter",
      timestamp: new Date().toISOString(),
      measurements: { energy: 12.5, demand: 0.4, power_factor: 0.93, ...measurements },
      ...changed,
    }),
  );
const key = "meter-out-1";

const HOSTILE: Foreign[] = [
  dead(
    "900,000 bytes",
    Buffer.from(`{"device_id":"meter-out-1","pad":"${"x".repeat(900_000)}"}`),
    "too_large",
  ),
  dead("every byte there is", Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), "not_utf8"),
  dead("an image", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), "not_utf8"),
  dead("20,000 levels", Buffer.from(`${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`), "too_large"),
  dead("5,000 levels", Buffer.from(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`), "too_deep"),
  dead(
    "the same member twice",
    Buffer.from('{"device_id":"meter-out-1","a":1,"a":2}'),
    "duplicate_key",
    "/a",
  ),
  dead("a time that cannot be", meter({ timestamp: "2026-13-01T25:61:00Z" }), "bad_timestamp", "/timestamp"),
  dead("text where measurements stand", meter({ measurements: "12.5" }), "schema", "/measurements"),
  {
    what: "__proto__ and constructor as members",
    key,
    value: Buffer.from(
      '{"device_id":"meter-out-1","__proto__":{"device_type":"smart_breaker"},"constructor":{"prototype":{"x":1}}}',
    ),
    becomes: { to: "enriched", device_type: "unknown", method: "unknown" },
  },
  {
    what: "a number as text, a truth value, a null",
    key,
    value: meter({}, { energy: "12.5", demand: true, power_factor: null }),
    becomes: {
      to: "enriched",
      device_type: "smart_meter",
      method: "declared",
      findings: [
        ["wrong_type", "/measurements/energy"],
        ["wrong_type", "/measurements/demand"],
        ["null", "/measurements/power_factor"],
      ],
    },
  },
  {
    what: "a group that is missing, a value beyond physics",
    key,
    value: meter({}, { demand: undefined, power_factor: 1.5 }),
    becomes: {
      to: "enriched",
      device_type: "smart_meter",
      findings: [
        ["missing", "/measurements/demand"],
        ["range.physical", "/measurements/power_factor"],
      ],
    },
  },
  {
    what: "a good message among all these",
    key,
    value: meter({}),
    becomes: { to: "enriched", device_type: "smart_meter", method: "declared", findings: [] },
  },
];

function dead(what: string, value: Buffer, reason: DeadLetterReason, path?: string): Foreign {
  return { what, key, value, becomes: { to: "dlq", reason, path } };
}

export const FOREIGN: Foreign[] = [
  ...GOLDEN.map(({ name, key, raw, timestamp, enriched }): Foreign => {
    const { device_type_detected, detection } = enriched.enrichment_info;
    const becomes = { to: "enriched", device_type: device_type_detected, method: detection.method } as const;
    return { what: `golden ${name}`, key, value: raw, timestamp, golden: enriched, becomes };
  }),
  ...DEVICES.map(({ name, key, value, today }): Foreign => {
    return { what: `device ${name}`, key, value: Buffer.from(value), becomes: today };
  }),
  ...DEAD_LETTERS.map(({ what, key, raw, timestamp, ...why }): Foreign => {
    return { what: `golden dead letter ${what}`, key, value: raw, timestamp, becomes: { to: "dlq", ...why } };
  }),
  ...HOSTILE,
];

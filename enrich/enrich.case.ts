/**
 * Messages and what must become of each, as data: every host runs them (Bun here, Connect in connect/).
 *
 * With the pinned registry. Whole outputs are held by schemas/examples; here stand the rules, one by one, hence over 250 lines.
 */
import type { DeadLetterReason } from "../schemas/dead-letter.ts";
import type { Grade, Method } from "../schemas/enriched.ts";
import { DEAD_LETTERS, GOLDEN } from "../schemas/examples/examples.case.ts";
import { NOT_UTF8, REFUSED, TAKEN } from "./json.case.ts";
import { NAUGHTY } from "./naughty.case.ts";

export interface EnrichCase {
  name: string;
  /** Value of the record; null is a tombstone. */
  bytes: Buffer | null;
  key: string | null;
  /** Record timestamp, ms. */
  timestamp: number;
  expected:
    | { to: "dlq"; reason: DeadLetterReason; path?: string }
    | {
        to: "enriched";
        device_type?: string;
        method?: Method;
        grade?: Grade;
        /** `code path`, in their order; without it they do not matter. */
        findings?: string[];
      }
    /** Whatever it is, hosts agree on it. */
    | { to: "either" };
}

export const CASE_TIME = Date.parse("2025-08-15T22:21:42.000Z");
const MINUTE = 60_000;

/** A healthy breaker: GOOD, and nothing to remark. */
export function goodMessage(): Record<string, unknown> & { measurements: Record<string, unknown> } {
  return {
    device_id: "breaker-001",
    device_type: "smart_breaker",
    timestamp: "2025-08-15T22:21:42.000Z",
    event_type: "telemetry",
    measurements: {
      voltage: { phase_a: 118.25, phase_b: 121.02, phase_c: 122.23 },
      current: { phase_a: 35.04, phase_b: 70.27, phase_c: 67.54 },
      power: { active: 19_200, reactive: 6_400, apparent: 20_238.58, factor: 0.9487 },
      frequency: { value: 59.97 },
      temperature: { value: 52.5 },
      status: { breaker: 1, position: 1, communication: 1 },
      protection: { trip_count: 5, ground_fault_current: 0.001, arc_fault: 0, harmonic_distortion: 3.1 },
      operational: { load_percentage: 54.7, operating_hours: 812.5 },
    },
  };
}

/** `changes`: JSON Pointer -> new value; undefined takes the member away. */
export function changed(changes: Record<string, unknown>): string {
  const message: Record<string, unknown> = goodMessage();
  for (const [pointer, value] of Object.entries(changes)) {
    const names = pointer.slice(1).split("/");
    const last = names.pop() ?? "";
    let parent = message;
    for (const name of names) parent = parent[name] as Record<string, unknown>;
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return JSON.stringify(message);
}

type Options = Partial<Pick<EnrichCase, "key" | "timestamp">>;
const make = (
  name: string,
  text: string | Buffer | null,
  expected: EnrichCase["expected"],
  options: Options = {},
): EnrichCase => ({
  name,
  bytes: typeof text === "string" ? Buffer.from(text) : text,
  key: "breaker-001",
  timestamp: CASE_TIME,
  expected,
  ...options,
});
const verdict = (grade: Grade, ...findings: string[]): EnrichCase["expected"] => ({
  to: "enriched",
  device_type: "smart_breaker",
  method: "declared",
  grade,
  findings,
});
const found = (changes: Record<string, unknown>, grade: Grade, ...findings: string[]): EnrichCase =>
  make(
    `${findings.join(", ") || "nothing"}: ${JSON.stringify(changes)}`,
    changed(changes),
    verdict(grade, ...findings),
  );

const VOLTAGE = "/measurements/voltage";

const FINDING_CASES: EnrichCase[] = [
  found({}, "GOOD"),
  found({ [VOLTAGE]: undefined }, "BAD", `missing ${VOLTAGE}`),
  found({ [VOLTAGE]: {} }, "BAD", `missing ${VOLTAGE}`),
  found({ [`${VOLTAGE}/phase_b`]: undefined }, "BAD", `missing ${VOLTAGE}/phase_b`),
  found({ "/measurements/temperature": undefined }, "BAD", "missing /measurements/temperature"),
  found(
    { "/measurements/operational/operating_hours": undefined },
    "GOOD",
    "missing.optional /measurements/operational/operating_hours",
  ),
  found({ [`${VOLTAGE}/phase_a`]: "120.5" }, "BAD", `wrong_type ${VOLTAGE}/phase_a`),
  found({ [`${VOLTAGE}/phase_a`]: true }, "BAD", `wrong_type ${VOLTAGE}/phase_a`),
  found({ [`${VOLTAGE}/phase_a`]: [120] }, "BAD", `wrong_type ${VOLTAGE}/phase_a`),
  found({ [VOLTAGE]: 120 }, "BAD", `wrong_type ${VOLTAGE}`),
  found({ [VOLTAGE]: [118, 119, 120] }, "BAD", `wrong_type ${VOLTAGE}`),
  found({ "/measurements/status/breaker": 2 }, "BAD", "enum /measurements/status/breaker"),
  found({ [`${VOLTAGE}/phase_a`]: 5_000 }, "BAD", `range.physical ${VOLTAGE}/phase_a`),
  found({ [`${VOLTAGE}/phase_a`]: -1 }, "BAD", `range.physical ${VOLTAGE}/phase_a`),
  found({ [`${VOLTAGE}/phase_a`]: 130 }, "GOOD"),
  found({ [`${VOLTAGE}/phase_a`]: 130.01 }, "UNCERTAIN", `range.operating ${VOLTAGE}/phase_a`),
  found(
    { "/measurements/temperature": { value: 95 } },
    "UNCERTAIN",
    "range.operating /measurements/temperature/value",
  ),
  found({ "/measurements/temperature": 95 }, "UNCERTAIN", "range.operating /measurements/temperature"),
  found({ "/measurements/temperature": 52.5 }, "GOOD"),
  found({ [`${VOLTAGE}/phase_a`]: null }, "UNCERTAIN", `null ${VOLTAGE}/phase_a`),
  found({ "/measurements/temperature": null }, "UNCERTAIN", "null /measurements/temperature"),
  found(
    { "/measurements/power/apparent": 24_000, "/measurements/power/factor": 0.8 },
    "UNCERTAIN",
    "check.power_triangle /measurements/power/apparent",
  ),
  found(
    { "/measurements/temperature": { value: 52.5, unit: "degF" } },
    "UNCERTAIN",
    "unit /measurements/temperature/unit",
  ),
  found(
    { "/measurements/operational/operating_hours": 9_007_199_254_740_994 },
    "BAD",
    "precision /measurements/operational/operating_hours",
    "range.physical /measurements/operational/operating_hours",
  ),
  found({ "/timestamp": undefined }, "UNCERTAIN", "timestamp.missing /timestamp"),
  found({ "/timestamp": null }, "UNCERTAIN", "timestamp.missing /timestamp"),
  found({ "/timestamp": "2025-08-15T22:21:42" }, "GOOD", "timestamp.assumed_utc /timestamp"),
  found({ "/timestamp": 1_755_296_502 }, "GOOD", "timestamp.unix /timestamp"),
  found({ "/timestamp": 1_755_296_502_000 }, "GOOD", "timestamp.unix /timestamp"),
  found({ "/timestamp": "2025-08-16T00:21:42+02:00" }, "GOOD"),
  make(
    "timestamp.ahead by more than 5 minutes",
    changed({}),
    verdict("UNCERTAIN", "timestamp.ahead /timestamp"),
    { timestamp: CASE_TIME - 5 * MINUTE - 1 },
  ),
  make("5 minutes ahead are none", changed({}), verdict("GOOD"), { timestamp: CASE_TIME - 5 * MINUTE }),
  make(
    "timestamp.late by more than 5 minutes",
    changed({}),
    verdict("UNCERTAIN", "timestamp.late /timestamp"),
    { timestamp: CASE_TIME + 5 * MINUTE + 1 },
  ),
  make("5 minutes late are none", changed({}), verdict("GOOD"), { timestamp: CASE_TIME + 5 * MINUTE }),
  make("key.missing", changed({}), verdict("GOOD", "key.missing "), { key: null }),
  make("an empty key counts as none", changed({}), verdict("GOOD", "key.missing "), { key: "" }),
  make("type.mismatch: a breaker that says it is a meter", changed({ "/device_type": "smart_meter" }), {
    to: "enriched",
    device_type: "smart_meter",
    method: "declared",
  }),
  make("what no type is called is unknown, never guessed", changed({ "/device_type": "smart_braker" }), {
    to: "enriched",
    device_type: "unknown",
    method: "unknown",
    grade: "UNCERTAIN",
  }),
  ...["__proto__", "constructor", "toString", "hasOwnProperty"].map((name) =>
    make(`device_type ${name} is unknown`, changed({ "/device_type": name }), {
      to: "enriched",
      device_type: "unknown",
      method: "unknown",
      grade: "UNCERTAIN",
    }),
  ),
  make(
    "an object that no shape knows is unknown, its id the record key",
    '{"Uptime":12,"Wifi":{"RSSI":-61}}',
    { to: "enriched", device_type: "unknown", method: "unknown", grade: "UNCERTAIN" },
  ),
  make(
    "a time that is none is no fault where nothing is measured",
    '{"device_id":"breaker-001","timestamp":"soon"}',
    { to: "enriched", device_type: "unknown" },
  ),
];

const ID_CASES: EnrichCase[] = [
  ...["x", "é".repeat(128), "😀".repeat(128), "a b", "../x", "<b>", "constructor"].map((id) =>
    make(`the id ${id.slice(0, 20)} is taken`, changed({ "/device_id": id }), verdict("GOOD"), { key: id }),
  ),
  ...["", "x".repeat(129), "😀".repeat(129), "a\u0000b", "a\nb", "a\u007f", "a\u009f"].map((id) =>
    make(`the id ${JSON.stringify(id.slice(0, 20))} is out of form`, changed({ "/device_id": id }), {
      to: "dlq",
      reason: "schema",
      path: "/device_id",
    }),
  ),
  ...[null, 7, true, [], {}].map((id) =>
    make(`the id ${JSON.stringify(id)} is no text`, changed({ "/device_id": id }), {
      to: "dlq",
      reason: "schema",
      path: "/device_id",
    }),
  ),
  ...['"\\ud800"', '"\\udc00x"', '"x\\ud83d\\u0041"'].map((id) =>
    make(
      `the id ${id} is half a character`,
      changed({}).replace('"breaker-001"', id),
      { to: "dlq", reason: "schema", path: "/device_id" },
      { key: null },
    ),
  ),
  make("without a field the record key is the id", changed({ "/device_id": undefined }), verdict("GOOD"), {
    key: "breaker-9",
  }),
  make(
    "a record key out of form is no id",
    changed({ "/device_id": undefined }),
    { to: "dlq", reason: "schema" },
    { key: "a\nb" },
  ),
  make("neither", changed({ "/device_id": undefined }), { to: "dlq", reason: "schema" }, { key: null }),
  make(
    "an id inside __proto__ is none",
    '{"__proto__":{"device_id":"x"},"measurements":{}}',
    { to: "dlq", reason: "schema" },
    { key: null },
  ),
  make(
    "the key in another case is another device",
    changed({}),
    { to: "dlq", reason: "key_mismatch", path: "/device_id" },
    { key: "BREAKER-001" },
  ),
];

const TIME_CASES: EnrichCase[] = [
  ...[
    "2025-02-30T00:00:00Z",
    "2025-08-15T25:00:00Z",
    "2025-08-15T22:61:00Z",
    "15.08.2025",
    "",
    "now",
    "2025-08-15T22:21:42+99:00",
  ],
  ...[true, {}, [], -1, 0, 1e18],
].map((timestamp) =>
  make(`the time ${JSON.stringify(timestamp)} is none`, changed({ "/timestamp": timestamp }), {
    to: "dlq",
    reason: "bad_timestamp",
    path: "/timestamp",
  }),
);

const FIELDS = [
  "/device_id",
  "/device_type",
  "/manufacturer",
  "/model",
  "/timestamp",
  "/event_type",
  VOLTAGE,
  `${VOLTAGE}/phase_a`,
  "/measurements/temperature/unit",
  "/extra",
];
const NAUGHTY_CASES: EnrichCase[] = NAUGHTY.flatMap((text, index) => [
  ...FIELDS.map((field) =>
    make(`naughty text ${index} as ${field}`, changed({ [field]: text }), { to: "either" }, { key: null }),
  ),
  make(
    `naughty text ${index} as a name`,
    changed({ "/measurements/voltage": { [text]: 1 } }),
    { to: "either" },
    { key: null },
  ),
  make(
    `naughty text ${index} as a group`,
    JSON.stringify({ ...goodMessage(), measurements: { [text]: { value: 1 } } }),
    { to: "either" },
  ),
  make(
    `naughty text ${index} as the key`,
    changed({ "/device_id": undefined }),
    { to: "either" },
    { key: text },
  ),
]);

const JSON_CASES: EnrichCase[] = [
  ...TAKEN.map((value) =>
    make(`taken: ${value.slice(0, 40)}`, `${changed({}).slice(0, -1)},"extra":${value}}`, verdict("GOOD")),
  ),
  ...REFUSED.filter((value) => ![",", "}", "]"].some((closing) => value.endsWith(closing))).map((value) =>
    make(`refused: ${value.slice(0, 40)}`, `{"device_id":"breaker-001","v":${value}}`, {
      to: "dlq",
      reason: "not_json",
    }),
  ),
  ...Object.entries(NOT_UTF8).map(([name, bytes]) =>
    make(
      name,
      Buffer.concat([Buffer.from('{"device_id":"'), Buffer.from(bytes), Buffer.from('"}')]),
      { to: "dlq", reason: "not_utf8", path: "" },
      { key: null },
    ),
  ),
];

export const ENRICH_CASES: EnrichCase[] = [
  ...GOLDEN.map(({ name, raw, key, timestamp }) =>
    make(`golden: ${name}`, raw, { to: "enriched" }, { key, timestamp }),
  ),
  ...DEAD_LETTERS.map(({ what, raw, reason, path, key, timestamp }) =>
    make(`dead letter: ${what}`, raw, { to: "dlq", reason, path }, { key, timestamp }),
  ),
  ...FINDING_CASES,
  ...ID_CASES,
  ...TIME_CASES,
  ...JSON_CASES,
  ...NAUGHTY_CASES,
];

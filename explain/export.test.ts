import { describe, expect, test } from "bun:test";
import { messageJson } from "../dashboard/api/message-json.ts";
import { toRow } from "../dashboard/model/row.ts";
import { ApiMessage } from "../schemas/api.ts";
import { HEADERS } from "../schemas/topics.ts";
import { CASE_TIME, changed } from "../enrich/enrich.case.ts";
import { enrich } from "../enrich/enrich.fixture.ts";
import { createEnrich } from "../enrich/enrich.ts";
import { readExport } from "./export.ts";
import { judgeInput, verdictLine } from "./verdict.ts";
import { pinnedPlan } from "../registry/pinned.fixture.ts";

const plan = pinnedPlan;
const KEY = "breaker-001";
const LATE = CASE_TIME + 3_600_000;

/** A line as the dashboard writes it. */
function line(
  topic: "raw" | "enriched" | "dlq",
  value: string | Buffer | null,
  key: string | null = KEY,
): string {
  const row = toRow(
    topic,
    3,
    {
      offset: 42,
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      timestamp: LATE,
      headers: { [HEADERS.sourceOffset]: Buffer.from("41"), [HEADERS.reason]: Buffer.from("not_json") },
    },
    LATE,
    1,
  );
  return messageJson(row).replace(/[\r\n]+/g, " ");
}
const judged = (text: string) =>
  verdictLine(1, judgeInput(Buffer.from(text), undefined, createEnrich(plan), LATE));
const asRecord = (value: string) => {
  const source = { key: KEY, timestamp: LATE, bytes: Buffer.byteLength(value) };
  return verdictLine(1, enrich(value, source, plan, LATE));
};

describe("a line of the dashboard's export", () => {
  const raw = changed({ "/measurements/voltage/phase_a": 135 });

  test("is judged as the record was: its value, key and timestamp", () => {
    expect(judged(line("raw", raw))).toEqual(asRecord(raw));
    // The record's own timestamp counts, which the message alone does not have.
    expect(judged(line("raw", raw))).toMatchObject({
      findings: [{ code: "timestamp.late" }, { code: "range.operating" }],
    });
    expect(judged(line("raw", raw, "another"))).toMatchObject({ to: "dlq", reason: "key_mismatch" });
    expect(judged(line("raw", raw, null))).toMatchObject({ findings: [{ code: "key.missing" }, {}, {}] });
  });

  test("keeps the value's own text: its numbers, and a member that stands twice", () => {
    expect(judged(line("raw", '{"device_id":"a","v":1,"v":2}', "a"))).toMatchObject({
      reason: "duplicate_key",
    });
    const text = '{ "device_id": "a",\r\n "value": {"value": 12345678901234567890}, "x": "}" }';
    expect(readExport(Buffer.from(line("raw", text)))?.value.toString()).toBe(text.replace("\r\n", " "));
  });

  test("of enriched messages stands for the raw one", () => {
    const source = { key: KEY, timestamp: LATE, bytes: raw.length };
    const enriched = enrich(raw, source, plan, LATE);
    const exported = line("enriched", enriched.to === "enriched" ? enriched.value : "");
    expect(judged(exported)).toEqual(asRecord(raw));
  });

  test("of dead letters has the bytes, JSON or not", () => {
    expect(judged(line("dlq", "{"))).toMatchObject({ reason: "not_json" });
    expect(judged(line("dlq", Buffer.from([0x7b, 0xff])))).toMatchObject({ reason: "not_utf8" });
    expect(judged(line("dlq", null))).toMatchObject({ message: "empty: no value at all, or a tombstone" });
    expect(judged(line("dlq", "null"))).toMatchObject({ reason: "not_object" });
  });
});

describe("a device's own message", () => {
  const wrapper = JSON.parse(line("raw", changed({})));
  const stays = (message: object) => expect(readExport(Buffer.from(JSON.stringify(message)))).toBeUndefined();

  test("is never taken for the export: each member counts", () => {
    expect(readExport(Buffer.from(JSON.stringify(wrapper)))).toBeDefined();
    for (const name of ApiMessage.required ?? []) stays({ ...wrapper, [name]: undefined });
    stays({ topic: "raw", firmware: "1.2", ...wrapper });
    stays({ ...wrapper, topic: "iot.raw" });
    stays({ ...wrapper, topic: "plant/7" });
    stays({ ...wrapper, partition: "3" });
    stays({ ...wrapper, offset: -1 });
    stays({ ...wrapper, bytes: 12 });
    stays({ ...wrapper, bytes: 0 });
    stays({ ...wrapper, timestamp: 1764064800 });
    stays({ ...wrapper, timestamp: "2026-11-24" });
    stays({ ...wrapper, key: 7 });
    stays({ ...wrapper, value: null, bytes: 3 });
    stays({ ...wrapper, value_base64: "AAAA" });
  });

  test("also where it has such names of its own", () => {
    stays({ topic: "raw", value: 21.5, timestamp: "2026-11-24T14:27:08.000Z", device_id: "x" });
    expect(judged('{"topic":"raw","device_id":"x","value":1}')).toMatchObject({ device_id: "x" });
    for (const text of ['{"topic":"raw"', '["topic"]', "", '{"topic":'])
      expect(readExport(Buffer.from(text))).toBeUndefined();
  });
});

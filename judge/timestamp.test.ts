import { describe, expect, test } from "bun:test";
import { judge } from "./judge.fixture.ts";
import { sampleMessage, pinnedPlan, type Message } from "../registry/pinned.fixture.ts";

const RECORD_MS = Date.UTC(2026, 10, 24, 14, 27, 8);

describe("time", () => {
  const at = (timestamp: unknown, more: Message = {}) =>
    judge(
      { ...sampleMessage(), timestamp, ...more },
      { key: "breaker-001", timestamp: RECORD_MS },
      pinnedPlan,
    );
  const timed = (timestamp: unknown) => {
    const verdict = at(timestamp);
    if (!verdict.ok) return verdict.reason;
    const found = verdict.findings.filter(({ code }) => code.startsWith("timestamp")).map(({ code }) => code);
    return [verdict.timestamp_valid, verdict.timestamp, ...found];
  };
  const iso = (ms: number) => new Date(ms).toISOString();

  test("five minutes before and after the record timestamp are in time, a millisecond more is not", () => {
    const limit = 5 * 60_000;
    for (const ms of [RECORD_MS, RECORD_MS - limit, RECORD_MS + limit])
      expect(timed(iso(ms))).toEqual([true, ms]);
    expect(timed(iso(RECORD_MS - limit - 1))).toEqual([true, RECORD_MS - limit - 1, "timestamp.late"]);
    expect(timed(iso(RECORD_MS + limit + 1))).toEqual([false, RECORD_MS + limit + 1, "timestamp.ahead"]);
  });
  test("without a zone it is UTC; a number is a Unix time by its size", () => {
    expect(timed("2026-11-24T14:27:08")).toEqual([true, RECORD_MS, "timestamp.assumed_utc"]);
    expect(timed(RECORD_MS)).toEqual([true, RECORD_MS, "timestamp.unix"]);
    expect(timed(RECORD_MS / 1000)).toEqual([true, RECORD_MS, "timestamp.unix"]);
  });
  test("none, or null, is missing", () => {
    for (const none of [undefined, null])
      expect(timed(none)).toEqual([false, undefined, "timestamp.missing"]);
  });
  test.each(["2026-02-30T00:00:00Z", "yesterday", "", 0, 12.5, true, {}, [1], "1764000000"])(
    "%j is bad_timestamp",
    (value) => {
      expect(at(value)).toMatchObject({ ok: false, reason: "bad_timestamp", path: "/timestamp" });
    },
  );
  test("where there is neither measurements nor a shape, a strange timestamp is no reason", () => {
    const verdict = judge(
      { device_id: "a", timestamp: "tea time" },
      { key: "a", timestamp: RECORD_MS },
      pinnedPlan,
    );
    expect(verdict).toMatchObject({ ok: true, device_type: "unknown", timestamp_valid: false });
  });
});

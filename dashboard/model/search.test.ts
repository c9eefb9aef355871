import { describe, expect, test } from "bun:test";
import { readCondition } from "./condition.ts";
import { fold } from "./fold.ts";
import { createView } from "./view.ts";
import { dead, enriched, NOW, record } from "../sample.fixture.ts";
import type { Filters } from "./filters.ts";
import { PAGE_PARAMETERS, readFilters, search } from "./search.ts";

const view = createView(NOW);
fold(
  view,
  {
    topic: "enriched",
    partition: 0,
    messages: [
      record(
        0,
        enriched({
          device_id: "a",
          measurements: { voltage: { phase_a: 120, phase_b: 133.5 }, frequency: { value: 60 } },
        }),
        { source: 0, timestamp: NOW - 3, key: "a" },
      ),
      record(
        1,
        enriched({
          device_id: "b",
          grade: "BAD",
          event_type: "Überlast",
          findings: [{ code: "missing", path: "", severity: "bad" }],
        }),
        {
          source: 1,
          timestamp: NOW - 2,
          key: "b",
        },
      ),
      record(2, enriched({ device_id: "c", device_type: "unknown" }), {
        source: 2,
        timestamp: NOW - 1,
        key: "c",
      }),
    ],
    highWatermark: 3,
  },
  NOW,
);
fold(
  view,
  {
    topic: "dlq",
    partition: 0,
    messages: [dead(0, "{", "not_json"), dead(1, "[]", "not_object")],
    highWatermark: 2,
  },
  NOW,
);

const found = (filters: Partial<Filters>) =>
  search(view, { topic: "enriched", limit: 10, ...filters }).rows.map((row) => row.key);

describe("search", () => {
  test("newest first, by device, type, grade and reason", () => {
    expect(found({})).toEqual(["c", "b", "a"]);
    expect(found({ device: "b" })).toEqual(["b"]);
    expect(found({ type: "unknown" })).toEqual(["c"]);
    expect(found({ grade: "BAD" })).toEqual(["b"]);
    expect(found({ method: "unknown" })).toEqual(["c"]);
    expect(found({ event: "Überlast" })).toEqual(["b"]);
    expect(found({ code: "missing" })).toEqual(["b"]);
    expect(search(view, { topic: "dlq", limit: 9, reason: "not_json" }).matched).toBe(1);
  });

  test("a text is found in the value whatever its case", () => {
    expect(found({ q: "überLAST" })).toEqual(["b"]);
    expect(found({ q: "no such text" })).toEqual([]);
  });

  test("a condition compares what stands at a path", () => {
    expect(found({ q: "voltage.phase_b > 130" })).toEqual(["a"]);
    expect(found({ q: "voltage.*>133" })).toEqual(["a"]);
    expect(found({ q: "frequency=60" })).toEqual(["a"]);
    expect(found({ q: "/measurements/frequency/value >= 60" })).toEqual(["a"]);
    expect(found({ q: "device_metadata.device_type = unknown" })).toEqual(["c"]);
    expect(found({ q: "voltage.phase_z > 0" })).toEqual([]);
  });

  test("a plain text with a space or a mark is no condition", () => {
    expect(readCondition("hello world")).toBeUndefined();
    expect(readCondition('"a": 1')).toBeUndefined();
    expect(readCondition("> 5")).toBeUndefined();
    expect(readCondition("__proto__.x = 1")).toEqual({ path: ["__proto__", "x"], operator: "=", value: "1" });
    expect(found({ q: "__proto__.toString != 1" })).toEqual([]);
  });

  test("what reads like a condition is looked for as a text in what is no object", () => {
    const v = createView(NOW);
    const texts = ["temp=1 volt>3", "temp=2", '{"temp":1}', '{"note":"temp=1"}'];
    const messages = texts.map((text, i) => dead(i, text, "not_json"));
    fold(v, { topic: "dlq", partition: 0, messages, highWatermark: 4 }, NOW);
    const offsets = (q: string) =>
      search(v, { topic: "dlq", limit: 10, q })
        .rows.map(({ offset }) => offset)
        .sort();
    expect(offsets("temp=1")).toEqual([0, 2]);
    expect(offsets("volt>3")).toEqual([0]);
  });

  test("a path may have letters of any script", () => {
    const token = "te\u0301mpérature-außen";
    expect(readCondition(`${token}.値 >= 20`)).toEqual({ path: [token, "値"], operator: ">=", value: "20" });
    expect(readCondition("/grün/0=1")).toEqual({ path: ["grün", "0"], operator: "=", value: "1" });
  });

  test("a filter for what a topic's messages do not have is refused with why, not answered as if none matched", () => {
    expect(readFilters({ topic: "raw", grade: "BAD" }, 5)).toEqual({
      ok: false,
      parameter: "grade",
      detail: "only enriched messages are judged: expected topic=enriched, found topic=raw",
    });
    for (const query of [{ code: "null" }, { method: "declared" }])
      expect(readFilters({ topic: "dlq", ...query }, 5)).toMatchObject({ ok: false });
    expect(readFilters({ reason: "not_json" }, 5)).toMatchObject({ ok: false, parameter: "reason" });
    expect(readFilters({ topic: "dlq", reason: "not_json" }, 5)).toMatchObject({ ok: true });
    expect(readFilters({ topic: "raw", grade: "", reason: "" }, 5)).toMatchObject({ ok: true });
  });

  test("a wrong filter is named with what would be right", () => {
    expect(readFilters({ topic: "iot.raw" }, 5)).toEqual({
      ok: false,
      parameter: "topic",
      detail: 'expected raw, enriched, dlq, found "iot.raw"',
    });
    for (const limit of ["0", "501", "ten", "1.5", "-1"])
      expect(readFilters({ limit }, 5)).toMatchObject({ ok: false, parameter: "limit" });
    expect(readFilters({ q: "x".repeat(300) }, 5)).toMatchObject({ ok: false, parameter: "q" });
    expect(readFilters({ reason: "constructor" }, 5)).toMatchObject({ ok: false, parameter: "reason" });
    expect(readFilters({ devise: "x" }, 5)).toMatchObject({
      ok: false,
      parameter: "devise",
      detail: expect.stringContaining("topic, limit, device, type,"),
    });
    expect(readFilters({ refresh: "5" }, 5)).toMatchObject({ ok: false, parameter: "refresh" });
    expect(readFilters({ refresh: "5", live: "off" }, 5, PAGE_PARAMETERS)).toMatchObject({ ok: true });
    expect(readFilters({ device: "", grade: "bad" }, 5)).toEqual({
      ok: true,
      filters: { topic: "enriched", limit: 5, grade: "BAD" },
    });
  });
});

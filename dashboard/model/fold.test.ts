import { describe, expect, test } from "bun:test";
import { forgetDevices, HOUR_MS, isSilent, MAX_DEVICES, type Rhythms } from "./devices.ts";
import { fold, foldService } from "./fold.ts";
import {
  createView,
  judgedUntil,
  nextOffsets,
  setEnds,
  setKafka,
  total,
  type ViewModel,
  waiting,
} from "./view.ts";
import { fleetOf, statsOf } from "./stats.ts";
import { HEADERS } from "../../schemas/topics.ts";
import { enriched, NOW, raw, record, dead } from "../sample.fixture.ts";

const view = (): ViewModel => createView(NOW);
const put = (
  into: ViewModel,
  topic: "raw" | "enriched" | "dlq",
  messages: ReturnType<typeof record>[],
  partition = 0,
  now = NOW,
) => fold(into, { topic, partition, messages, highWatermark: (messages.at(-1)?.offset ?? -1) + 1 }, now);

describe("fold", () => {
  test("totals are end offsets: repeats and what expired before the read count", () => {
    const v = view();
    put(v, "raw", [record(1_000, raw())]);
    setEnds(v, "raw", [
      { partition: 0, high: 1_001 },
      { partition: 1, high: 500 },
    ]);
    expect(total(v, "raw")).toBe(1_501);
    expect(statsOf(v, NOW).total_raw_messages).toBe(1_501);
  });

  test("a repeat counts once by its source offset, and is counted as a repeat", () => {
    const v = view();
    put(v, "enriched", [
      record(10, enriched(), { source: 5 }),
      record(11, enriched(), { source: 6 }),
      record(12, enriched(), { source: 5 }),
      record(13, enriched(), { source: 6 }),
    ]);
    expect(v.repeats).toBe(2);
    expect(v.topics.enriched.newest.rows.map((row) => row.offset)).toEqual([10, 11]);
    expect(statsOf(v, NOW).data_quality.messages).toBe(2);
    expect(total(v, "enriched")).toBe(14);
  });

  test("headers of raw messages decide nothing: dead letters that were sent again with theirs are all shown", () => {
    const v = view();
    put(v, "raw", [
      record(0, raw(), { source: 7 }),
      record(1, raw(), { source: 7 }),
      record(2, raw(), { source: 3 }),
    ]);
    expect(v.repeats).toBe(0);
    expect(v.topics.raw.newest.rows.map((row) => row.offset)).toEqual([0, 1, 2]);
  });

  describe("when iot.raw was made anew", () => {
    const verdicts = (v: ViewModel, from: number, sources: number[], epoch?: number) => {
      const headers = epoch === undefined ? undefined : { [HEADERS.sourceEpoch]: String(epoch) };
      put(
        v,
        "enriched",
        sources.map((source, i) => record(from + i, enriched(), { source, headers })),
      );
      return v.topics.enriched.newest.rows.map((row) => row.offset);
    };

    test("its verdicts are shown at once, as their epoch tells; those of before are repeats from then on", () => {
      const v = view();
      setEnds(v, "raw", [{ partition: 0, high: 1_000 }]);
      verdicts(v, 0, [97, 98, 99]);
      expect(verdicts(v, 3, [0, 1, 2], NOW)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(verdicts(v, 6, [2, 100], NOW)).toEqual([0, 1, 2, 3, 4, 5, 7]);
      expect(verdicts(v, 8, [101])).toHaveLength(7);
      expect(verdicts(v, 9, [0], NOW + 1)).toHaveLength(8);
      expect(v.repeats).toBe(2);
    });

    test("of an enrichment without epochs they are shown at once where it ends before what was seen", () => {
      const v = view();
      setEnds(v, "raw", [{ partition: 0, high: 3 }]);
      expect(verdicts(v, 0, [97, 98, 99, 0, 1, 1, 2])).toEqual([0, 1, 2, 3, 4, 6]);
      expect(v.repeats).toBe(1);
    });

    test("and where they fall further than a repeat can; nearer they are repeats while it has what was seen", () => {
      const v = view();
      setEnds(v, "raw", [{ partition: 0, high: 90_000 }]);
      expect(verdicts(v, 0, [6_000, 1_000, 6_001])).toEqual([0, 2]);
      expect(verdicts(v, 3, [1_000, 1_001])).toEqual([0, 2, 3, 4]);
    });

    test("verdicts on messages that are gone do not tell that the new ones are judged", () => {
      const v = view();
      setKafka(v, true, NOW);
      put(v, "raw", [record(0, raw()), record(1, raw()), record(2, raw())]);
      verdicts(v, 0, [97, 98, 99]);
      expect(waiting(v)).toBe(3);
      put(v, "dlq", [dead(98, "{", "not_json")]);
      expect(waiting(v)).toBe(3);
      verdicts(v, 3, [0, 1]);
      expect(waiting(v)).toBe(1);
      verdicts(v, 5, [2]);
      expect(waiting(v)).toBe(0);
    });
  });

  test("the same source offset in another partition is another message", () => {
    const v = view();
    put(v, "enriched", [record(0, enriched(), { source: 5 })], 0);
    put(v, "enriched", [record(0, enriched(), { source: 5 })], 1);
    expect(v.repeats).toBe(0);
  });

  test("a record that is read twice counts once and is no repeat", () => {
    const v = view();
    put(v, "raw", [record(3, raw()), record(4, raw())]);
    put(v, "raw", [record(4, raw()), record(5, raw())]);
    expect(v.topics.raw.newest.rows.map((row) => row.offset)).toEqual([3, 4, 5]);
    expect(v.repeats).toBe(0);
  });

  test("late data never becomes the latest of a device, but shows that it is alive", () => {
    const v = view();
    put(v, "enriched", [
      record(0, enriched({ timestamp: at(-1_000), grade: "GOOD" }), { source: 0, timestamp: NOW - 1_000 }),
      record(1, enriched({ timestamp: at(-600_000), grade: "BAD" }), { source: 1, timestamp: NOW }),
    ]);
    const device = v.devices.get("breaker-001");
    expect(device?.grade).toBe("GOOD");
    expect(device?.measured).toBe(NOW - 1_000);
    expect(device?.arrived).toBe(NOW);
  });

  test("a clock that runs ahead does not block later messages", () => {
    const v = view();
    const ahead = [{ code: "timestamp.ahead", path: "/timestamp", severity: "uncertain" as const }];
    put(v, "enriched", [
      record(0, enriched({ timestamp: at(9e9), findings: ahead, grade: "UNCERTAIN" }), {
        source: 0,
        timestamp: NOW - 1_000,
      }),
      record(1, enriched({ timestamp: at(0), grade: "GOOD" }), { source: 1, timestamp: NOW }),
    ]);
    expect(v.devices.get("breaker-001")?.grade).toBe("GOOD");
  });

  describe("a clock that is wrong never freezes a verdict", () => {
    const later = (minutes: number, grade: "GOOD" | "BAD", i: number, timestamp = at(minutes * 60_000)) =>
      record(i, enriched({ timestamp, grade }), { source: i, timestamp: NOW + i });
    const grades = (...messages: ReturnType<typeof record>[]) => {
      const v = view();
      return messages.map((message) => {
        put(v, "enriched", [message], 0, NOW + 10_000);
        return v.devices.get("breaker-001")?.grade;
      });
    };

    test("one that stands at an impossible time: what arrived last counts", () => {
      const reset = "1970-01-01T00:00:30Z";
      expect(grades(later(0, "GOOD", 0), later(0, "BAD", 1, reset), later(0, "GOOD", 2, reset))).toEqual([
        "GOOD",
        "BAD",
        "GOOD",
      ]);
    });

    test("one that fell back: two messages behind are late data, the third counts, and so do those after it", () => {
      const before = later(0, "GOOD", 0);
      const fallen = [1, 2, 3, 4].map((i) => later(i - 60, i === 4 ? "GOOD" : "BAD", i));
      expect(grades(before, ...fallen)).toEqual(["GOOD", "GOOD", "GOOD", "BAD", "GOOD"]);
    });

    test("late data between messages of now are never three in a row", () => {
      const mixed = [1, 2, 3, 4, 5, 6].map((i) =>
        i % 3 === 0 ? later(i, "GOOD", i) : later(i - 60, "BAD", i),
      );
      expect(new Set(grades(later(0, "GOOD", 0), ...mixed))).toEqual(new Set(["GOOD"]));
    });
  });

  test("a record timestamp in the future counts as now", () => {
    const v = view();
    put(v, "raw", [record(0, raw(), { timestamp: NOW + 9e9 })]);
    expect(v.topics.raw.last).toBe(NOW);
  });

  test("partitions that are read one after the other end in the order of time", () => {
    const v = view();
    put(v, "raw", [record(0, raw(), { timestamp: NOW - 30 }), record(1, raw(), { timestamp: NOW - 10 })], 0);
    put(v, "raw", [record(0, raw(), { timestamp: NOW - 40 }), record(1, raw(), { timestamp: NOW - 20 })], 1);
    expect(v.topics.raw.newest.rows.map((row) => NOW - row.time)).toEqual([40, 30, 20, 10]);
  });

  test("what is kept is bounded by bytes, whatever the size of a message", () => {
    const v = view();
    const big = raw({ filler: "x".repeat(60_000) });
    put(
      v,
      "raw",
      Array.from({ length: 200 }, (_, i) => record(i, big)),
    );
    const { bytes, rows } = v.topics.raw.newest;
    expect(bytes).toBeLessThanOrEqual(2 << 20);
    expect(rows.reduce((sum, row) => sum + row.bytes, 0)).toBe(bytes);
    expect(rows.at(-1)?.offset).toBe(199);
  });

  test("devices are bounded, and the page can say how many left", () => {
    const v = view();
    put(
      v,
      "enriched",
      Array.from({ length: MAX_DEVICES + 5 }, (_, i) =>
        record(i, enriched({ device_id: `d${i}` }), { source: i }),
      ),
    );
    expect(v.devices.size).toBe(MAX_DEVICES);
    expect(v.devicesDropped).toBe(5);
    expect(v.devices.has("d0")).toBe(false);
  });

  describe("a device is silent", () => {
    const seen = (options: Parameters<typeof enriched>[0], rhythms: Rhythms = new Map()) => {
      const v = view();
      v.rhythms = rhythms;
      put(v, "enriched", [record(0, enriched({ device_id: "d", ...options }), { source: 0 })]);
      const device = v.devices.get("d");
      if (device === undefined) throw new Error("no device");
      return { v, device, silentAt: (ms: number) => isSilent(device, NOW + ms, v.rhythms) };
    };

    test("after what the registry here says, whatever its messages tell", () => {
      const { silentAt } = seen(
        {},
        new Map([["smart_breaker", { expected_ms: 5_000, offline_after_ms: 90_000 }]]),
      );
      expect([silentAt(90_000), silentAt(90_001)]).toEqual([false, true]);
    });

    test("after six intervals of its messages, where the registry here has not its type", () => {
      const { silentAt } = seen({});
      expect([silentAt(30_000), silentAt(30_001)]).toEqual([false, true]);
    });

    test("never, where no pace is expected: a type without one, an unknown device", () => {
      expect(seen({}, new Map([["smart_breaker", null]])).silentAt(HOUR_MS)).toBe(false);
      expect(seen({ device_type: "unknown" }).silentAt(HOUR_MS)).toBe(false);
    });

    test("no sooner than its messages are judged: those that wait may be its own", () => {
      const { v } = seen({});
      setKafka(v, true, NOW + 60_000);
      const later = (topic: "raw" | "enriched" | "dlq", ...messages: ReturnType<typeof record>[]) =>
        put(v, topic, messages, 0, NOW + 60_000);
      const silent = () => fleetOf(v, NOW + 60_000).silent;
      expect(silent()).toBe(1);
      later("raw", record(0, raw()), record(1, raw(), { timestamp: NOW + 5_000 }));
      later("raw", record(2, raw(), { timestamp: NOW + 10_000 }));
      expect([silent(), waiting(v), judgedUntil(v, NOW + 60_000)]).toEqual([0, 2, NOW + 5_000]);
      later("dlq", dead(1, "{", "not_json", NOW + 5_000));
      expect([silent(), waiting(v), judgedUntil(v, NOW + 60_000)]).toEqual([0, 1, NOW + 5_000]);
      later("enriched", record(1, enriched({ device_id: "other" }), { source: 2, timestamp: NOW + 10_000 }));
      expect([silent(), waiting(v), judgedUntil(v, NOW + 60_000)]).toEqual([2, 0, NOW + 60_000]);
    });

    test("and not behind what is no message: a transaction's marker at the end waits for no verdict", () => {
      const v = view();
      setKafka(v, true, NOW + 60_000);
      const batch = { topic: "raw", partition: 0, highWatermark: 3 } as const;
      // A message, a marker; then an aborted one and its marker.
      fold(v, { ...batch, messages: [record(0, raw())], next: 2 }, NOW);
      expect(waiting(v)).toBe(1);
      put(v, "enriched", [record(0, enriched(), { source: 0 })]);
      fold(v, { ...batch, messages: [], next: 4, highWatermark: 4 }, NOW);
      expect([waiting(v), judgedUntil(v, NOW + 60_000)]).toEqual([0, NOW + 60_000]);
      fold(v, { ...batch, messages: [record(4, raw())], next: 6, highWatermark: 6 }, NOW);
      expect(waiting(v)).toBe(1);
    });

    test("and forgotten after an hour, one that sends seldom after one interval more", () => {
      for (const [rhythm, after] of [
        [null, HOUR_MS],
        [{ expected_ms: HOUR_MS, offline_after_ms: 6 * HOUR_MS }, 7 * HOUR_MS],
      ] as const) {
        const { v } = seen({}, new Map([["smart_breaker", rhythm]]));
        expect(forgetDevices(v.devices, NOW + after, v.rhythms)).toBe(false);
        expect(forgetDevices(v.devices, NOW + after + 1, v.rhythms)).toBe(true);
      }
    });
  });

  test("an unknown type is counted as unknown, never left out", () => {
    const v = view();
    put(v, "enriched", [record(0, enriched({ device_type: "unknown", device_id: "gw-1" }), { source: 0 })]);
    expect(statsOf(v, NOW).devices_by_type).toEqual({ unknown: 1 });
  });

  test("dead letters count by their reason", () => {
    const v = view();
    put(v, "dlq", [dead(0, "{", "not_json"), dead(1, "[]", "not_object"), dead(2, "]", "not_json")]);
    expect([...v.tallies.reason.slots.flatMap((slot) => [...slot.counts])]).toEqual([
      ["not_json", 2],
      ["not_object", 1],
    ]);
  });

  test("content that is no JSON, no object, or lies about its types never stops the fold", () => {
    const v = view();
    const odd = [
      "",
      "null",
      "[1]",
      "{",
      '{"device_metadata":7,"data_quality":{"findings":{"a":1}},"enrichment_info":[]}',
      '{"__proto__":{"device_id":"x"},"device_id":5,"timestamp":{}}',
      "\u0000",
      '{"data_quality":{"findings":[null,3,{}]}}',
    ];
    put(
      v,
      "enriched",
      odd.map((value, i) => record(i, value, { source: i, key: null })),
    );
    put(v, "enriched", [{ ...record(99, ""), value: null }]);
    expect(v.topics.enriched.newest.rows).toHaveLength(9);
  });

  test("a topic that was made anew is noticed", () => {
    const v = view();
    put(v, "raw", [record(41, raw())]);
    expect(setEnds(v, "raw", [{ partition: 0, high: 42 }])).toBe(true);
    expect(setEnds(v, "raw", [{ partition: 0, high: 3 }])).toBe(false);
  });

  test("what is read while the brokers answer does not look like a new topic, and no count goes down", () => {
    const v = view();
    put(v, "raw", [record(41, raw())]);
    const before = nextOffsets(v, "raw");
    put(v, "raw", [record(42, raw()), record(43, raw())]);
    expect(setEnds(v, "raw", [{ partition: 0, high: 42 }], before)).toBe(true);
    expect(total(v, "raw")).toBe(44);
  });

  test("a heartbeat replaces the one before, never a newer one, and another form is left out", () => {
    const v = view();
    const beat = (state: string) =>
      JSON.stringify({
        service: "enrich",
        instance: "a:1",
        state,
        reasons: [],
        version: "1",
        started_at: at(0),
        at: at(0),
        host: "a",
        counters: {},
      });
    foldService(v, record(0, beat("ready"), { timestamp: NOW }));
    foldService(v, record(1, beat("starting"), { timestamp: NOW - 5_000 }));
    for (const odd of ["[]", "{}", "x", '{"service":"enrich","instance":"a:1","state":"on fire"}'])
      foldService(v, record(2, odd, { timestamp: NOW }));
    expect([...v.services].map(([key, service]) => [key, service.state])).toEqual([["enrich/a:1", "ready"]]);
  });
});

const at = (ms: number): string => new Date(NOW + ms).toISOString();

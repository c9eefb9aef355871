import { describe, expect, test } from "bun:test";
import { judge } from "./judge.fixture.ts";
import {
  judged,
  judgeAtOwnTime,
  codes,
  faultsIn,
  sampleMessage,
  pinnedPlan,
  pinnedRegistry,
  type Message,
  planOf,
} from "../registry/pinned.fixture.ts";

const RECORD_MS = Date.UTC(2026, 10, 24, 14, 27, 8);

describe("the predecessor's sample", () => {
  const verdict = judged(sampleMessage(), pinnedPlan);
  test("is a smart_breaker, complete and GOOD at its own time", () => {
    expect(verdict).toMatchObject({
      device_id: "breaker-001",
      device_type: "smart_breaker",
      timestamp: Date.UTC(2025, 7, 15, 22, 21, 42, 123),
      timestamp_valid: true,
      measurements_complete: true,
      completeness: 100,
      enrichment_success: true,
      grade: "GOOD",
      normalized: undefined,
      detection: { method: "declared", score: 100, runner_up: null },
    });
    expect(codes(verdict)).toEqual([
      "timestamp.assumed_utc /timestamp",
      "missing.optional /measurements/power/factor",
      "missing.optional /measurements/protection/arc_fault",
      "missing.optional /measurements/protection/harmonic_distortion",
    ]);
  });

  test("its fragments are JSON with the members of the predecessor", () => {
    const metadata = JSON.parse(verdict.device_metadata);
    expect(Object.keys(metadata)).toEqual([
      "device_type",
      "device_type_name",
      "device_type_description",
      "device_category",
      "capabilities",
      "data_format",
      "update_frequency",
      "retention_policy",
    ]);
    expect(JSON.parse(verdict.measurement_metadata).voltage).toMatchObject({
      unit: "V",
      min_value: 110,
      max_value: 130,
      data_type: "float",
      phases: ["phase_a", "phase_b", "phase_c"],
    });
    expect(JSON.parse(verdict.detection_json)).toEqual(verdict.detection);
  });
});

describe("device_metadata", () => {
  const named = (members: Message) =>
    JSON.parse(judged({ ...sampleMessage(), ...members }, pinnedPlan).device_metadata);
  const specifications = pinnedRegistry().device_types.smart_breaker?.manufacturers?.[0]?.specifications;
  test("names the maker, the model and its specifications when the message names one that is listed", () => {
    expect(named({ manufacturer: "ElectroCorp", model: "SB-3000" })).toMatchObject({
      manufacturer: "ElectroCorp",
      model: "SB-3000",
      specifications,
    });
    expect(named({ model: "SB-3000" })).toMatchObject({
      manufacturer: "ElectroCorp",
      model: "SB-3000",
      specifications,
    });
    expect(named({ manufacturer: "ElectroCorp" })).toMatchObject({
      manufacturer: "ElectroCorp",
      specifications,
    });
  });
  test("a model that two makers list names neither", () => {
    const registry = pinnedRegistry();
    registry.device_types.smart_breaker?.manufacturers?.push({ name: "Copycat", models: ["SB-3000"] });
    const metadata = judged({ ...sampleMessage(), model: "SB-3000" }, planOf(registry)).device_metadata;
    expect(JSON.parse(metadata)).not.toHaveProperty("manufacturer");
    const own = judged(
      { ...sampleMessage(), manufacturer: "Copycat", model: "SB-3000" },
      planOf(registry),
    ).device_metadata;
    expect(JSON.parse(own)).toMatchObject({ manufacturer: "Copycat", model: "SB-3000" });
  });
  test("leaves out what is not listed", () => {
    expect(named({ manufacturer: "ElectroCorp", model: "SB-9" })).not.toHaveProperty("model");
    for (const members of [
      { manufacturer: "Nobody", model: "SB-3000" },
      { model: "SB-9" },
      { manufacturer: 7, model: null },
    ])
      expect(named(members)).not.toHaveProperty("manufacturer");
  });
});

describe("identity", () => {
  const verdictOf = (members: Message, key: string | null) =>
    judge({ ...sampleMessage(), ...members }, { key, timestamp: RECORD_MS }, pinnedPlan);
  test("the field, else the record key", () => {
    const { device_id: _id, ...anonymous } = sampleMessage();
    expect(judge(anonymous, { key: "k-1", timestamp: RECORD_MS }, pinnedPlan)).toMatchObject({
      ok: true,
      device_id: "k-1",
    });
    expect(judge(anonymous, { key: null, timestamp: RECORD_MS }, pinnedPlan)).toMatchObject({
      ok: false,
      reason: "schema",
      path: "/device_id",
      message: "no device_id and no record key",
    });
    expect(judge(anonymous, { key: "", timestamp: RECORD_MS }, pinnedPlan)).toMatchObject({
      reason: "schema",
    });
  });
  test("without a key it is told, and no fault", () => {
    const verdict = judgeAtOwnTime(sampleMessage(), pinnedPlan, null);
    expect(verdict).toMatchObject({ ok: true, grade: "GOOD" });
    expect(verdict.ok && codes(verdict)).toContain("key.missing ");
  });
  test("a key that contradicts the id is a dead letter", () => {
    expect(verdictOf({}, "breaker-002")).toMatchObject({
      ok: false,
      reason: "key_mismatch",
      path: "/device_id",
    });
  });
  const noIds = [
    "",
    "a\nb",
    "\u0000",
    "\u007f",
    "\u009f",
    "\ud800x",
    "x\udc00",
    "x".repeat(129),
    7,
    true,
    {},
    [],
    null,
  ];
  test.each(noIds.map((id) => ({ id })))("%j is no id", ({ id }) => {
    expect(verdictOf({ device_id: id }, null)).toMatchObject({
      ok: false,
      reason: "schema",
      path: "/device_id",
    });
  });
  test.each([
    ["\n", "holds the control character U+000A"],
    // As a host hands on half of a surrogate pair.
    ["\u0000", "holds half of a surrogate pair, or U+0000"],
    ["", "is empty; expected 1 to 128 characters"],
    ["x".repeat(129), "has 129 characters; expected at most 128"],
  ])("the words say what is wrong with the id %j", (id, words) => {
    expect(verdictOf({ device_id: id }, null)).toMatchObject({ message: `the device id ${words}` });
  });
  test.each(["x", "x".repeat(128), "😀".repeat(128), "Gerät 7", "a/b:c"])("%j is an id", (device_id) => {
    expect(verdictOf({ device_id }, null)).toMatchObject({ ok: true, device_id });
  });
});

describe("measurements", () => {
  test.each([[[]], [null], [7], ["x"], [true]])(
    "%j instead of an object is a dead letter",
    (measurements) => {
      expect(judgeAtOwnTime({ ...sampleMessage(), measurements }, pinnedPlan)).toMatchObject({
        ok: false,
        reason: "schema",
        path: "/measurements",
      });
    },
  );
});

describe("the type", () => {
  test("a declared type that the registry lacks is unknown, with the nearest name", () => {
    const verdict = judged({ ...sampleMessage(), device_type: "smart_braker" }, pinnedPlan);
    expect(verdict).toMatchObject({
      device_type: "unknown",
      enrichment_success: false,
      completeness: 0,
      measurements_complete: false,
      grade: "UNCERTAIN",
      measurement_metadata: "{}",
      detection: {
        method: "unknown",
        score: 0,
        runner_up: "smart_breaker",
        reasons: ['the registry has no type "smart_braker"', "the nearest name is smart_breaker"],
      },
    });
    expect(JSON.parse(verdict.device_metadata)).toMatchObject({ device_type: "unknown", capabilities: [] });
  });
  test("a device_type that is no text is wrong_type, and unknown", () => {
    const verdict = judged({ ...sampleMessage(), device_type: 7 }, pinnedPlan);
    expect(verdict.device_type).toBe("unknown");
    expect(faultsIn(verdict)).toEqual(["wrong_type /device_type (a string)"]);
  });
  test("a declared type that its fields contradict stays declared, with the one that fits", () => {
    const verdict = judged({ ...sampleMessage(), device_type: "smart_meter" }, pinnedPlan);
    expect(verdict).toMatchObject({
      device_type: "smart_meter",
      detection: { method: "declared", runner_up: "smart_breaker" },
    });
    expect(faultsIn(verdict)[0]).toBe("type.mismatch /device_type (smart_breaker)");
    expect(verdict.detection.reasons).toEqual([
      "device_type says smart_meter",
      "but status.breaker is not a field of smart_meter",
      "smart_breaker would fit (100 of 100)",
    ]);
  });
  test("a declared type of which nothing is there is a mismatch too", () => {
    const message = {
      device_id: "x",
      device_type: "smart_breaker",
      timestamp: "2026-11-24T14:27:08Z",
      measurements: { temperature: 21, humidity: 40, pressure: 1013 },
    };
    const verdict = judged(message, pinnedPlan);
    expect(faultsIn(verdict)[0]).toBe("type.mismatch /device_type (environmental_sensor)");
    expect(verdict.grade).toBe("BAD");
  });
});

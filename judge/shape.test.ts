import { describe, expect, test } from "bun:test";
import { codes, faultsIn, judged, judgeAtOwnTime, type Message, planOf } from "../registry/pinned.fixture.ts";

/** One type and the shapes under test; each shape says what it needs beside these. */
const registry = (...shapes: object[]) => ({
  metadata: { version: "1" },
  device_types: {
    meter: {
      name: "Meter",
      measurements: {
        voltage: {
          quantity: "voltage",
          unit: "V",
          phases: ["a", "b"],
          physical: [0, 1000],
          operating: [200, 250],
        },
        energy: { quantity: "active_energy", unit: "kWh" },
        state: { quantity: "state", valid_values: [0, 1] },
        note: { data_type: "string", required: false },
      },
    },
  },
  shapes,
});
const EM = {
  id: "em",
  when: [
    { path: "/em:0", op: "exists" },
    { path: "/src", op: "exists" },
  ],
  device_id: "/src",
  timestamp: { path: "/ts", format: "unix_s" },
  device_type: "meter",
  measurements: {
    "voltage.a": { from: "/em:0/a" },
    "voltage.b": { from: "/em:0/b", text: true },
    energy: { from: "/em:0/wh", factor: 0.001 },
    state: { from: "/em:0/on", map: { true: 1, OFF: 0 } },
    note: { from: "/em:0/a~1b" },
  },
};
const plan = planOf(registry(EM));
const message = (values: object = {}): Message => ({
  src: "dev-1",
  ts: 1_795_530_428.5,
  "em:0": { a: 230.1, b: "229.9", wh: 1500, on: true, "a/b": "fine", ...values },
});
const measurementsOf = (sent: Message, of = plan) =>
  JSON.parse(judged(sent, of, null).normalized ?? "null")?.measurements;

describe("a vendor's shape", () => {
  const verdict = judged(message(), plan, "dev-1");
  test("gives canonical names, units, id and time", () => {
    expect(JSON.parse(verdict.normalized ?? "")).toEqual({
      device_id: "dev-1",
      timestamp: "2026-11-24T14:27:08.500Z",
      measurements: {
        voltage: { a: 230.1, b: 229.9 },
        energy: { value: 1.5 },
        state: { value: 1 },
        note: { value: "fine" },
      },
    });
  });
  test("names itself in the reasons of the type", () => {
    expect(verdict).toMatchObject({ device_type: "meter", grade: "GOOD", completeness: 100 });
    expect(verdict.detection).toEqual({
      method: "detected",
      score: 100,
      runner_up: null,
      reasons: ["the message has the shape em, which only meter sends"],
    });
    expect(codes(verdict)).toEqual([]);
  });

  test("a finding points into the message as it was sent", () => {
    expect(faultsIn(judged(message({ a: 2000, b: "12", on: false, wh: null }), plan))).toEqual([
      "enum /em:0/on (one of true or OFF)",
      "range.physical /em:0/a (0..1000 V)",
      "range.operating /em:0/b (200..250 V)",
      "null /em:0/wh (a number in kWh)",
    ]);
    expect(faultsIn(judged(message({ b: undefined, "a/b": 7 }), plan))).toEqual([
      "missing /em:0/b (a number in V)",
      "wrong_type /em:0/a~1b (a text)",
    ]);
  });

  test("of a group that is not there at all the finding names the group, not only its first leaf", () => {
    expect(faultsIn(judged(message({ a: undefined, b: undefined }), plan))).toEqual([
      "missing /em:0/a (voltage.*)",
    ]);
    const optional = structuredClone(registry(EM));
    Object.assign(optional.device_types.meter.measurements.voltage, {
      phases: undefined,
      components: ["a", "b"],
      required: false,
    });
    const { findings } = judged(message({ a: undefined, b: undefined }), planOf(optional));
    expect(findings).toEqual([
      { code: "missing.optional", path: "/em:0/a", expected: "voltage.*", severity: "info" },
    ]);
  });

  test("what cannot be read is one finding, and is left out of normalized", () => {
    for (const b of ["", "n/a", "1,5", "0x10", "1e999", " 230", true, {}])
      expect(faultsIn(judged(message({ b }), plan))).toEqual([
        "wrong_type /em:0/b (a number with a decimal point, as a string)",
      ]);
    for (const wh of ["1500", false, [], 1e308 * 10])
      expect(faultsIn(judged(message({ wh }), plan))).toHaveLength(1);
    expect(measurementsOf(message({ b: "n/a", wh: [] }))).toEqual({
      voltage: { a: 230.1 },
      state: { value: 1 },
      note: { value: "fine" },
    });
  });

  test("a number sent as a number is read as well where text is said", () => {
    expect(measurementsOf(message({ b: 231 }))?.voltage).toEqual({ a: 230.1, b: 231 });
  });

  test("numbers are rounded to 12 significant digits", () => {
    const sent = message({ a: 0.1 + 0.2, wh: 123_456_789.123_456_78 });
    expect(measurementsOf(sent)).toMatchObject({ voltage: { a: 0.3 }, energy: { value: 123_456.789_123 } });
  });

  test("names of the prototype and the length of an array are never found", () => {
    const odd = planOf(
      registry({
        ...EM,
        measurements: { energy: { from: "/em:0/length" }, state: { from: "/em:0/constructor" } },
      }),
    );
    expect(measurementsOf({ src: "dev-1", ts: 1_795_530_428, "em:0": [1, 2, 3] }, odd)).toEqual({});
  });
});

describe("the id and the time of a shape", () => {
  test("without device_id, or with nothing there, the field and then the record key are taken", () => {
    const bare = planOf(registry({ ...EM, device_id: undefined }));
    expect(judgeAtOwnTime(message(), bare, "key-1")).toMatchObject({ ok: true, device_id: "key-1" });
    expect(judgeAtOwnTime({ ...message(), device_id: "f" }, bare, null)).toMatchObject({
      ok: true,
      device_id: "f",
    });
    expect(judgeAtOwnTime({ ...message(), src: null }, plan, "key-1")).toMatchObject({
      ok: true,
      device_id: "key-1",
    });
    expect(judgeAtOwnTime({ ...message(), src: 4711 }, plan, "4711")).toMatchObject({
      ok: true,
      device_id: "4711",
    });
    expect(judgeAtOwnTime({ ...message(), src: undefined }, plan, null)).toMatchObject({
      ok: false,
      reason: "schema",
    });
    expect(judgeAtOwnTime({ ...message(), src: ["x"] }, plan, null)).toMatchObject({
      ok: false,
      path: "/src",
    });
    expect(judgeAtOwnTime(message(), plan, "other")).toMatchObject({
      ok: false,
      reason: "key_mismatch",
      path: "/src",
    });
  });
  test("the shape's format is not guessed, and ISO 8601 or a plain Unix time are taken beside it", () => {
    const at = (ts: unknown) => judgeAtOwnTime({ ...message(), ts }, plan);
    const found = (ts: unknown) => {
      const verdict = at(ts);
      return verdict.ok ? codes(verdict) : verdict.reason;
    };
    expect(found("1795530428")).toEqual([]);
    expect(found("2026-11-24T14:27:08")).toEqual(["timestamp.assumed_utc /ts"]);
    expect(found(1_795_530_428_000)).toEqual(["timestamp.unix /ts"]);
    expect(found(null)).toEqual(["timestamp.missing /ts"]);
    for (const ts of [12.5, "now", true, {}]) expect(found(ts)).toBe("bad_timestamp");
    expect(at(12.5)).toMatchObject({
      path: "/ts",
      message: expect.stringContaining("the shape says unix_s"),
    });
  });
});

describe("which shape", () => {
  const special = {
    ...EM,
    id: "em-neutral",
    when: [...EM.when, { path: "/em:0/n", op: ">=", value: 0 }],
    measurements: { energy: { from: "/em:0/n" } },
  };
  const both = planOf(registry(EM, special));
  test("the one with more predicates, whatever the order of the registry", () => {
    expect(judged(message({ n: 3 }), both).shape?.id).toBe("em-neutral");
    expect(judged(message({ n: null }), both).shape?.id).toBe("em");
    expect(judged(message({ n: 3 }), planOf(registry(special, EM))).shape?.id).toBe("em-neutral");
  });
  test("none for a message whose measurements is an object, unless the shape looks into it", () => {
    const own = { ...message(), measurements: { energy: 1 } };
    expect(judged({ ...own, device_id: "dev-1", timestamp: 1_795_530_428 }, both).shape).toBeUndefined();
    const inside = planOf(registry({ ...EM, when: [{ path: "/measurements/0/k", op: "=", value: "em" }] }));
    expect(judged({ ...message(), measurements: [{ k: "em" }] }, inside).shape?.id).toBe("em");
    const within = planOf(registry({ ...EM, when: [{ path: "/measurements/k", op: "=", value: "em" }] }));
    expect(judged({ ...message(), measurements: { k: "em" } }, within).shape?.id).toBe("em");
  });
  test("a message that no shape knows is unknown, with the nearest shape and what it lacks", () => {
    expect(judged({ device_id: "x", "em:0": 1, hello: 1 }, planOf(registry(special))).detection).toEqual({
      method: "unknown",
      score: 0,
      runner_up: null,
      reasons: [
        "there is no measurements object, and no shape fits the message",
        "the nearest shape is em-neutral; it needs /src exists and /em:0/n >= 0",
      ],
    });
  });
  test("no shape is the nearest of which no condition holds", () => {
    expect(judged({ device_id: "x", hello: 1 }, both).detection.reasons).toEqual([
      "there is no measurements object, and no shape fits the message",
    ]);
  });
  test("without device_type the canonical fields are scored, and a type that the message declares is taken", () => {
    const open = planOf(registry({ ...EM, device_type: undefined }));
    const verdict = judged(message(), open);
    expect(verdict).toMatchObject({ device_type: "meter", detection: { method: "detected" } });
    expect(verdict.detection.reasons[0]).toBe("the message has the shape em");
    expect(judged({ ...message(), device_type: "meter" }, open).detection.method).toBe("declared");
    expect(judged({ ...message(), device_type: "vendor-word" }, open).device_type).toBe("meter");
  });
});

describe("pick", () => {
  const trends = planOf(
    registry({
      ...EM,
      when: [...EM.when.slice(1), { path: "/trends/0/c", op: "exists" }],
      timestamp: { path: "/ts", format: "unix_s" },
      partial: true,
      measurements: {
        "voltage.a": {
          from: "/trends",
          pick: { path: "/c", op: "in", value: ["va", "1"], take: "/v" },
          text: true,
        },
        energy: { from: "/list", pick: { path: "", op: ">", value: 10 } },
      },
    }),
  );
  const sent = (list: unknown, more: object = {}) => ({
    src: "dev-1",
    ts: 1_795_530_428,
    trends: list,
    ...more,
  });
  test("takes the first element for which it holds, and points at it", () => {
    const verdict = judged(
      sent([
        { c: "x", v: "1" },
        { c: "1", v: "9999" },
        { c: "va", v: "2" },
      ]),
      trends,
    );
    expect(JSON.parse(verdict.normalized ?? "").measurements).toEqual({ voltage: { a: 9999 } });
    expect(faultsIn(verdict)).toEqual(["range.physical /trends/1/v (0..1000 V)"]);
    expect(measurementsOf(sent([{ c: 0 }], { list: [1, 11, 12] }), trends)).toEqual({
      energy: { value: 11 },
    });
  });
  test("two members of an element may decide, as OCPP's measurand and phase", () => {
    const measured = (phase: object) => ({
      from: "/meterValue/0/sampledValue",
      pick: {
        path: "/measurand",
        op: "=",
        value: "Voltage",
        and: [{ path: "/phase", ...phase }],
        take: "/value",
      },
      text: true,
    });
    const ocpp = planOf(
      registry({
        ...EM,
        when: [{ path: "/meterValue/0/sampledValue/0/value", op: "exists" }, ...EM.when.slice(1)],
        measurements: {
          "voltage.a": measured({ op: "=", value: "L1-N" }),
          "voltage.b": measured({ op: "in", value: ["L2", "L2-N"] }),
          energy: measured({ op: "absent" }),
        },
      }),
    );
    const sampledValue = [
      { measurand: "Current.Import", phase: "L1-N", value: "16" },
      { measurand: "Voltage", phase: "L2-N", value: "229" },
      { measurand: "Voltage", phase: "L1-N", value: "999" },
      { measurand: "Voltage", value: "7" },
    ];
    const message = { src: "dev-1", ts: 1_795_530_428, meterValue: [{ sampledValue }] };
    expect(measurementsOf(message, ocpp)).toEqual({ voltage: { a: 999, b: 229 }, energy: { value: 7 } });
    expect(faultsIn(judged(message, ocpp))).toContain(
      "range.operating /meterValue/0/sampledValue/2/value (200..250 V)",
    );
  });
  test("an element that is not there would stand after the last", () => {
    const whole = planOf(
      registry({
        ...EM,
        when: [...EM.when.slice(1), { path: "/trends/0/c", op: "exists" }],
        measurements: {
          "voltage.a": { from: "/trends", pick: { path: "/c", op: "=", value: "va", take: "/v" } },
        },
      }),
    );
    expect(codes(judged(sent([{ c: "vb", v: 1 }]), whole))).toEqual([
      "missing /trends/-/v",
      "missing ",
      "missing ",
    ]);
  });
  test("of a partial shape what is not there is not missing", () => {
    const verdict = judged(sent([{ c: "va", v: "230" }]), trends);
    expect(verdict).toMatchObject({ grade: "GOOD", completeness: 100, measurements_complete: true });
    expect(codes(verdict)).toEqual([]);
    expect(judged(sent([{ c: "va", v: null }]), trends)).toMatchObject({
      grade: "UNCERTAIN",
      completeness: 66,
    });
  });
});

import { describe, expect, test } from "bun:test";
import {
  planOf,
  judged,
  judgedSample,
  codes,
  faultsIn,
  sampleMessage,
  pinnedPlan,
  pinnedRegistry,
} from "../registry/pinned.fixture.ts";

describe("values", () => {
  test("a missing phase is bad and makes the group incomplete; a group counts as one", () => {
    const verdict = judgedSample(({ voltage }) => delete voltage?.phase_b);
    expect(faultsIn(verdict)).toEqual(["missing /measurements/voltage/phase_b (a number in V)"]);
    expect(verdict).toMatchObject({ grade: "BAD", completeness: 87, measurements_complete: false });
  });

  test("a missing group is one finding where it would stand", () => {
    const verdict = judgedSample((measurements) => delete measurements.voltage);
    expect(faultsIn(verdict)).toEqual(["missing /measurements/voltage (undefined)"]);
    expect(verdict.completeness).toBe(87);
  });

  test("a group without any of its leaves is missing as a whole", () => {
    const verdict = judgedSample((measurements) => {
      measurements.status = {};
      measurements.frequency = {};
    });
    expect(faultsIn(verdict)).toEqual([
      "missing /measurements/frequency/value (a number in Hz)",
      "missing /measurements/status (undefined)",
    ]);
    expect(verdict.completeness).toBe(75);
  });

  test("of components at least one must be there; the others are optional", () => {
    const verdict = judgedSample((measurements) => {
      measurements.status = { breaker: 1 };
    });
    expect(verdict.grade).toBe("GOOD");
    expect(codes(verdict)).toContain("missing.optional /measurements/status/position");
  });

  test("null is not measured: uncertain, and not there", () => {
    const verdict = judgedSample((measurements) => {
      Object.assign(measurements.voltage ?? {}, { phase_a: null });
      Object.assign(measurements, { temperature: null, current: null });
    });
    expect(faultsIn(verdict)).toEqual([
      "null /measurements/voltage/phase_a (a number in V)",
      "null /measurements/current (undefined)",
      "null /measurements/temperature (a number in degC)",
    ]);
    expect(verdict).toMatchObject({ grade: "UNCERTAIN", completeness: 62 });
  });

  test("a single leaf is sent bare or as {value}", () => {
    const verdict = judgedSample((measurements) =>
      Object.assign(measurements, { frequency: 60.1, temperature: { value: 40 } }),
    );
    expect(faultsIn(verdict)).toEqual([]);
    const wrong = judgedSample((measurements) =>
      Object.assign(measurements, { frequency: 70, temperature: { value: 90 } }),
    );
    expect(faultsIn(wrong)).toEqual([
      "range.operating /measurements/frequency (59..61 Hz)",
      "range.operating /measurements/temperature/value (20..80 degC)",
    ]);
  });

  test.each([
    ["a string", "120", "wrong_type /measurements/voltage/phase_a (a number in V)"],
    ["true", true, "wrong_type /measurements/voltage/phase_a (a number in V)"],
    ["an object", { v: 1 }, "wrong_type /measurements/voltage/phase_a (a number in V)"],
    ["an array", [120], "wrong_type /measurements/voltage/phase_a (a number in V)"],
    ["beyond physical", 1000.1, "range.physical /measurements/voltage/phase_a (0..1000 V)"],
    ["below operating", 109.9, "range.operating /measurements/voltage/phase_a (110..130 V)"],
    ["above operating", 130.1, "range.operating /measurements/voltage/phase_a (110..130 V)"],
  ])("%s instead of a voltage", (_name, value, finding) => {
    expect(faultsIn(judgedSample(({ voltage }) => Object.assign(voltage ?? {}, { phase_a: value })))).toEqual(
      [finding],
    );
  });

  test("the bounds of a range belong to it", () => {
    for (const value of [110, 130])
      expect(judgedSample(({ voltage }) => Object.assign(voltage ?? {}, { phase_a: value })).grade).toBe(
        "GOOD",
      );
  });

  test("the bounds belong to the range of a whole number too", () => {
    const registry = pinnedRegistry();
    Object.assign(registry.device_types.smart_meter?.measurements.energy ?? {}, {
      data_type: "integer",
      operating: [10, 20],
    });
    delete registry.device_types.smart_meter?.examples;
    const plan = planOf(registry);
    const at = (energy: number) =>
      faultsIn(
        judged(
          {
            device_id: "m",
            device_type: "smart_meter",
            timestamp: 1_795_530_428,
            measurements: { energy, demand: 1, power_factor: 1 },
          },
          plan,
        ),
      );
    for (const energy of [10, 15, 20]) expect(at(energy)).toEqual([]);
    for (const energy of [9, 21])
      expect(at(energy)).toEqual(["range.operating /measurements/energy (10..20 kWh)"]);
  });

  test("a group of the wrong type is one finding", () => {
    for (const value of [7, "x", [1, 2, 3], true])
      expect(
        faultsIn(judgedSample((measurements) => Object.assign(measurements, { voltage: value }))),
      ).toEqual(["wrong_type /measurements/voltage (an object with phase_a, phase_b or phase_c)"]);
  });

  test("states are those of valid_values; a whole number is whole", () => {
    expect(
      faultsIn(
        judgedSample(({ status, protection }) => {
          Object.assign(status ?? {}, { breaker: 2, position: "1" });
          Object.assign(protection ?? {}, { trip_count: 1.5, arc_fault: 0.5 });
        }),
      ),
    ).toEqual([
      "enum /measurements/status/breaker (one of 0 or 1)",
      "wrong_type /measurements/status/position (one of 0 or 1)",
      "wrong_type /measurements/protection/trip_count (a whole number)",
      "enum /measurements/protection/arc_fault (one of 0 or 1)",
    ]);
  });

  test("a number too large to be exact is told, and is no fault", () => {
    const registry = pinnedRegistry();
    delete registry.device_types.smart_meter?.measurements.energy?.physical;
    const message = {
      device_id: "m",
      device_type: "smart_meter",
      timestamp: "2026-11-24T14:27:08Z",
      measurements: { energy: 2 ** 53, demand: 1, power_factor: 1 },
    };
    const verdict = judged(message, planOf(registry));
    expect(codes(verdict)).toEqual(["precision /measurements/energy"]);
    expect(verdict.grade).toBe("GOOD");
  });

  test("a unit that the message names must be the registry's; other spellings of it are right", () => {
    const withUnit = (unit: unknown) =>
      faultsIn(
        judgedSample((measurements) => Object.assign(measurements, { temperature: { value: 60, unit } })),
      );
    expect(withUnit("F")).toEqual(["unit /measurements/temperature/unit (degC)"]);
    for (const unit of ["degC", "°C", "C", undefined, 7]) expect(withUnit(unit)).toEqual([]);
    expect(faultsIn(judgedSample(({ voltage }) => Object.assign(voltage ?? {}, { unit: "mV" })))).toEqual([
      "unit /measurements/voltage/unit (V)",
    ]);
  });

  test("names that objects have from their prototype are not there", () => {
    const text = `{"device_id":"m","device_type":"smart_meter","measurements":{"__proto__":{"energy":1,"demand":1,"power_factor":1}}}`;
    expect(judged(JSON.parse(text), pinnedPlan).completeness).toBe(0);
    for (const device_type of ["__proto__", "constructor", "toString"])
      expect(judged({ ...sampleMessage(), device_type }, pinnedPlan).device_type).toBe("unknown");
  });
});

import { describe, expect, test } from "bun:test";
import { compileRegistry } from "./compile.ts";
import { faultsOf, planOf, PINNED_TEXT, pinnedRegistry } from "./pinned.fixture.ts";

const ORIGINAL = {
  device_types: {
    smart_breaker: {
      name: "Smart Circuit Breaker",
      description: "Intelligent circuit breaker with monitoring and protection capabilities",
      category: "electrical_protection",
      capabilities: ["voltage_monitoring", "current_monitoring"],
      measurements: {
        voltage: {
          unit: "V",
          description: "Line voltage per phase",
          min_value: 110.0,
          max_value: 130.0,
          data_type: "float",
          phases: ["phase_a", "phase_b", "phase_c"],
        },
        temperature: { unit: "°C", min_value: 20, max_value: 80, data_type: "float" },
        power: { unit: "W", components: ["active", "reactive", "apparent"], data_type: "float" },
        protection: {
          description: "Protection system status",
          components: {
            trip_count: { min_value: 0, max_value: 999 },
            arc_fault_detected: { valid_values: [true, false], description: "Arc fault status" },
          },
          data_type: "object",
        },
      },
      manufacturers: [
        {
          name: "ElectroCorp",
          models: ["SB-2000", "SB-3000", "SB-5000"],
          specifications: { voltage_rating: "480V", protection_class: "Class A" },
        },
      ],
      locations: ["electrical_room_a", "main_distribution"],
      data_format: "json",
      update_frequency: "5_seconds",
      retention_policy: "30_days",
    },
  },
  metadata: {
    version: "1.0.0",
    last_updated: "2025-08-15",
    description: "Device type registry for IoT Cloud platform",
    schema_version: "1.0",
    contact: "iot-platform-team",
  },
};

describe("the original form", () => {
  const [type] = planOf(ORIGINAL).types;

  test("min_value and max_value are the operating range, and every group is required", () => {
    expect(type?.leaves[0]).toMatchObject({
      path: "voltage.phase_a",
      operating_min: 110,
      operating_max: 130,
      physical_min: -Number.MAX_VALUE,
      required: true,
      expected_operating: "110..130 V",
    });
    expect(type?.groups.map(({ name, kind, required }) => [name, kind, required])).toEqual([
      ["voltage", "phases", true],
      ["temperature", "value", true],
      ["power", "components", true],
      ["protection", "components", true],
    ]);
  });

  test("the metadata of the predecessor come out in its order", () => {
    expect(JSON.parse(`${type?.metadata_json}}`)).toEqual({
      device_type: "smart_breaker",
      device_type_name: "Smart Circuit Breaker",
      device_type_description: "Intelligent circuit breaker with monitoring and protection capabilities",
      device_category: "electrical_protection",
      capabilities: ["voltage_monitoring", "current_monitoring"],
      data_format: "json",
      update_frequency: "5_seconds",
      retention_policy: "30_days",
    });
    expect(JSON.parse(type?.measurement_json ?? "")).toEqual({
      voltage: ORIGINAL.device_types.smart_breaker.measurements.voltage,
      temperature: ORIGINAL.device_types.smart_breaker.measurements.temperature,
      power: ORIGINAL.device_types.smart_breaker.measurements.power,
      protection: {
        description: "Protection system status",
        components: {
          trip_count: { min_value: 0, max_value: 999, data_type: "float" },
          arc_fault_detected: {
            valid_values: [true, false],
            description: "Arc fault status",
            data_type: "boolean",
          },
        },
        data_type: "object",
      },
    });
  });

  test("update_frequency says when a device is late", () => {
    expect(type?.heartbeat).toEqual({ expected_ms: 5_000, offline_after_ms: 30_000 });
  });

  test.each([
    ["1_minute", 60_000],
    ["2_hours", 7_200_000],
    ["PT10S", 10_000],
    ["P1D", 86_400_000],
  ])("update_frequency %s is understood", (update_frequency, expected_ms) => {
    const plan = planOf({
      metadata: { version: "1" },
      device_types: { thing: { name: "Thing", measurements: { a: {} }, update_frequency } },
    });
    expect(plan.types[0]?.heartbeat).toMatchObject({ expected_ms });
  });

  test.each(["10s", "0_seconds", "PT0S", "often", "5_Seconds", "", "5 seconds"])(
    "update_frequency %j is a fault",
    (update_frequency) => {
      const thing = { name: "Thing", measurements: { a: {} }, update_frequency };
      expect(faultsOf({ metadata: { version: "1" }, device_types: { thing } })).toEqual([
        expect.stringContaining("/device_types/thing/update_frequency: found "),
      ]);
    },
  );
});

describe("the plan", () => {
  test("is plain JSON: what comes back from a text is the same", () => {
    const plan = planOf(pinnedRegistry());
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  test("carries the version and the first 8 digits of the hash", () => {
    const compiled = compileRegistry(PINNED_TEXT, "0123456789abcdef");
    expect(compiled.ok && compiled.plan.version).toBe("2.0.0+01234567");
  });
});

describe("a text that is no registry", () => {
  test("is refused with one reason", () => {
    expect(faultsOf("")).toEqual([
      "(registry): not JSON at line 1, column 1: the text ends; expected a value",
    ]);
    expect(faultsOf("[]")).toEqual([
      "(registry): found an array; expected an object with metadata and device_types",
    ]);
    expect(faultsOf(`{"a":${"[".repeat(10_000)}`)[0]).toContain(
      "nested too deeply; expected at most 64 levels",
    );
    expect(faultsOf(" ".repeat(8 * 1024 * 1024 + 1))).toEqual([
      "(registry): more than 8 MiB; expected at most 8 MiB",
    ]);
    expect(faultsOf('{"device_types": {"a": {"name": "A"}, "a": {"name": "B"}}}')).toEqual([
      "/device_types/a: appears twice, the second time at line 1, column 39; expected each key once",
    ]);
  });

  test("every prefix of the pinned file is refused", () => {
    for (let length = 0; length < PINNED_TEXT.trimEnd().length; length += 1_009)
      expect(faultsOf(PINNED_TEXT.slice(0, length))).toHaveLength(1);
  });
});

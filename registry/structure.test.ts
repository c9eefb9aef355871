import { describe, expect, test } from "bun:test";
import { DeviceRegistry } from "../schemas/registry.ts";
import { faultText } from "./fault.ts";
import { checkStructure } from "./structure.ts";

const base = () => ({
  metadata: { version: "1" },
  device_types: { meter: { name: "Meter", measurements: { energy: { unit: "kWh" } } } },
});
const faultsOf = (value: unknown) => checkStructure(value, DeviceRegistry).map(faultText);

describe("checkStructure", () => {
  test("the smallest registry has no fault", () => {
    expect(faultsOf(base())).toEqual([]);
  });

  test("an unknown key is named with the key that was meant, everywhere", () => {
    const registry = { ...base(), shape: [] };
    Object.assign(registry.device_types.meter, { measurments: {} });
    Object.assign(registry.device_types.meter.measurements.energy, { unitt: "x", zzz: 1 });
    expect(faultsOf(registry)).toEqual([
      '/device_types/meter/measurements/energy/unitt: unknown key "unitt"; expected "unit"?',
      expect.stringContaining('/zzz: unknown key "zzz"; expected one of quantity, unit,'),
      '/device_types/meter/measurments: unknown key "measurments"; expected "measurements"?',
      '/shape: unknown key "shape"; expected "shapes"?',
    ]);
  });

  test("a name that every object has is no name of a type, group or component", () => {
    const registry = { ...base(), device_types: { constructor: { name: "x", measurements: {} } } };
    expect(faultsOf(registry)).toEqual([
      expect.stringContaining(
        '/device_types/constructor: "constructor" is not a valid name; expected a letter',
      ),
    ]);
    expect(faultsOf({ ...base(), device_types: { "a b": {} } })[0]).toContain('"a b" is not a valid name');
  });

  test("a quantity that is misspelt is told the nearest", () => {
    const registry = base();
    Object.assign(registry.device_types.meter.measurements.energy, { quantity: "activ_energy" });
    expect(faultsOf(registry)).toEqual([
      expect.stringContaining('found "activ_energy"; expected "active_energy"?'),
    ]);
  });

  test("a quantity that is half a name is told all that it may mean", () => {
    const registry = base();
    Object.assign(registry.device_types.meter.measurements.energy, { quantity: "power" });
    expect(faultsOf(registry)).toEqual([
      expect.stringContaining(
        'found "power"; expected "active_power", "reactive_power" or "apparent_power"? (one of',
      ),
    ]);
  });

  test("a quantity that is like none is told all that there are", () => {
    const registry = base();
    Object.assign(registry.device_types.meter.measurements.energy, { quantity: "x" });
    expect(faultsOf(registry)).toEqual([
      expect.stringMatching(/; expected one of voltage, .*, link_quality$/),
    ]);
  });

  test("wrong JSON types say what was found and what is right", () => {
    const energy = { physical: [1], operating: [0, "9"], required: "yes", max_rate_per_h: 0, components: 7 };
    const registry = { ...base(), device_types: { meter: { name: 1, measurements: { energy } } }, sites: {} };
    expect(faultsOf(registry)).toEqual([
      "/device_types/meter/name: found 1; expected a text",
      "/device_types/meter/measurements/energy/physical: 1 elements; expected [least, greatest]",
      '/device_types/meter/measurements/energy/operating/1: found "9"; expected a number',
      '/device_types/meter/measurements/energy/required: found "yes"; expected true or false',
      "/device_types/meter/measurements/energy/max_rate_per_h: found 0; expected a number above 0",
      "/device_types/meter/measurements/energy/components: found 7; expected an array of at least 1, or an object",
      "/sites: found an object; expected an array",
    ]);
  });

  test("what is short for an object is told what the object has", () => {
    const shape = {
      id: "s",
      when: [{ path: "/a", op: "exists" }],
      measurements: { energy: "/a" },
      timestamp: "/t",
    };
    expect(faultsOf({ ...base(), shapes: [shape] })).toEqual([
      '/shapes/0/measurements/energy: found "/a"; expected an object with from',
      '/shapes/0/timestamp: found "/t"; expected an object with path and format',
    ]);
  });

  test("what is required is named where it should stand", () => {
    expect(faultsOf({})).toEqual([
      '(registry): "metadata" is missing; expected an object with version',
      '(registry): "device_types" is missing; expected an object',
    ]);
    expect(faultsOf([])).toEqual([
      "(registry): found an array; expected an object with metadata and device_types",
    ]);
    expect(faultsOf(null)).toEqual([
      "(registry): found null; expected an object with metadata and device_types",
    ]);
  });
});

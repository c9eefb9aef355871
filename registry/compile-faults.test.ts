import { describe, expect, test } from "bun:test";
import { faultsOf, pinnedRegistry } from "./pinned.fixture.ts";

/** A registry of one type with these measurements, and more members of the type. */
const withType = (measurements: object, more: object = {}) => ({
  metadata: { version: "1" },
  device_types: { thing: { name: "Thing", measurements, ...more } },
});
const at = "/device_types/thing";

describe("faults", () => {
  const cases: [string, object, string[]][] = [
    [
      "a unit that the quantity does not have",
      withType({ energy: { quantity: "active_energy", unit: "V" } }),
      [
        `${at}/measurements/energy/unit: active_energy is not measured in "V"; expected one of Wh, kWh, MWh, J, MJ`,
      ],
    ],
    [
      "another spelling of a unit, with the right one",
      withType({ air: { quantity: "temperature", unit: "°C" } }),
      [`${at}/measurements/air/unit: temperature is not measured in "°C"; expected "degC"?`],
    ],
    [
      "a unit in other letters, or by its name, with the right one",
      withType({
        energy: { quantity: "active_energy", unit: "kwh" },
        power: { quantity: "active_power", unit: "mw" },
        voltage: { quantity: "voltage", unit: "volts" },
      }),
      [
        `${at}/measurements/energy/unit: active_energy is not measured in "kwh"; expected "kWh"?`,
        `${at}/measurements/power/unit: active_power is not measured in "mw"; expected "mW" or "MW"?`,
        `${at}/measurements/voltage/unit: voltage is not measured in "volts"; expected "V"?`,
      ],
    ],
    [
      "percent where shares are meant, of all phases once",
      withType(
        { u: { quantity: "voltage", phases: ["a", "b", "c"], operating_of_nominal: [90, 110] } },
        { nominal: [{ voltage: 120 }, { voltage: 230 }] },
      ),
      [
        `${at}/measurements/u/operating_of_nominal: up to 110 times the nominal value; expected shares, not percent, such as [0.9, 1.1]`,
      ],
    ],
    [
      "ranges that do not nest",
      withType({ power: { components: { active: { unit: "W", physical: [0, 10], operating: [-1, 10] } } } }),
      [
        `${at}/measurements/power/components/active/operating: -1..10 W is not inside physical; expected inside 0..10 W`,
      ],
    ],
    [
      "min_value and max_value that do not nest",
      withType({ t: { max_value: 90, physical: [0, 50] } }),
      [`${at}/measurements/t/operating: at most 90 is not inside physical; expected inside 0..50`],
    ],
    [
      "a share of nominal outside physical",
      withType(
        { u: { quantity: "voltage", unit: "kV", physical: [0, 0.2], operating_of_nominal: [0.9, 1.1] } },
        { nominal: [{ voltage: 120 }, { voltage: 230 }] },
      ),
      [
        `${at}/measurements/u/operating_of_nominal: 0.207..0.253 kV is not inside physical; expected inside 0..0.2 kV`,
      ],
    ],
    [
      "a range upside down",
      withType({ t: { physical: [5, 1] }, u: { min_value: 2, max_value: 1 } }),
      [
        `${at}/measurements/t/physical: 5 is above 1; expected [least, greatest]`,
        `${at}/measurements/u/min_value: 2 is above 1; expected at most max_value`,
      ],
    ],
    [
      "an operating range said twice",
      withType({ t: { min_value: 0, operating: [0, 1] } }),
      [
        `${at}/measurements/t: the operating range is given twice; expected one of min_value and max_value, operating, operating_of_nominal`,
      ],
    ],
    [
      "a share of a nominal value that the type does not have",
      withType({ u: { quantity: "voltage", unit: "V", operating_of_nominal: [0.9, 1.1] } }),
      [
        `${at}/measurements/u/operating_of_nominal: the type has no nominal voltage; expected nominal.voltage`,
      ],
    ],
    [
      "a share without a quantity",
      withType({ u: { unit: "V", operating_of_nominal: [0.9, 1.1] } }, { nominal: { voltage: 1 } }),
      [
        `${at}/measurements/u/operating_of_nominal: a share of a nominal value that is not declared; expected a quantity with a nominal value`,
      ],
    ],
    [
      "a range of texts",
      withType({ s: { data_type: "string", physical: [0, 1] } }),
      [`${at}/measurements/s: a range for values of type string; expected no range, or numbers`],
    ],
    [
      "phases and components, names that stand twice or that every object has",
      withType({
        a: { phases: ["l1"], components: ["x"] },
        b: { phases: ["l1", "l1"] },
        c: { components: ["toString"] },
        d: { components: { value: {} } },
      }),
      [
        `${at}/measurements/a: a has phases and components; expected one of them`,
        `${at}/measurements/b/phases/1: "l1" appears twice; expected each name once`,
        `${at}/measurements/c/components/0: "toString" is not a valid name; expected a name that JavaScript objects do not have already`,
        `${at}/measurements/d: "value" is what a measurement of one leaf is sent as; expected another name`,
      ],
    ],
    [
      "no measurement, no type, a type called unknown",
      { metadata: { version: "1" }, device_types: { unknown: { name: "?", measurements: {} } } },
      [
        '/device_types/unknown: "unknown" is reserved for messages whose type is not known; expected another key',
        "/device_types/unknown/measurements: no measurement; expected at least one",
      ],
    ],
    [
      "detect with fields that are not declared",
      withType(
        { voltage: { phases: ["a", "b"] }, trip: {} },
        { detect: { requires: ["voltage.c"], any_of: ["tripp"], forbids: ["energi"] } },
      ),
      [
        `${at}/detect/requires/0: "voltage.c" is not declared; expected voltage.* or one of voltage.a, voltage.b`,
        `${at}/detect/any_of/0: "tripp" is not declared; expected trip?`,
        `${at}/detect/forbids/0: "energi" is not declared; expected a measurement path such as voltage.phase_a`,
      ],
    ],
    [
      "detect that forbids what the type declares",
      withType({ a: {}, b: {} }, { detect: { requires: ["a"], forbids: ["b"] } }),
      [`${at}/detect/forbids/0: b is declared by the type itself; expected a field of other types`],
    ],
    [
      "checks that cannot be done",
      withType(
        { p: { components: ["a", "b"] }, s: { data_type: "string" } },
        {
          checks: [
            { id: "x", kind: "hypot", of: ["p.*"] },
            { id: "x", kind: "order", of: ["p.a"], equals: "p.b" },
            { id: "y", kind: "ratio", of: ["p.*", "p.a"], equals: "p.c" },
            { id: "z", kind: "sum", of: ["s"], equals: "p.a" },
          ],
        },
      ),
      [
        `${at}/checks/1/id: "x" appears twice, first at 0; expected each id once`,
        `${at}/checks/0/equals: hypot without equals; expected the path of one measurement`,
        `${at}/checks/1/of: 1 measurements for order; expected at least two`,
        `${at}/checks/1/equals: 1 measurements; expected no equals`,
        `${at}/checks/2/equals: "p.c" is not declared; expected p.* or one of p.a, p.b`,
        `${at}/checks/2/of: 3 measurements for ratio; expected two: the dividend and the divisor`,
        `${at}/checks/2/equals: 0 measurements; expected the path of one measurement`,
        `${at}/checks/3: s is not a number; expected paths of numbers`,
      ],
    ],
    [
      "durations that are none",
      withType({ a: {} }, { heartbeat: { expected: "P1M", offline_after: "PT5" } }),
      [
        `${at}/heartbeat/expected: "P1M" is not a duration; expected ISO 8601 weeks to seconds, such as PT30S or P1DT12H`,
        `${at}/heartbeat/offline_after: "PT5" is not a duration; expected ISO 8601 weeks to seconds, such as PT30S or P1DT12H`,
      ],
    ],
    [
      "a pace that is not understood: the device would not be watched",
      withType({ a: {} }, { update_frequency: "10s" }),
      [
        `${at}/update_frequency: found "10s"; expected a number, _ and seconds, minutes, hours or days, such as 10_seconds; or PT10S; or no update_frequency where the device sends at no regular interval`,
      ],
    ],
    [
      "a device that is offline before it is late",
      withType({ a: {} }, { heartbeat: { expected: "PT1M", offline_after: "PT5S" } }),
      [`${at}/heartbeat/offline_after: PT5S is less than the expected interval; expected at least PT1M`],
    ],
    [
      "alarms that compare with nothing, or with what is not there",
      withType(
        { a: { quantity: "voltage", unit: "V" } },
        {
          alarms: [
            { id: "x", severity: "major", when: { path: "a", op: ">" } },
            { id: "y", severity: "major", when: { path: "b", op: "exists", value: 1 } },
            { id: "z", severity: "major", when: { path: "a", op: ">", of_nominal: 1.1 }, for: "P1M" },
            { id: "w", severity: "major", when: { path: "a", op: "in", value: 3 } },
            { id: "v", severity: "major", when: { path: "a", op: "<", value: "3" } },
          ],
        },
      ),
      [
        `${at}/alarms/0/when: > without a value; expected a value`,
        `${at}/alarms/1/when/path: "b" is not declared; expected a?`,
        `${at}/alarms/1/when: exists compares with nothing; expected no value`,
        `${at}/alarms/2/when/of_nominal: a has no nominal value; expected a quantity that the type's nominal names: voltage`,
        `${at}/alarms/2/for: "P1M" is not a duration; expected ISO 8601 weeks to seconds, such as PT30S or P1DT12H`,
        `${at}/alarms/3/when: in with one value; expected a list of values`,
        `${at}/alarms/4/when: < with "3"; expected a number`,
      ],
    ],
    [
      "quantities that there are not, sites that stand twice",
      {
        ...withType({ a: {} }, { nominal: { volts: 120, voltage: 0 } }),
        sites: [
          { id: "x", device_prefix: "p-", nominal: { voltage: 230 } },
          { id: "x", device_prefix: "p-", nominal: { frequencyy: 50 } },
        ],
      },
      [
        `${at}/nominal/volts: "volts" is not a quantity; expected voltage?`,
        `${at}/nominal/voltage: found 0; expected a number above 0`,
        '/sites/1/id: site "x": "x" appears twice, first at 0; expected each id once',
        '/sites/1/device_prefix: site "x": "p-" appears twice, first at 0; expected each device_prefix once',
        '/sites/1/nominal/frequencyy: site "x": "frequencyy" is not a quantity; expected frequency?',
      ],
    ],
    [
      "shapes with paths that map to nothing",
      {
        ...withType({ voltage: { phases: ["phase_a"] } }),
        shapes: [
          {
            id: "s",
            when: [{ path: "/x", op: "absent" }],
            measurements: { "voltage.phase_b": { from: "/v" } },
          },
          {
            id: "s",
            when: [{ path: "/~2", op: "=" }],
            device_type: "thingg",
            measurements: { "voltage.phase_a": { from: "/v", map: { ON: 1 }, factor: 2 } },
          },
        ],
      },
      [
        '/shapes/1/id: shape "s": "s" appears twice, first at 0; expected each id once',
        '/shapes/0/when: shape "s": no predicate requires a member to be there; expected at least one predicate on a member of the message that is not absent',
        '/shapes/0/measurements/voltage.phase_b: shape "s": "voltage.phase_b" is not declared; expected voltage.* or one of voltage.phase_a',
        '/shapes/1/when/0: shape "s": = without a value; expected a value',
        '/shapes/1/when/0/path: shape "s": "/~2" is not a JSON Pointer; expected ~0 for ~ and ~1 for / in a name',
        '/shapes/1/when: shape "s": no predicate requires a member to be there; expected at least one predicate on a member of the message that is not absent',
        '/shapes/1/device_type: shape "s": "thingg" is not a type; expected thing?',
        '/shapes/1/measurements/voltage.phase_a: shape "s": map together with text, factor or offset; expected map alone',
      ],
    ],
    [
      "shapes that say too little to tell a vendor's messages from others",
      {
        ...withType({ voltage: {} }),
        shapes: [
          { id: "any", when: [{ path: "/timestamp", op: "exists" }] },
          {
            id: "all",
            when: [
              { path: "/id", op: "exists" },
              { path: "/ts", op: ">", value: 0 },
            ],
          },
          {
            id: "one",
            when: [
              { path: "/a/lvl", op: "exists" },
              { path: "/a/lvl", op: ">", value: 0 },
            ],
          },
          {
            id: "two",
            when: [
              { path: "/a/lvl", op: "exists" },
              { path: "/pump", op: "exists" },
            ],
          },
          { id: "named", when: [{ path: "/model", op: "in", value: ["AM307", "AM319"] }] },
          {
            id: "shown",
            when: [{ path: "/lvl", op: "exists" }],
            examples: [{ name: "x", message: { lvl: 1 }, expect: {} }],
          },
        ].map((shape) => ({ ...shape, measurements: { voltage: { from: "/lvl" } } })),
      },
      ['0/when: shape "any"', '1/when: shape "all"', '2/when: shape "one"'].map(
        (start) =>
          `/shapes/${start}: too little to tell this vendor's messages from others; expected two names that only this vendor sends, or = or in on a text, or an example of a message`,
      ),
    ],
    [
      "paths of a shape that are in none of its examples, of what is optional too",
      {
        ...withType({ level: {}, battery: { required: false } }),
        shapes: [
          {
            id: "tank",
            when: [{ path: "/lvl", op: "exists" }],
            device_id: "/sm",
            timestamp: { path: "/at/time", format: "iso" },
            device_type: "thing",
            measurements: {
              level: { from: "/lvl" },
              battery: {
                from: "/list",
                pick: { path: "/cc", op: "=", value: "b", and: [{ path: "/pp", op: "exists" }], take: "/w" },
              },
            },
            examples: [
              { name: "a", message: { lvl: 1, sn: "x", list: [] }, expect: {} },
              { name: "b", message: { lvl: 1, sn: "x", list: [{ c: "b", v: null }] }, expect: {} },
            ],
          },
          {
            id: "well",
            when: [{ path: "/lvl_well", op: "exists" }],
            device_type: "thing",
            measurements: { level: { from: "/lvl_welll" }, battery: { from: "/batt_mw" } },
            examples: [{ name: "c", message: { lvl_well: 1, batt_mv: 3 }, expect: { grade: "UNCERTAIN" } }],
          },
        ],
      },
      [
        '/shapes/1/examples/0: shape "well": example "c": grade is BAD (timestamp.missing at /timestamp (ISO 8601 or a Unix time in s or ms), missing at /lvl_welll (a number), missing.optional at /batt_mw); expected UNCERTAIN',
        '/shapes/0/device_id: shape "tank": "/sm" is in no example; expected "/sn", or an example whose message has it',
        '/shapes/0/timestamp/path: shape "tank": "/at/time" is in no example; expected an example whose message has it',
        '/shapes/0/measurements/battery/pick/path: shape "tank": "/cc" is in no example; expected "/c", or an example whose message has it',
        '/shapes/0/measurements/battery/pick/and/0/path: shape "tank": "/pp" is in no example; expected "/c", or an example whose message has it',
        '/shapes/0/measurements/battery/pick/take: shape "tank": "/w" is in no example; expected "/c", or an example whose message has it',
        '/shapes/1/measurements/level/from: shape "well": "/lvl_welll" is in no example; expected "/lvl_well", or an example whose message has it',
        '/shapes/1/measurements/battery/from: shape "well": "/batt_mw" is in no example; expected "/batt_mv", or an example whose message has it',
      ],
    ],
    [
      "a shape that takes the messages of another type, though a more specific one wins today",
      {
        metadata: { version: "1" },
        device_types: {
          tank: { name: "Tank", measurements: { level: {} } },
          probe: { name: "Probe", measurements: { moisture: {} } },
        },
        shapes: [
          {
            id: "acme-tank",
            when: [
              { path: "/uplink/lvl", op: "exists" },
              { path: "/uplink", op: "exists" },
            ],
            device_type: "tank",
            measurements: { level: { from: "/uplink/lvl" } },
            examples: [{ name: "a tank", message: { uplink: { lvl: 1 } }, expect: {} }],
          },
          {
            id: "any-uplink",
            when: [{ path: "/uplink", op: "exists" }],
            device_type: "probe",
            measurements: { moisture: { from: "/uplink/water" } },
            examples: [{ name: "a probe", message: { uplink: { water: 1 } }, expect: {} }],
          },
        ],
      },
      [
        '/shapes/1/when: shape "any-uplink": also holds for "a tank" of acme-tank, a message of tank; expected a condition that only messages of this vendor meet',
      ],
    ],
    [
      "an example whose number is a string, with what reads it",
      {
        ...withType({ level: { unit: "cm" } }),
        shapes: [
          {
            id: "tank",
            when: [{ path: "/lvl", op: "exists" }],
            device_type: "thing",
            measurements: { level: { from: "/lvl" } },
            examples: [
              { name: "a", message: { timestamp: 1764000000000, lvl: "9.5" }, expect: { grade: "GOOD" } },
            ],
          },
        ],
      },
      [
        '/shapes/0/examples/0: shape "tank": example "a": grade is BAD (timestamp.unix at /timestamp, wrong_type at /lvl (a number in cm), found "9.5": "text": true reads it); expected GOOD',
      ],
    ],
    [
      "two types that cannot be told apart",
      {
        metadata: { version: "1" },
        device_types: {
          one: { name: "One", measurements: { a: {}, b: {} } },
          two: { name: "Two", measurements: { b: {}, a: {} } },
        },
      },
      [
        "/device_types/one: a message with all its fields is as much a two: the two cannot be told apart; expected a field that only one of them has, or detect.requires or detect.forbids in one of them",
      ],
    ],
    [
      "examples that fail, each with why",
      withType(
        { a: { unit: "V", physical: [0, 1] } },
        {
          examples: [
            {
              name: "too high",
              message: { device_id: "x", timestamp: 1764000000, measurements: { a: 2 } },
              expect: { grade: "GOOD" },
            },
            { name: "no time", message: { device_id: "x", timestamp: "now", measurements: {} }, expect: {} },
            {
              name: "strange",
              message: { device_id: "x", measurements: { q: 1 } },
              expect: { findings: ["null"] },
            },
          ],
        },
      ),
      [
        `${at}/examples/0: example "too high": grade is BAD (timestamp.unix at /timestamp, range.physical at /measurements/a (0..1 V)); expected GOOD`,
        `${at}/examples/1: example "no time": a dead letter, bad_timestamp at "/timestamp": "now" is not a time; expected ISO 8601 or a Unix time in s or ms; expected a message that can be enriched`,
        `${at}/examples/2: example "strange": device_type is unknown (no type of registry 1+00000000 has any of q); expected thing`,
        `${at}/examples/2: example "strange": no finding null; expected null; found timestamp.missing at /timestamp (ISO 8601 or a Unix time in s or ms)`,
      ],
    ],
  ];
  test.each(cases)("%s", (_name, registry, faults) => {
    expect(faultsOf(registry)).toEqual(faults);
  });

  test("come all at once, from every part of the file", () => {
    const registry = pinnedRegistry();
    const { smart_meter, environmental_sensor } = registry.device_types;
    Object.assign(smart_meter?.measurements.energy ?? {}, { unit: "kW" });
    Object.assign(environmental_sensor?.detect ?? {}, { requires: ["temprature"] });
    Object.assign(registry, { sites: [{ id: "a", device_prefix: "a", nominal: { volt: 1 } }] });
    expect(faultsOf(registry)).toHaveLength(3);
    Object.assign(registry.device_types.smart_breaker ?? {}, { capabilitys: [] });
    expect(faultsOf(registry)).toEqual([
      expect.stringContaining('unknown key "capabilitys"'),
      expect.stringContaining('active_energy is not measured in "kW"'),
      expect.stringContaining('"temprature" is not declared'),
    ]);
  });
});

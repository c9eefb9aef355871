import { describe, expect, test } from "bun:test";
import { createDetect } from "./detect.ts";
import {
  groupsOf,
  judged,
  type Message,
  planOf,
  sampleMessage,
  pinnedPlan,
  pinnedRegistry,
} from "../registry/pinned.fixture.ts";

const at = "2026-11-24T14:27:08Z";
const detection = (measurements: object, plan = pinnedPlan) =>
  judged({ device_id: "x", timestamp: at, measurements }, plan).detection;
const { device_type: _declared, ...undeclared } = sampleMessage();

/** Types that share fields: what one has and the other lacks tells them. */
const REGISTRY = {
  metadata: { version: "1" },
  device_types: {
    breaker: {
      name: "Breaker",
      measurements: { voltage: {}, current: {}, trip: {} },
      detect: { requires: ["voltage", "current", "trip"], forbids: ["energy.export"] },
    },
    meter: {
      name: "Meter",
      measurements: { voltage: {}, current: {}, energy: { components: ["import", "export"] } },
      detect: { requires: ["voltage", "current", "energy.import"], forbids: ["trip"] },
    },
    plug: {
      name: "Plug",
      measurements: {
        voltage: {},
        current: {},
        output: {},
        energy: { components: ["import"], required: false },
      },
      detect: { requires: ["voltage", "output"], min_margin: 30 },
    },
  },
};
const plan = planOf(REGISTRY);

describe("detection", () => {
  test("the sample without its type is a breaker, with reasons and the runner-up", () => {
    expect(judged(undeclared, pinnedPlan).detection).toEqual({
      method: "detected",
      score: 100,
      runner_up: expect.any(String),
      reasons: [
        "has voltage.*, current.* and status.breaker",
        "has protection.*",
        "18 of its 18 fields are known to smart_breaker",
        "has no demand or humidity",
        expect.stringMatching(/^the next is \w+ with \d+ of 100$/),
      ],
    });
  });

  test("what is forbidden excludes, whatever else fits", () => {
    expect(detection({ voltage: 1, current: 1, trip: 0 }, plan).method).toBe("detected");
    expect(detection({ voltage: 1, current: 1, trip: 0, energy: { export: 1 } }, plan)).toEqual({
      method: "unknown",
      score: 0,
      runner_up: "breaker",
      reasons: ["the nearest type is breaker, but energy.export excludes it"],
    });
  });

  test("what is required and not there is named", () => {
    expect(detection({ voltage: 1, current: 1 }, plan)).toMatchObject({
      method: "unknown",
      reasons: ["the nearest type is breaker; it requires trip"],
    });
    const verdict = judged(
      {
        device_id: "x",
        timestamp: at,
        measurements: { voltage: { phase_a: 1 }, current: { phase_a: 1 }, status: { breaker: 1 } },
      },
      pinnedPlan,
    );
    expect(verdict.detection.reasons).toEqual([
      "the nearest type is smart_breaker; it requires one of protection.*",
    ]);
  });

  test("two that are close are ambiguous, and neither is taken", () => {
    const verdict = judged(
      {
        device_id: "x",
        timestamp: at,
        measurements: { voltage: 1, current: 1, output: 1, energy: { import: 5 } },
      },
      plan,
    );
    expect(verdict).toMatchObject({
      device_type: "unknown",
      enrichment_success: false,
      grade: "UNCERTAIN",
      completeness: 0,
      detection: {
        method: "ambiguous",
        score: 100,
        runner_up: "meter",
        reasons: [
          "plug 100 and meter 85 of 100 are closer than 30",
          "a device_type in the message, or detect.forbids in the registry, would decide",
        ],
      },
    });
  });

  test("the margin itself is far enough", () => {
    const withMargin = (min_margin: number) => {
      const registry = structuredClone(REGISTRY);
      Object.assign(registry.device_types.plug.detect, { min_margin });
      return detection({ voltage: 1, current: 1, output: 1, energy: { import: 5 } }, planOf(registry)).method;
    };
    expect(withMargin(15)).toBe("detected");
    expect(withMargin(16)).toBe("ambiguous");
  });

  test("a unit beside the values is no field", () => {
    const { reasons } = detection(
      { voltage: { value: 1, unit: "V" }, current: { value: 2, unit: 7 }, trip: 0 },
      plan,
    );
    expect(reasons).toContain("3 of its 4 fields are known to breaker");
    expect(detection({ voltage: { unit: "V" }, current: 2, trip: 0 }, plan).method).toBe("unknown");
  });

  test("a message of which too much is strange is of no type", () => {
    const strange = { voltage: 1, output: 1, a: 1, b: 1, c: 1, d: 1, e: 1 };
    expect(detection(strange, plan)).toMatchObject({
      method: "unknown",
      runner_up: "plug",
      reasons: ["the nearest type is plug, 44 of 100, but it knows only 2 of the message's 7 fields"],
    });
  });

  test("no field that any type has: the fields are named", () => {
    expect(detection({ tread: 8, position: { axle: 1 } }, plan).reasons).toEqual([
      "no type of registry 1+00000000 has any of tread and position",
    ]);
    expect(detection({}, plan).reasons).toEqual(["measurements is empty"]);
  });

  test("an object without measurements that no shape knows is unknown", () => {
    expect(judged({ device_id: "x", hello: 1 }, plan).detection).toEqual({
      method: "unknown",
      score: 0,
      runner_up: null,
      reasons: ["there is no measurements object, and no shape fits the message"],
    });
  });

  const strangers: [string, Message][] = [
    ["a smart plug", { voltage: 121, current: 0.4, power: 44, energy: 12.1, state: 1 }],
    ["a current clamp", { current: { phase_a: 12, phase_b: 11, phase_c: 13 } }],
    ["a battery", { voltage: 51.2, current: -12, state_of_charge: 84, temperature: 24 }],
    ["a water meter", { volume: 1834.2, flow: 0.4, temperature: 11 }],
    [
      "a heat meter",
      { energy: 8412, volume: 91, power: 4.1, supply_temperature: 61, return_temperature: 40 },
    ],
    ["a tyre sensor", { pressure: 2300, temperature: 31, battery: 2.9 }],
    ["a door contact", { contact: 1, battery: 93, temperature: 20 }],
    [
      "an inverter",
      {
        dc: { voltage: 612, current: 7.1 },
        power: { active: 4310 },
        energy: 18210,
        temperature: 48,
        status: { inverter: 4 },
      },
    ],
    ["a thermostat", { temperature: 20.5, humidity: 44, setpoint: 21, valve: 30, mode: 1 }],
    ["a freezer", { temperature: -19.2, humidity: 60, door: 0, compressor: 1, defrost: 0 }],
    [
      "a UPS",
      {
        voltage: { input: 231, output: 230 },
        load: 31,
        runtime: 1800,
        status: { online: 1 },
        temperature: 30,
      },
    ],
  ];
  test.each(strangers)("%s becomes no breaker, meter or sensor", (_name, measurements) => {
    const { device_type } = judged({ device_id: "x", timestamp: at, measurements }, pinnedPlan);
    expect(["smart_breaker", "smart_meter", "environmental_sensor"]).not.toContain(device_type);
  });
});

describe("cost", () => {
  /** `count` types beside the pinned ones; `sharing` of them have a voltage too. */
  const crowd = (count: number, sharing: number) => {
    const registry = pinnedRegistry();
    for (let index = 0; index < count; index++) {
      const own = {
        [`own_${index}`]: { unit: "V" },
        ...(index < sharing ? { voltage: { phases: ["phase_a"] } } : {}),
      };
      Object.assign(registry.device_types, { [`type_${index}`]: { name: "T", measurements: own } });
    }
    return planOf(registry);
  };
  test("only the types that share a group with the message are looked at", () => {
    const big = crowd(300, 20);
    const groups = Object.keys(groupsOf(undeclared));
    const sharing = big.types.filter((type) => type.groups.some(({ name }) => groups.includes(name)));
    const looked = new Set<string>();
    const types = big.types.map((type) =>
      Object.defineProperty({ ...type }, "detect", {
        get() {
          looked.add(type.key);
          return type.detect;
        },
      }),
    );
    const verdict = judged(undeclared, { ...big, types });
    expect(verdict.device_type).toBe("smart_breaker");
    expect([...looked].sort()).toEqual(sharing.map(({ key }) => key).sort());
    expect(looked.size).toBeLessThan(20 + 13);
  });
});

describe("what may not change the type", () => {
  test("the order of keys", () => {
    const reversed = (value: unknown): unknown =>
      typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, member]) => [key, reversed(member)]),
          )
        : value;
    expect(judged(reversed(undeclared) as Message, pinnedPlan).detection).toEqual(
      judged(undeclared, pinnedPlan).detection,
    );
  });
  test("fields that nobody knows, beside or among the measurements", () => {
    const message = structuredClone(undeclared) as Message;
    Object.assign(message, { firmware: "1.2", location: { room: 3 }, ENERGY: { Power: 3 } });
    Object.assign(groupsOf(message), { vibration: { x: 1, y: 2 } });
    expect(judged(message, pinnedPlan).device_type).toBe("smart_breaker");
  });
});

test("an answer that is kept is that of the same names only: a unit that is a text, a leaf, a group without one", () => {
  const voltage = { phase_a: 120, phase_b: 120, phase_c: 120 };
  const tripping = { voltage, current: voltage, protection: { trip_count: 1 } };
  const messages = [
    { ...tripping, status: { breaker: 1 } },
    { ...tripping, status: { breaker: 1, unit: "x" } },
    { ...tripping, status: { breaker: 1, unit: 1 } },
    { voltage, current: voltage, status: 1 },
    { voltage, current: voltage, "status,breaker": {} },
    {},
  ];
  const alone = messages.map((message) => createDetect(pinnedPlan)(message));
  const detect = createDetect(pinnedPlan);
  const inTurns = [...messages, ...messages].map((message) => detect(message));
  expect(inTurns).toEqual([...alone, ...alone]);
  expect(new Set(alone.map(({ json }) => json)).size).toBeGreaterThan(3);
});

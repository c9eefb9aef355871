import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { Telemetry } from "../schemas/telemetry.ts";
import { PRODUCER_FAULTS } from "./faults.ts";
import { createFleet, type FleetSettings, numbered, type Sent } from "./fleet.ts";

const START_MS = Date.UTC(2026, 10, 25, 9);
const settings: FleetSettings = {
  devices: numbered({ breakers: 3, meters: 2, sensors: 2 }),
  seed: 42,
  faults: 0,
};

/** Everything that a fleet sends in so many seconds. */
function run(changes: Partial<FleetSettings>, seconds: number, startMs = START_MS): Sent[] {
  const fleet = createFleet({ ...settings, ...changes }, startMs);
  const sent: Sent[] = [];
  for (let nowMs = startMs; nowMs < startMs + seconds * 1000; nowMs = fleet.nextMs())
    sent.push(...fleet.take(nowMs));
  return sent;
}

const telemetryOf = ({ message }: Sent): Telemetry => JSON.parse(String(message.value));
const valuesOf = (sent: Sent[]) => sent.map(({ message }) => message.value);
const ids = [
  "breaker-001",
  "breaker-002",
  "breaker-003",
  "meter-001",
  "meter-002",
  "sensor-001",
  "sensor-002",
];

describe("the simulated fleet", () => {
  test("every device sends its first message at once, in the form of the schema, under its id as key", () => {
    const first = run({}, 1);
    expect(first.map(({ message }) => message.key)).toEqual(ids);
    for (const sent of first) {
      expect([...Value.Errors(Telemetry, telemetryOf(sent))]).toEqual([]);
      expect(Object.keys(telemetryOf(sent))).toEqual([
        "device_id",
        "device_type",
        "manufacturer",
        "model",
        "timestamp",
        "event_type",
        "boot_id",
        "sequence",
        "measurements",
      ]);
      expect(telemetryOf(sent).timestamp).toBe("2026-11-25T09:00:00.000Z");
    }
  });

  test("a breaker sends each 5 s, a meter each 60 s, a sensor each 30 s", () => {
    const sent = run({}, 600);
    const count = (id: string) => sent.filter(({ message }) => message.key === id).length;
    expect(ids.map(count)).toEqual([121, 121, 120, 11, 10, 21, 20]);
  });

  test("SIM_INTERVAL holds for every type, SIM_RATE for the whole fleet", () => {
    expect(run({ intervalS: 2 }, 20)).toHaveLength(7 * 10 + 4);
    expect(run({ ratePerS: 250 }, 4)).toHaveLength(1_000);
  });

  test("one seed and one start give the same messages byte for byte, faults too; another seed gives others", () => {
    const once = valuesOf(run({ faults: 0.2 }, 900));
    expect(valuesOf(run({ faults: 0.2 }, 900))).toEqual(once);
    expect(valuesOf(run({ faults: 0.2, seed: 43 }, 900))).not.toEqual(once);
  });

  test("a device sends the same whether alone or in a fleet", () => {
    const alone = run({ devices: [{ id: "breaker-002", type: "smart_breaker" }], intervalS: 5 }, 1);
    const among = run({}, 1).filter(({ message }) => message.key === "breaker-002");
    expect(valuesOf(alone)).toEqual(valuesOf(among));
  });

  test("sequence counts from 0 without a gap within one boot; a restart has another boot_id, the same make", () => {
    const mine = (sent: Sent[]) =>
      sent.map(telemetryOf).filter(({ device_id }) => device_id === "breaker-001");
    const first = mine(run({}, 300));
    expect(first.map(({ sequence }) => sequence)).toEqual(first.map((_, i) => i));
    expect(new Set(first.map(({ boot_id }) => boot_id)).size).toBe(1);
    const again = mine(run({}, 300, START_MS + 1_000));
    const elsewhere = mine(run({ seed: 7 }, 1));
    expect(again[0]?.boot_id).not.toBe(first[0]?.boot_id ?? "");
    for (const other of [again[0], elsewhere[0]])
      expect([other?.manufacturer, other?.model]).toEqual([first[0]?.manufacturer, first[0]?.model]);
  });

  test("SIM_FAULTS breaks its share of the messages, each kind as often as the others, and no neighbour", () => {
    const sent = run({ faults: 0.3, ratePerS: 1_000 }, 11);
    const broken = sent.filter(({ fault }) => fault !== undefined);
    expect(broken.length / sent.length).toBeCloseTo(0.3, 1);
    const counts = PRODUCER_FAULTS.map((kind) => broken.filter(({ fault }) => fault === kind).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    for (const good of sent.filter(({ fault }) => fault === undefined))
      expect(Value.Check(Telemetry, telemetryOf(good))).toBe(true);
  });

  test("a small SIM_FAULTS shows itself soon: never three times as long without one as it says", () => {
    const broken = run({ faults: 0.05, ratePerS: 100 }, 60).map(({ fault }) => fault !== undefined);
    const gaps = broken
      .map(String)
      .join("")
      .split("true")
      .map((gap) => gap.length / "false".length);
    expect(broken.filter(Boolean).length / broken.length).toBeCloseTo(0.05, 2);
    expect(Math.max(...gaps)).toBeLessThan(60);
  });
});

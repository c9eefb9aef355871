import { describe, expect, test } from "bun:test";
import {
  planOf,
  judged,
  faultsIn,
  sampleMessage,
  groupsOf,
  pinnedPlan,
  pinnedRegistry,
} from "../registry/pinned.fixture.ts";

describe("nominal values", () => {
  const at = (device_id: string, volts: number, hertz: number) => {
    const message = { ...sampleMessage(), device_id };
    const measurements = groupsOf(message);
    measurements.voltage = { phase_a: volts, phase_b: volts, phase_c: volts };
    measurements.frequency = { value: hertz };
    return faultsIn(judged(message, pinnedPlan));
  };
  test("a site decides by the start of the id", () => {
    expect(at("eu-breaker-1", 231, 50)).toEqual([]);
    expect(at("eu-breaker-1", 120, 60)).toEqual([
      ...["phase_a", "phase_b", "phase_c"].map(
        (phase) => `range.operating /measurements/voltage/${phase} (210.83..249.17 V)`,
      ),
      "range.operating /measurements/frequency/value (49.167..50.833 Hz)",
    ]);
    expect(at("breaker-eu-1", 231, 50)).toHaveLength(4);
  });

  test("of a list, the entry nearest to the median voltage is taken; without a voltage the frequency decides", () => {
    const registry = pinnedRegistry();
    Object.assign(registry.device_types.smart_breaker ?? {}, {
      nominal: [
        { voltage: 120, frequency: 60 },
        { voltage: 230, frequency: 50 },
      ],
    });
    const both = planOf(registry);
    const judgedAt = (voltage: unknown, frequency: number) => {
      const message = sampleMessage();
      Object.assign(groupsOf(message), { voltage, frequency });
      return faultsIn(judged(message, both)).filter((finding) => finding.startsWith("range"));
    };
    expect(judgedAt({ phase_a: 230, phase_b: 0, phase_c: 229 }, 50)).toEqual([
      "range.operating /measurements/voltage/phase_b (210.83..249.17 V)",
    ]);
    expect(judgedAt({ phase_a: 121, phase_b: 119, phase_c: 120 }, 60)).toEqual([]);
    expect(judgedAt({ phase_a: 121, phase_b: 119, phase_c: 120 }, 50)).toEqual([
      "range.operating /measurements/frequency (59..61 Hz)",
    ]);
    expect(judgedAt(null, 50)).toEqual([]);
  });
});

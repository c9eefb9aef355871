import { describe, expect, test } from "bun:test";
import { HALVES, vendorSamples } from "../schemas/examples/vendors/vendors.case.ts";
import { judged, pinnedPlan } from "./pinned.fixture.ts";

describe.each([...HALVES])("the %s half of the vendors' samples", (half) => {
  const samples = vendorSamples(half).map((sample) => [`${sample.vendor}: ${sample.name}`, sample] as const);
  test.each(samples)("%s", (_name, { key, message, expect: truth, documentation }) => {
    const verdict = judged(message, pinnedPlan, key);
    expect(verdict.device_type).toBe(truth);
    expect(verdict.detection.reasons.length).toBeGreaterThan(0);
    // None of these devices is broken.
    if (truth !== "unknown") expect(verdict.grade).toBe("GOOD");
    expect(documentation.length).toBeGreaterThan(0);
  });
});

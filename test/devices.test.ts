/** What comes of real devices' messages with the shipped registry: enriched, unknown or a dead letter, never a wrong type. */
import { describe, expect, test } from "bun:test";
import { enrich } from "../enrich/enrich.fixture.ts";
import { DEVICES } from "../schemas/examples/devices/devices.case.ts";
import { PLAN } from "./pinned-plan.fixture.ts";

const NOW = Date.UTC(2026, 10, 25, 12, 0, 11);

describe("a message of a real device", () => {
  for (const { name, device, key, value, never, today } of DEVICES) {
    test(`${name} (${device}) comes out as ${today.to === "dlq" ? today.reason : today.device_type}`, () => {
      const result = enrich(value, { key, timestamp: NOW, bytes: Buffer.byteLength(value) }, PLAN, NOW);
      if (result.to === "dlq") {
        expect<object>({ to: result.to, reason: result.reason }).toEqual(today);
        return;
      }
      const { device_type, detection, grade } = result.verdict;
      expect<object>({ to: result.to, device_type, method: detection.method, grade }).toEqual(today);
      expect(never).not.toContain(device_type);
      expect(detection.reasons.length).toBeGreaterThan(0);
      // The producer's text stays byte for byte.
      expect(result.value.startsWith(value.slice(0, -1))).toBe(true);
    });
  }
});

import { describe, expect, test } from "bun:test";
import { factsOf, readInterval, toRow } from "./row.ts";
import { enriched, NOW, record } from "../sample.fixture.ts";

const facts = (value: string) => factsOf(toRow("enriched", 0, record(0, value, { key: null }), NOW, 1));
/** As the enrichment writes it: the raw text, then what is appended. */
const spliced = (raw: object, more: Parameters<typeof enriched>[0] = {}) => {
  const { device_metadata, measurement_metadata, enrichment_info, data_quality } = JSON.parse(enriched(more));
  return JSON.stringify({ ...raw, device_metadata, measurement_metadata, enrichment_info, data_quality });
};

describe("what a row says", () => {
  test("is the appended members, whatever the device sent under the same names deeper down", () => {
    const decoy = {
      device_id: "d1",
      note: ',"enrichment_info":{"detection":{"score":3}}',
      deep: {
        a: 1,
        measurement_metadata: { x: 1 },
        enrichment_info: { detection: { score: 4 } },
        normalized: { device_id: "no" },
      },
      timestamp: "2026-11-24T14:27:10Z",
    };
    expect(facts(spliced(decoy, { grade: "BAD" }))).toMatchObject({
      device: "d1",
      score: 100,
      grade: "BAD",
      type: "smart_breaker",
      measured: NOW - 2_000,
    });
  });

  test("a vendor's message is filed under its canonical id and time", () => {
    const { enrichment_info, data_quality, ...before } = JSON.parse(enriched());
    const normalized = { device_id: "canonical", timestamp: "2026-11-24T14:27:11.000Z", measurements: {} };
    const text = JSON.stringify({
      ...before,
      device_id: "vendor",
      normalized,
      enrichment_info,
      data_quality,
    });
    expect(facts(text)).toMatchObject({ device: "canonical", measured: NOW - 1_000, score: 100 });
  });

  test("text outside ASCII survives, and members in another order are read all the same", () => {
    expect(facts(spliced({ device_id: "Zähler-€-😀" })).device).toBe("Zähler-€-😀");
    const { data_quality, enrichment_info, ...rest } = JSON.parse(enriched());
    expect(facts(JSON.stringify({ data_quality, enrichment_info, ...rest }))).toMatchObject({
      grade: "GOOD",
      score: 100,
    });
  });

  test("intervals are read in the original's form and as ISO 8601", () => {
    expect(["5_seconds", "1_minute", "PT30S", "PT1H", "often", 7, "0_seconds"].map(readInterval)).toEqual([
      5_000,
      60_000,
      30_000,
      3_600_000,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

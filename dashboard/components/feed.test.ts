import { describe, expect, test } from "bun:test";
import { toRow } from "../model/row.ts";
import { enriched, NOW, raw, record } from "../sample.fixture.ts";
import { FeedHead, FeedRow } from "./feed.tsx";

const ARRIVED =
  '<time datetime="2026-11-24T14:27:12.000Z" title="2026-11-24 14:27:12.000 UTC">14:27:12.000</time>';

function rowOf(topic: "raw" | "enriched", measured: string): string {
  const value = topic === "raw" ? raw({ timestamp: measured }) : enriched({ timestamp: measured });
  return String(FeedRow({ row: toRow(topic, 0, record(1, value), NOW, 1) }));
}

describe("a row of the feed", () => {
  test.each(["raw", "enriched"] as const)(
    "of %s stands under Arrived, by which the feed is ordered",
    (topic) => {
      expect(String(FeedHead({ topic }))).toContain('"true"><span class="">Arrived</span>');
      expect(rowOf(topic, "2026-11-24T14:27:03Z")).toContain(`<summary>${ARRIVED}`);
    },
  );

  test.each([
    ["late 13:20:00", "2026-11-24T13:20:00Z"],
    ["late 2026-11-20", "2026-11-20T13:20:00Z"],
    ["ahead 14:31:00", "2026-11-24T14:31:00Z"],
  ])("says %s of one that was measured at another time", (words, measured) => {
    for (const topic of ["raw", "enriched"] as const) {
      const html = rowOf(topic, measured);
      expect(html).toContain(ARRIVED);
      expect(html).toContain(`${words}</time>`);
    }
  });

  test("says nothing of the difference of a minute, nor of a time that cannot be read", () => {
    expect(rowOf("enriched", "2026-11-24T14:26:12Z")).not.toContain("apart");
    expect(rowOf("enriched", "soon")).not.toContain("apart");
  });
});

/** What the simulator sends, judged by the pinned registry: healthy devices are GOOD, broken messages dead letters. */
import { describe, expect, test } from "bun:test";
import { bytesToText } from "../enrich/bytes-to-text.ts";
import { enrich } from "../enrich/enrich.fixture.ts";
import { createFleet, numbered, type Sent } from "../simulator/fleet.ts";
import { PLAN } from "./pinned-plan.fixture.ts";

const START_MS = Date.UTC(2026, 10, 25, 0);

/** Everything a default fleet sends in so many hours, with the time at which it arrives. */
function day(hours: number, faults: number): { sent: Sent; atMs: number }[] {
  const devices = numbered({ breakers: 3, meters: 2, sensors: 2 });
  const fleet = createFleet({ devices, seed: 42, faults }, START_MS);
  const all: { sent: Sent; atMs: number }[] = [];
  for (let atMs = START_MS; atMs < START_MS + hours * 3_600_000; atMs = fleet.nextMs())
    for (const sent of fleet.take(atMs)) all.push({ sent, atMs });
  return all;
}

function judged({ sent: { message }, atMs }: { sent: Sent; atMs: number }) {
  const bytes = Buffer.from(message.value ?? "");
  return enrich(bytesToText(bytes), { key: message.key, timestamp: atMs, bytes: bytes.length }, PLAN, atMs);
}

describe("what the simulator sends", () => {
  test("is declared, complete and known by its make; GOOD in 98 of 100 messages, and never BAD", () => {
    const all = day(24, 0);
    let good = 0;
    for (const one of all) {
      const result = judged(one);
      if (result.to === "dlq") throw new Error(`dead letter: ${JSON.stringify(result)}`);
      const { verdict, value } = result;
      const { completeness, grade, detection, findings } = verdict;
      expect([detection.method, completeness]).toEqual(["declared", 100]);
      if (grade === "BAD") throw new Error(`BAD: ${JSON.stringify(findings)} in ${value}`);
      expect(JSON.parse(value).device_metadata.specifications).toBeObject();
      if (grade === "GOOD") good += 1;
    }
    expect(all.length).toBeGreaterThan(55_000);
    expect(good / all.length).toBeGreaterThan(0.98);
  });

  test("is a dead letter with the reason that was meant, where it was broken on purpose", () => {
    const all = day(1, 0.5);
    const wrong: string[] = [];
    for (const one of all) {
      const result = judged(one);
      const reason = result.to === "dlq" ? result.reason : undefined;
      if (reason !== one.sent.fault) wrong.push(`${one.sent.fault}: ${JSON.stringify(result).slice(0, 200)}`);
    }
    expect(wrong).toEqual([]);
    expect(new Set(all.map(({ sent }) => sent.fault)).size).toBe(12);
  });
});

import { describe, expect, test } from "bun:test";
import { clock, count, duration, exact, latency, percent, rate } from "./format.ts";

describe("format", () => {
  test("an age has one decimal below 10 s and two units above a minute", () => {
    const cases = [340, 9_990, 42_000, 192_000, 180_000, 7_500_000, 532_800_000, -5];
    expect(cases.map(duration)).toEqual([
      "0.3 s",
      "9.9 s",
      "42 s",
      "3 min 12 s",
      "3 min",
      "2 h 5 min",
      "6 d 4 h",
      "0.0 s",
    ]);
  });

  test("a share that is not quite all never reads as all", () => {
    expect([1, 0.99996, 0.978, 0.0001, 0].map(percent)).toEqual(["100", "99.9", "97.8", "<0.1", "0"]);
  });

  test("counts have thousands, rates a decimal where it tells something", () => {
    expect(count(4_182_907)).toBe("4,182,907");
    expect([0, 0.04, 7.61, 456.2].map(rate)).toEqual(["0", "0.04", "7.6", "456"]);
    expect([4.2, 1_340].map(latency)).toEqual(["4 ms", "1.3 s"]);
  });

  test("a time that no date can hold is said, not thrown", () => {
    expect(clock(Date.UTC(2026, 10, 24, 14, 27, 11, 902))).toBe("14:27:11.902");
    expect(exact(1e17)).toBe("out of range");
  });
});

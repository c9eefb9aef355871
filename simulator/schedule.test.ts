import { describe, expect, test } from "bun:test";
import { byInterval, byRate, type Schedule } from "./schedule.ts";

const START_MS = 1_000_000;

/** Asks exactly when something falls due, until `untilMs`; `device@ms after the start`. */
function follow(schedule: Schedule, untilMs: number): string[] {
  const lines: string[] = [];
  for (let nowMs = START_MS; nowMs <= START_MS + untilMs; nowMs = schedule.nextMs())
    for (const { device, atMs } of schedule.due(nowMs)) lines.push(`${device}@${atMs - START_MS}`);
  return lines;
}

describe("a schedule by interval", () => {
  const two = () =>
    byInterval(
      [
        { intervalMs: 5_000, part: 0.5 },
        { intervalMs: 5_000, part: 1 },
      ],
      START_MS,
    );

  test("sends every device at once, and from then on spread over the interval", () => {
    expect(follow(two(), 13_000)).toEqual(["0@0", "1@0", "0@2500", "1@5000", "0@7500", "1@10000", "0@12500"]);
  });

  test("a caller who asks late gets the planned time, and what it missed is skipped in step", () => {
    const schedule = two();
    schedule.due(START_MS);
    expect(schedule.due(START_MS + 31_000)).toEqual([
      { device: 0, atMs: START_MS + 2_500 },
      { device: 1, atMs: START_MS + 5_000 },
    ]);
    expect(schedule.nextMs()).toBe(START_MS + 32_500);
  });

  test("a clock that is set back by an hour does not silence it for an hour", () => {
    const schedule = two();
    schedule.due(START_MS);
    const earlier = START_MS - 3_600_000;
    expect(schedule.due(earlier).map(({ atMs }) => atMs)).toEqual([earlier, earlier]);
    expect(schedule.nextMs()).toBe(earlier + 5_000);
  });

  test("without devices nothing ever falls due", () => {
    expect(byInterval([], START_MS).nextMs()).toBe(Number.POSITIVE_INFINITY);
    expect(byRate(0, 10, START_MS).nextMs()).toBe(Number.POSITIVE_INFINITY);
    expect(byRate(0, 10, START_MS).due(START_MS + 9_000)).toEqual([]);
  });
});

describe("a schedule by rate", () => {
  test("takes the devices in turn, evenly", () => {
    expect(follow(byRate(3, 10, START_MS), 450)).toEqual(["0@0", "1@100", "2@200", "0@300", "1@400"]);
  });

  test("gives the rate that was asked for, however often it is asked", () => {
    for (const everyMs of [1, 10, 133]) {
      const schedule = byRate(7, 10_000, START_MS);
      let sent = 0;
      for (let nowMs = START_MS; nowMs < START_MS + 10_000; nowMs += everyMs)
        sent += schedule.due(nowMs).length;
      expect(Math.abs(sent - 100_000)).toBeLessThan(2_001);
    }
  });

  test("gives up arrears of more than a second, and never sends in the past again", () => {
    const schedule = byRate(2, 1_000, START_MS);
    schedule.due(START_MS);
    const late = START_MS + 60_000;
    expect(schedule.due(late)).toEqual([{ device: 1, atMs: late }]);
    expect(schedule.due(late + 10)).toHaveLength(10);
  });

  test("goes on when the clock is set back", () => {
    const schedule = byRate(2, 1_000, START_MS);
    schedule.due(START_MS + 500);
    expect(schedule.due(START_MS - 60_000)).toHaveLength(1);
    expect(schedule.due(START_MS - 59_990)).toHaveLength(10);
  });
});

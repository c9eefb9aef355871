import { expect, test } from "bun:test";
import { createPace } from "./pace.ts";

/** The sizes that follow when each batch takes so long. */
function sizes(most: number, times: number[]): number[] {
  const pace = createPace(most);
  return times.map((ms) => {
    pace.took(ms);
    return pace.size();
  });
}

test("batches begin small and grow to the largest while they are quick", () => {
  expect(createPace(1_000).size()).toBe(100);
  expect(sizes(1_000, [10, 10, 10, 10, 10])).toEqual([200, 400, 800, 1_000, 1_000]);
});

test("slow ones halve, down to a least; those in between stay", () => {
  expect(sizes(1_000, [300, 300, 300, 100, 250, 75, 10])).toEqual([50, 25, 25, 25, 25, 25, 50]);
});

test("a caller's own limit is never passed, however small", () => {
  expect(createPace(10).size()).toBe(10);
  expect(sizes(10, [10, 300, 300, 10])).toEqual([10, 10, 10, 10]);
});

import { expect, test } from "bun:test";
import { counts } from "../count-elements.fixture.ts";
import { Spark } from "../components/spark.tsx";
import { StatsGrid } from "../components/stats.tsx";
import { fullView } from "../full.fixture.ts";
import { NOW } from "../sample.fixture.ts";
import { goodTrend, thinned } from "./trends.ts";
import { createView, setKafka } from "./view.ts";
import { tally } from "./window.ts";

const MINUTE = 60_000;

test("a thinned line is the mean of what is known, and unknown where nothing is", () => {
  expect(thinned([1, 3, null, 5, null, null, 9], 2)).toEqual([2, 5, null]);
});

test("the share of good messages is told by three minutes, the newest last; a time without messages is unknown", () => {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  for (const grade of ["GOOD", "GOOD", "GOOD", "BAD"]) tally(view.tallies.grade, NOW, grade);
  tally(view.tallies.grade, NOW - 30 * MINUTE, "UNCERTAIN");
  const trend = goodTrend(view, NOW);
  expect(trend).toHaveLength(20);
  expect(trend.flatMap((share, i) => (share === null ? [] : [[i, share]]))).toEqual([
    [9, 0],
    [19, 0.75],
  ]);
});

test("a small line has a gap where nothing is known, and is not drawn of less than two values", async () => {
  const html = String(Spark({ points: [1, 2, null, 3, 4, 5, null] }));
  expect(await counts(html, "polyline", "circle")).toEqual([2, 0]);
  expect([...html.matchAll(/points="([^"]*)"/g)].map(([, points]) => points?.split(" ").length)).toEqual([
    2, 3,
  ]);
  expect(await counts(String(Spark({ points: [1, 2] })), "polyline", "circle")).toEqual([1, 1]);
  expect(String(Spark({ points: [null, 1, null] }) ?? "")).toBe("");
});

test("six of the figures have a line", async () => {
  const view = fullView();
  for (let i = 0; i < 6; i++) tally(view.tallies.grade, NOW - i * 10 * MINUTE, "GOOD");
  expect(await counts(String(StatsGrid({ view, now: NOW })), ".stat .spark")).toEqual([6]);
});

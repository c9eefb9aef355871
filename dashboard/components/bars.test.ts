import { expect, test } from "bun:test";
import { counts } from "../count-elements.fixture.ts";
import { createView, setKafka } from "../model/view.ts";
import { tally } from "../model/window.ts";
import { NOW } from "../sample.fixture.ts";
import { DeadLetterReasons } from "./shares.tsx";

test("the sum of the reasons that have no line has no bar, and does not shorten the others", async () => {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  for (let reason = 0; reason < 14; reason++) tally(view.tallies.reason, NOW, `reason_${reason}`);
  const html = String(DeadLetterReasons({ view, now: NOW }));
  expect(await counts(html, "#reasons tbody tr", "#reasons meter", 'meter[max="1"]')).toEqual([7, 6, 6]);
  expect(html).toContain("8 more");
});

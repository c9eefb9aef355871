import { describe, expect, test } from "bun:test";
import { counts, wordsOf } from "../count-elements.fixture.ts";
import { fold } from "../model/fold.ts";
import { createView, setKafka, type ViewModel } from "../model/view.ts";
import { enriched, NOW, record } from "../sample.fixture.ts";
import { Attention } from "./attention.tsx";
import { Fleet } from "./fleet.tsx";

function fleetOf(size: number, bad: number): ViewModel {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  const messages = Array.from({ length: size }, (_, i) =>
    record(i, enriched({ device_id: `b-${i}`, grade: i < bad ? "BAD" : "GOOD" }), {
      source: i,
      key: `b-${i}`,
    }),
  );
  fold(view, { topic: "enriched", partition: 0, messages, highWatermark: size }, NOW);
  return view;
}

describe("the cards of the fleet", () => {
  test("of a large one have room: marks over the whole width, and twice the lines of trouble beside them", async () => {
    const shown = async (size: number) => {
      const view = fleetOf(size, 20);
      const html =
        String(Fleet({ view, now: NOW })) + String(Attention({ view, group: undefined, now: NOW }));
      return counts(html, ".heat.dense", ".heat dd a", "#attention li:not(.m)");
    };
    expect(await shown(60)).toEqual([0, 60, 6]);
    expect(await shown(61)).toEqual([1, 61, 12]);
  });

  test("draw at most 160 marks, those in trouble first, and say how many more there are", async () => {
    const html = String(Fleet({ view: fleetOf(1_000, 300), now: NOW }));
    expect(await counts(html, ".heat dd a", ".heat dd a.crit")).toEqual([160, 160]);
    expect(await wordsOf(html, ".heat dd > span")).toBe("and 840 more");
  });
});

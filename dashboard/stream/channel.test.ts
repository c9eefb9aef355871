import { expect, test } from "bun:test";
import { overviewLive } from "../pages/overview.tsx";
import { enriched, NOW, record } from "../sample.fixture.ts";
import { fold } from "../model/fold.ts";
import { createView, setKafka } from "../model/view.ts";
import { NO_GROUP } from "../serve.fixture.ts";
import { createChannel } from "./channel.ts";

const rowsIn = (bytes: Uint8Array): string[] =>
  [...new TextDecoder().decode(bytes).matchAll(/<li id="(m-[^"]+)"/g)].map(([, id]) => id ?? "");

test("what a snapshot has of the feed does not come again with the next frame, whenever its client came", () => {
  const view = createView(NOW);
  setKafka(view, true, NOW);
  const send = (offset: number) =>
    fold(
      view,
      {
        topic: "enriched",
        partition: 0,
        messages: [record(offset, enriched(), { source: offset, timestamp: NOW + offset })],
        highWatermark: offset + 1,
      },
      NOW + 1_000,
    );
  send(0);
  const channel = createChannel(overviewLive({ tab: "enriched", range: "1" }, NO_GROUP), view, "b", NOW);
  send(1);
  send(2);
  // Between two frames.
  const snapshot = rowsIn(channel.since(-1, NOW + 100));
  const seq = channel.seq();
  channel.tick(NOW + 500);
  const frame = rowsIn(channel.since(seq, NOW + 500));
  const all = [...frame, ...snapshot];
  expect(all).toEqual(["m-enriched-0-2", "m-enriched-0-1", "m-enriched-0-0"]);
});

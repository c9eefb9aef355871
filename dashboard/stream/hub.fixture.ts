/** A hub whose clock and ticks are the test's own, over a view that it fills; and what is read from its frames. */
import type { JSX } from "hono/jsx/jsx-runtime";
import { fold } from "../model/fold.ts";
import { createView, setKafka, type ViewModel } from "../model/view.ts";
import { overviewLive } from "../pages/overview.tsx";
import { enriched, NOW, record } from "../sample.fixture.ts";
import { NO_GROUP } from "../serve.fixture.ts";
import type { Card } from "./frames.ts";
import { createHub, type Hub, type HubOptions } from "./live.ts";

export { until } from "../../test/processes.fixture.ts";

export const PAGE = overviewLive({ tab: "enriched", range: "15" }, NO_GROUP);

/** A card of a page that a test makes up. */
export const card = (html: (now: number) => string): Card => ({
  id: "stats",
  pace: "frame",
  render: ({ now }) => html(now) as unknown as JSX.Element,
});

export interface HubCase extends Hub {
  view: ViewModel;
  now: number;
  /** Enriched messages of devices d0, d1, ..., `ms` from now. */
  put(count?: number, ms?: number): void;
  tick(ms?: number): void;
}

export function hubCase(options: HubOptions = {}): HubCase {
  const view = createView(NOW);
  view.coveredFrom = NOW - 3_600_000;
  setKafka(view, true, NOW);
  let offset = 0;
  let beat = () => {};
  const start = (tick: () => void) => {
    beat = tick;
    return () => {};
  };
  const made: HubCase = {
    ...createHub(view, "build-1", { clock: () => made.now, start, ...options }),
    view,
    now: NOW,
    put(count = 1, ms = 0) {
      const messages = Array.from({ length: count }, () => {
        const at = offset++;
        const key = `d${at}`;
        return record(at, enriched({ device_id: key }), { source: at, timestamp: made.now + ms, key });
      });
      fold(view, { topic: "enriched", partition: 0, messages, highWatermark: offset }, made.now);
    },
    tick(ms = 500) {
      made.now += ms;
      setKafka(view, true, made.now);
      beat();
    },
  };
  return made;
}

/** Offsets of the rows in a frame. */
export const rows = (frame: string) =>
  [...frame.matchAll(/id="m-enriched-0-(\d+)"/g)].map((match) => Number(match[1]));
export const ticks = (frame: string) =>
  [...frame.matchAll(/event: iot:tick\ndata: (.*)/g)].map(
    (match) =>
      JSON.parse(match[1] ?? "") as {
        whole: boolean;
        seq: number;
        charts: { rate: { values: { raw: unknown[] } } };
      },
  );

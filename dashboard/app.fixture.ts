/** An app over one message of each topic, an old one that only the broker has, and the pinned registry. */
import { loadRegistry } from "../config/registry-file.ts";
import type { Catalog } from "./model/catalog.ts";
import { fold } from "./model/fold.ts";
import type { GroupFacts } from "./reading/group.ts";
import { dead, enriched, NOW, raw, record } from "./sample.fixture.ts";
import { appFor } from "./serve.fixture.ts";
import { createView, setCatalog, setKafka } from "./model/view.ts";

export const view = createView(NOW);
setKafka(view, true, NOW);
view.coveredFrom = NOW - 3_600_000;
view.caughtUp = true;
const put = (topic: "raw" | "enriched" | "dlq", messages: ReturnType<typeof record>[]) =>
  fold(view, { topic, partition: 2, messages, highWatermark: (messages.at(-1)?.offset ?? 0) + 1 }, NOW);
put("raw", [record(40, raw({ measurements: { power: { active: 1.5e3 } } }))]);
put("enriched", [
  record(
    7,
    enriched({
      findings: [{ code: "null", path: "/measurements/power", severity: "uncertain" }],
      grade: "UNCERTAIN",
    }),
    { source: 40 },
  ),
]);
put("dlq", [dead(3, Uint8Array.of(0xff, 0xfe), "not_utf8")]);

/** An old message that only the broker still has. */
const OLD = record(9, raw({ device_id: "old-1" }), { timestamp: NOW - 86_400_000 });
const OLD_ENRICHED = record(5, enriched({ device_id: "old-1" }), { timestamp: NOW - 86_400_000, source: 9 });
/** A message without the header: it is not from the enrichment. */
const OF_ANOTHER = { ...OLD_ENRICHED, offset: 4, headers: {} };
export const places = {
  from: async (topic: string, partition: number, offset: number) => {
    const all = topic === "raw" ? [OLD] : topic === "enriched" ? [OF_ANOTHER, OLD_ENRICHED] : [];
    return partition === 2 ? all.filter((message) => message.offset >= offset) : [];
  },
  span: async (topic: string) => (topic === "enriched" ? { low: 4, high: 6, near: 4 } : undefined),
};
export const loaded = await loadRegistry("test/registry/device-registry.json");
/** What the registry file is refused for. */
type Refusal = ReturnType<Catalog["refusal"]>;
export const registry: { refusal: Refusal; past: Refusal } = { refusal: null, past: null };
setCatalog(view, { ...loaded, refusal: () => registry.refusal, pastRefusal: () => registry.past });
const facts: GroupFacts = {
  at: NOW,
  lags: [{ partition: 2, committed: 39, end: 41, lag: 2 }],
  members: [],
};
const group = { last: () => facts, first: async () => facts };
export const { app, assets } = await appFor({ view, now: () => NOW, places, group });

export const get = (path: string, headers: Record<string, string> = {}) =>
  app.request(path, { headers: { host: "127.0.0.1:5001", ...headers } });
export const page = async (path: string) => await (await get(path)).text();
export const json = async (path: string): Promise<unknown> => (await get(path)).json();

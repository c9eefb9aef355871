/** A view for the browser tests: a fleet of every state, some minutes of messages, dead letters, a long strange id. */
import { loadRegistry } from "../config/registry-file.ts";
import { fold } from "./model/fold.ts";
import { dead, enriched, raw, record } from "./sample.fixture.ts";
import { createView, setCatalog, setEnds, setKafka, type ViewModel } from "./model/view.ts";

const registry = await loadRegistry("test/registry/device-registry.json");

/** A view with a fleet of every state, an hour of messages and dead letters, up to `now`. */
export function seeded(now = Date.now()): ViewModel {
  const view = createView(now);
  view.coveredFrom = now - 3_600_000;
  view.caughtUp = true;
  setKafka(view, true, now);
  for (let i = 0; i < 300; i++) send(view, i, now - (300 - i) * 3_000);
  setCatalog(view, { ...registry, refusal: () => null });
  const strange = "ünbröken·".repeat(15).slice(0, 128);
  fold(
    view,
    {
      topic: "enriched",
      partition: 2,
      messages: [
        record(0, enriched({ device_id: strange, grade: "BAD" }), {
          source: 0,
          timestamp: now - 900,
          key: strange,
        }),
      ],
      highWatermark: 1,
    },
    now,
  );
  for (const topic of ["raw", "enriched", "dlq"] as const)
    setEnds(view, topic, [{ partition: 0, high: 1_000 }]);
  return view;
}

const TYPES = ["smart_breaker", "smart_meter", "environmental_sensor", "unknown"];

/** Message number `i`, and what became of it. */
export function send(view: ViewModel, i: number, at = Date.now()): void {
  const now = Date.now();
  const type = TYPES[i % 4] ?? "unknown";
  const id = `${type}-${i % 12}`;
  const time = new Date(at).toISOString();
  const odd = i % 12 === 0;
  const findings = odd
    ? [
        {
          code: "range.operating",
          path: "/measurements/voltage/phase_b",
          expected: "110..130 V",
          severity: "uncertain" as const,
        },
      ]
    : i % 12 === 1
      ? [{ code: "missing", path: "/measurements/demand", expected: "demand", severity: "bad" as const }]
      : [];
  const grade = odd || type === "unknown" ? "UNCERTAIN" : i % 12 === 1 ? "BAD" : "GOOD";
  const common = { device_id: id, timestamp: time };
  const put = (topic: "raw" | "enriched" | "dlq", message: ReturnType<typeof record>) =>
    fold(view, { topic, partition: 0, messages: [message], highWatermark: i + 1 }, now);
  put("raw", record(i, raw({ ...common, device_type: type }), { timestamp: at, key: id }));
  if (i % 40 === 39) put("dlq", dead(i, '{"a":', "not_json", at));
  else
    put(
      "enriched",
      record(i, enriched({ ...common, device_type: type, grade, findings }), {
        timestamp: at,
        key: id,
        source: i,
      }),
    );
}

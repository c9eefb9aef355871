/**
 * A view in which everything that a page can tell is there: devices of every state, a runner-up, reasons, findings, two
 * reasons of dead letters, repeats, heartbeats. No two figures are equal where a page could take one for the other.
 */
import { loadRegistry } from "../config/registry-file.ts";
import type { Heartbeat } from "../schemas/service.ts";
import { HEADERS } from "../schemas/topics.ts";
import { fold, foldService } from "./model/fold.ts";
import type { InMessage } from "../kafka/message.ts";
import { createView, setCatalog, setEnds, setKafka, type ViewModel } from "./model/view.ts";
import { countAt, latencyColumn } from "./model/window.ts";
import type { Group, GroupFacts } from "./reading/group.ts";
import { enriched, NOW, record } from "./sample.fixture.ts";

export const REGISTRY = "2.0.0+9c41e07a";
const loaded = await loadRegistry("test/registry/device-registry.json");

type Options = NonNullable<Parameters<typeof enriched>[0]>;

interface Sent extends Options {
  device_id: string;
  partition: number;
  /** The offset in iot.raw and in iot.enriched. */
  source: number;
  offset: number;
  /** The record timestamp; the message was measured two seconds before it and is enriched 7 ms after it. */
  arrived: number;
  /** The message says its type itself. */
  declares?: string;
}

const METER: Sent = {
  device_id: "meter-1",
  device_type: "smart_meter",
  partition: 0,
  source: 41,
  offset: 1,
  arrived: NOW - 1_900,
  grade: "BAD",
  measurements: { energy: { value: 18412.73 }, power_factor: { value: 0.36 } },
  definitions: { energy: { unit: "kWh" }, power_factor: { unit: "1" } },
  metadata: {
    device_type_name: "Smart Energy Meter",
    device_category: "energy_monitoring",
    capabilities: ["energy_monitoring", "demand_monitoring"],
  },
  detection: {
    method: "detected",
    score: 64,
    runner_up: "smart_meter_3p",
    reasons: ["energy is measured", "nothing forbids it"],
  },
  quality: { measurements_complete: false, completeness: 67 },
  findings: [
    { code: "missing", path: "/measurements/demand", expected: "demand in kW", severity: "bad" },
    {
      code: "range.operating",
      path: "/measurements/power_factor/value",
      expected: "0.8 to 1",
      severity: "uncertain",
    },
  ],
};

const REFUSED = NOW - 2_800;

const UNCERTAIN: Sent = {
  device_id: "breaker-2",
  partition: 1,
  source: 10,
  offset: 1,
  arrived: NOW - 2_500,
  declares: "smart_breaker",
  grade: "UNCERTAIN",
  event_type: "status_change",
  measurements: { voltage: { phase_a: 118, phase_b: 133.1, phase_c: 119 } },
  findings: [
    { code: "unit", path: "/measurements/voltage/phase_b", expected: "110 to 130", severity: "uncertain" },
  ],
};

export function fullView(): ViewModel {
  const view = createView(NOW);
  setCatalog(view, {
    ...loaded,
    loadedAt: "2026-11-23T09:12:31.000Z",
    refusal: () => null,
    pastRefusal: () => ({ at: "2026-11-23T09:11:05.000Z", reasons: ["/sites: unknown key"] }),
  });
  fill(view);
  // Seven minutes ago: so many that p50, p95 and p99 differ.
  for (const [ms, times] of [
    [16, 56],
    [64, 3],
    [1_024, 1],
  ] as const)
    countAt(view.latency, NOW - 420_000, latencyColumn(ms), times);
  setEnds(view, "raw", [
    { partition: 0, high: 46 },
    { partition: 1, high: 13 },
  ]);
  beat(view, {
    service: "enrich",
    instance: "host-a:11",
    version: "0.9.1",
    started_at: new Date(NOW - 7_500_000).toISOString(),
    registry: { version: REGISTRY, loaded_at: new Date(NOW - 7_500_000).toISOString(), last_refusal: null },
    counters: {
      records_consumed: 52,
      records_enriched: 43,
      records_dead_lettered: 9,
      accounting_difference: 0,
    },
    lag: 7,
  });
  beat(view, {
    service: "simulator",
    instance: "host-b:12",
    state: "degraded",
    reasons: ["the broker is slow"],
    version: "0.8.7",
    started_at: new Date(NOW - 65_000).toISOString(),
  });
  return view;
}

/** The messages alone, into a view that has none yet. */
export function fill(view: ViewModel): void {
  view.coveredFrom = NOW - 3_600_000;
  view.caughtUp = true;
  setKafka(view, true, NOW);
  const put = (topic: "raw" | "enriched" | "dlq", partition: number, message: InMessage) =>
    fold(view, { topic, partition, messages: [message], highWatermark: message.offset + 1 }, NOW);
  const send = ({ device_id, partition, source, offset, arrived, declares, ...options }: Sent) => {
    const judged = enriched({
      ...options,
      device_id,
      timestamp: new Date(arrived - 2_000).toISOString(),
      enriched_at: new Date(arrived + 7).toISOString(),
    });
    const type = declares === undefined ? "" : `"device_type":"${declares}",`;
    const value = judged.replace("{", `{${type}`);
    const sent = `${value.slice(0, value.indexOf(',"device_metadata"'))}}`;
    put("raw", partition, record(source, sent, { key: device_id, timestamp: arrived }));
    const headers = { [HEADERS.registry]: REGISTRY };
    put(
      "enriched",
      partition,
      record(offset, value, { key: device_id, timestamp: arrived, source, headers }),
    );
  };
  const refuse = (source: number, offset: number, key: string, value: string, reason: string) => {
    const headers = {
      [HEADERS.reason]: reason,
      [HEADERS.path]: `/${reason}/path`,
      [HEADERS.message]: `what ${reason} means`,
      [HEADERS.registry]: REGISTRY,
    };
    put("raw", 0, record(source, value, { key, timestamp: REFUSED }));
    put("dlq", 0, record(offset, value, { key, timestamp: REFUSED, source, headers }));
  };

  send({
    device_id: "sensor-9",
    device_type: "environmental_sensor",
    partition: 1,
    source: 9,
    offset: 0,
    arrived: NOW - 1_800_000,
  });
  send({ device_id: "breaker-1", partition: 0, source: 40, offset: 0, arrived: NOW - 3_000 });
  send(UNCERTAIN);
  send(METER);
  refuse(42, 0, "broken-1", '{"a":', "not_json");
  refuse(43, 1, "broken-1", "", "not_json");
  refuse(44, 2, "list-1", "[1, 2]", "not_object");
  const mystery = { partition: 0, arrived: NOW - 500, device_type: "unknown", source: 45, offset: 2 };
  send({ ...mystery, device_id: "mystery-1", measurements: { pressure: { value: 1013.2 } } });
  // Each of these comes again, as after a restart.
  send({ ...mystery, device_id: "mystery-1", offset: 3 });
  refuse(44, 3, "list-1", "[1, 2]", "not_object");
}

/** A heartbeat of two seconds ago. */
export function beat(
  view: ViewModel,
  of: Partial<Heartbeat> & Pick<Heartbeat, "service" | "instance">,
  heard?: number,
): void {
  const heartbeat: Heartbeat = {
    state: "ready",
    reasons: [],
    version: "1",
    started_at: new Date(NOW).toISOString(),
    at: new Date(NOW - 2_000).toISOString(),
    host: "host",
    counters: {},
    ...of,
  };
  foldService(view, record(0, JSON.stringify(heartbeat), { timestamp: NOW - 2_000 }), heard);
}

const FACTS: GroupFacts = {
  at: NOW,
  lags: [
    { partition: 0, committed: 44, end: 46, lag: 2 },
    { partition: 1, committed: 8, end: 13, lag: 5 },
  ],
  members: [],
};
export const FULL_GROUP: Group = { last: () => FACTS, first: async () => FACTS };

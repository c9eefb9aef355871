/** What the Bun host counts; names of design.md section 7. Never a device id as a label. */
import { Counter, Gauge, Histogram, type Registry } from "../../runtime/metrics.ts";
import type { Accounting } from "./accounting.ts";
import type { Chunk } from "./host.ts";

export interface HostMetrics {
  observe(chunk: Chunk): void;
  /** Lag of the group by partition, as the brokers tell it. */
  setLag(topic: string, lags: { partition: number; lag: number }[]): void;
  setRegistry(version: string): void;
  /** For the heartbeat. */
  counters(): Record<string, number>;
}

const ENRICH_BUCKETS = [2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 1e-3, 1e-2, 0.1];
const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];

export function createHostMetrics(metrics: Registry, accounting: Accounting): HostMetrics {
  const registers = [metrics];
  const consumed = new Counter({
    name: "iot_records_consumed_total",
    help: "Raw messages settled.",
    registers,
  });
  const enriched = new Counter({
    name: "iot_records_enriched_total",
    help: "Messages sent to iot.enriched.",
    registers,
  });
  const dead = new Counter({
    name: "iot_records_dead_lettered_total",
    help: "Messages sent to iot.raw.dlq, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const findings = new Counter({
    name: "iot_findings_total",
    help: "Findings in enriched messages, by code.",
    labelNames: ["code"],
    registers,
  });
  const duration = new Histogram({
    name: "iot_enrich_duration_seconds",
    help: "Time of enrich() for one message; the mean of each chunk of a batch.",
    buckets: ENRICH_BUCKETS,
    registers,
  });
  const latency = new Histogram({
    name: "iot_end_to_end_latency_seconds",
    help: "From the record timestamp to the acknowledged output; the first and the last message of each chunk of a batch.",
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const lag = new Gauge({
    name: "iot_consumer_lag_records",
    help: "Messages still to read, asked from the brokers.",
    labelNames: ["topic", "partition"],
    registers,
  });
  const registry = new Gauge({
    name: "iot_registry_info",
    help: "1, with the version of the registry in use.",
    labelNames: ["version"],
    registers,
  });
  new Gauge({
    name: "iot_accounting_difference",
    help: "Raw messages without an output or outputs without a raw message, from offsets and counts; 0 when all is well.",
    registers,
    collect() {
      this.set(accounting.difference());
    },
  });
  new Counter({
    name: "iot_records_lost_to_retention_total",
    help: "Raw messages that were deleted, by retention mostly, before they were read.",
    registers,
    collect() {
      this.reset();
      this.inc(accounting.lost());
    },
  });
  const totals = { records_consumed: 0, records_enriched: 0, records_dead_lettered: 0 };

  return {
    observe({ outputs, enrichSeconds, latencySeconds: [first, last] }) {
      const { reasons, codes, enrichedCount } = tally(outputs);
      consumed.inc(outputs.length);
      enriched.inc(enrichedCount);
      for (const [reason, count] of reasons) dead.inc({ reason }, count);
      for (const [code, count] of codes) findings.inc({ code }, count);
      duration.observe(enrichSeconds / outputs.length);
      latency.observe(first);
      if (outputs.length > 1) latency.observe(last);
      totals.records_consumed += outputs.length;
      totals.records_enriched += enrichedCount;
      totals.records_dead_lettered += outputs.length - enrichedCount;
    },
    setLag(topic, lags) {
      for (const { partition, lag: behind } of lags) lag.set({ topic, partition }, behind);
    },
    setRegistry(version) {
      registry.reset();
      registry.set({ version }, 1);
    },
    counters: () => ({
      ...totals,
      accounting_difference: accounting.difference(),
      records_lost_to_retention: accounting.lost(),
    }),
  };
}

/** Counted first, so that a labelled counter is asked once for a chunk. */
function tally(outputs: Chunk["outputs"]) {
  const reasons = new Map<string, number>();
  const codes = new Map<string, number>();
  let enrichedCount = 0;
  const add = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { result } of outputs) {
    if (result.to === "dlq") add(reasons, result.reason);
    else {
      enrichedCount++;
      for (const { code } of result.verdict.findings) add(codes, code);
    }
  }
  return { reasons, codes, enrichedCount };
}

/**
 * A Prometheus registry with what every process tells of itself. Names: design.md section 7.
 *
 * Not prom-client's default metrics: under Bun most of them are V8's heap spaces, which it does not have, as zeros.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

export { Counter, Gauge, Histogram, Registry };

export function createMetrics(service: string, version: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  const registers = [registry];
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: "process_cpu_seconds_total",
    help: "User and system CPU time spent in seconds.",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1e6);
    },
  });
  new Gauge({
    name: "process_start_time_seconds",
    help: "Start time of the process, Unix seconds.",
    registers,
  }).set(Math.round(Date.now() / 1000 - process.uptime()));
  new Gauge({
    name: "iot_build_info",
    help: "1, with the version as a label.",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);
  return registry;
}

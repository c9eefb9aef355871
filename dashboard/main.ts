/** Starts the dashboard: the reader fills the view model, the server shows it. */
import { watchRegistry } from "../config/registry-file.ts";
import { choosePort } from "../runtime/port.ts";
import { healthResponse } from "../runtime/health.ts";
import { listenWithRoom } from "../runtime/listen.ts";
import { Counter, Gauge } from "../runtime/metrics.ts";
import { runService } from "../runtime/service.ts";
import { showUsage } from "../runtime/usage.ts";
import { GROUPS } from "../schemas/topics.ts";
import { createApp } from "./app.tsx";
import { createArchive } from "./reading/archive.ts";
import { loadAssets } from "./assets/manifest.ts";
import { createView, setCatalog, total } from "./model/view.ts";
import { askKafka, createGroup } from "./reading/group.ts";
import { createHub } from "./stream/live.ts";
import { archiveBrokers } from "./reading/archive-brokers.ts";
import { startReader } from "./reading/reader.ts";
import { urlOf } from "../runtime/url.ts";

showUsage(
  `bun run dashboard   the pages and the API, on http://127.0.0.1:5001
environment: KAFKA_BROKERS, HOST, PORT, REGISTRY, LOG_LEVEL; docs/settings.md`,
  [],
);
await runService({
  name: "dashboard",
  healthPort: null,
  async start({ settings, log, kafka, health, metrics, instance, version, crash }) {
    const { host, port, portExplicit, allowedHosts } = settings.http;
    const chosen = choosePort(host, port, portExplicit, "PORT");
    if (chosen !== port) log.warn(`port ${port} is taken: using ${chosen}`);
    const assets = await loadAssets();
    const view = createView(Date.now(), settings.topics);
    const registry = await watchRegistry(settings.registryPath, show, {
      onRefusal: ({ reasons }) => {
        log.error(`registry refused, the last good one stays: ${reasons.join("; ")}`);
        view.version++;
      },
    });
    function show(): void {
      const { registry: loaded, plan, version, loadedAt } = registry.current();
      setCatalog(view, {
        registry: loaded,
        plan,
        version,
        loadedAt,
        refusal: registry.lastRefusal,
        pastRefusal: registry.pastRefusal,
      });
    }
    show();
    const hub = createHub(view, assets.build, { behindProxy: allowedHosts.length > 0 });
    const reader = startReader({
      view,
      kafka,
      topics: settings.topics,
      groupId: `iot-dashboard-${instance}`,
      log,
      onCrash: crash,
    });
    const app = createApp({
      view,
      hub,
      archive: createArchive(view, archiveBrokers(kafka, settings.topics), Date.now),
      group: createGroup(askKafka(kafka, GROUPS.enrich, settings.topics.raw), () => {
        view.version++;
      }),
      assets,
      now: Date.now,
      health: () => health.reasons(),
      probe: (request) => healthResponse(request, health),
      version,
      hosts: [host, ...allowedHosts],
    });
    const serve = (port: number) => Bun.serve({ hostname: host, port, idleTimeout: 30, fetch: app.fetch });
    const server = listenWithRoom(serve, chosen, log);
    new Gauge({
      name: "iot_sse_clients",
      help: "Pages that are live now.",
      registers: [metrics],
      collect() {
        this.set(hub.clients());
      },
    });
    new Counter({
      name: "iot_sse_clients_cut_total",
      help: "Pages whose stream was cut because they did not read it.",
      registers: [metrics],
      collect() {
        this.reset();
        this.inc(hub.cut());
      },
    });
    log.info(`dashboard on ${urlOf(host, server.port)}`);
    return {
      health: () => [...reader.health(), ...registry.health()],
      registry: registry.status,
      counters: () => ({
        sse_clients: hub.clients(),
        repeats: view.repeats,
        raw_messages: total(view, "raw"),
      }),
      async stop() {
        // The streams first: the server would wait for them.
        hub.stop();
        registry.stop();
        await Promise.all([server.stop(), reader.stop()]);
      },
    };
  },
});

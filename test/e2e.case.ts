/**
 * The end-to-end suite: simulator -> iot.raw -> enrich -> iot.enriched -> page, run on each kind of broker.
 *
 * In: how to start a cluster, and tests of its own (a browser). The tests follow one run from its start to its end:
 * devices send, the enricher is killed and comes back, all stop, the oracle judges.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { loadRegistry } from "../config/registry-file.ts";
import type { ApiMessages } from "../schemas/api.ts";
import type { Enriched } from "../schemas/enriched.ts";
import type { Telemetry } from "../schemas/telemetry.ts";
import { PRODUCER_FAULTS } from "../simulator/faults.ts";
import { oracle, report } from "../audit/oracle.ts";
import { until } from "./processes.fixture.ts";
import {
  api,
  type Cluster,
  createTopics,
  drained,
  metric,
  ready,
  type Service,
  startService,
  stats,
  stopAll,
} from "./system.fixture.ts";

const TYPES = ["environmental_sensor", "smart_breaker", "smart_meter"];
/** Members of the predecessor's enriched message, which its readers know. */
const ORIGINAL_MEMBERS = ["device_metadata", "measurement_metadata", "enrichment_info", "data_quality"];
const MINUTE_MS = 60_000;

export interface Running {
  cluster: Cluster;
  dashboard: Service;
}

export function endToEnd(
  name: string,
  startCluster: () => Promise<Cluster>,
  more: (running: () => Running) => void = () => {},
): void {
  describe(`end to end on ${name}`, () => {
    let cluster: Cluster;
    let dashboard: Service;
    let simulator: Service;
    const enrichers: Service[] = [];
    const services = () => [simulator, ...enrichers, dashboard];

    beforeAll(async () => {
      cluster = await startCluster();
      await createTopics(cluster);
      dashboard = startService("dashboard", cluster);
      enrichers.push(startService("enrich", cluster));
      simulator = startService("simulator", cluster, {
        SIM_RATE: "100",
        SIM_FAULTS: "0.2",
        SIM_SEED: "4",
      });
    }, MINUTE_MS);

    afterAll(async () => {
      for (const service of services()) service?.process.kill("SIGKILL");
      await cluster?.stop();
    }, MINUTE_MS);

    test("every service becomes ready", () => Promise.all(services().map((service) => ready(service))));

    test("the counts of all three topics go up, and all three device types are known", async () => {
      const found = await until("three device types", async () => {
        const now = await stats(dashboard);
        const known = TYPES.every((type) => (now.devices_by_type[type] ?? 0) > 0);
        return known && now.total_dead_letters > 0 && now;
      });
      expect(found.kafka_connected).toBe(true);
      expect(found.last_enriched_message_time).not.toBeNull();
      const later = await until("more messages", async () => {
        const now = await stats(dashboard);
        const grown = (name: "total_raw_messages" | "total_enriched_messages") => now[name] > found[name];
        return grown("total_raw_messages") && grown("total_enriched_messages") && now;
      });
      expect(later.total_raw_messages).toBeGreaterThan(found.total_raw_messages);
    });

    test("an enriched message is its raw text with the original's members behind it", async () => {
      const list = await api<ApiMessages>(dashboard, `messages?topic=enriched&type=smart_breaker&limit=1`);
      const [message] = list.messages;
      if (!message) throw new Error("no enriched breaker");
      const enriched = message.value as Telemetry & Enriched;
      for (const member of ORIGINAL_MEMBERS) expect(enriched).toHaveProperty(member);
      expect(enriched.device_metadata.device_type_name).toBe("Smart Circuit Breaker");
      expect(enriched.enrichment_info.device_type_detected).toBe("smart_breaker");
      expect(enriched.data_quality.enrichment_success).toBe(true);

      const device = encodeURIComponent(enriched.device_id);
      const sent = await api<ApiMessages>(dashboard, `messages?topic=raw&device=${device}&limit=500`);
      const raw = sent.messages.find(
        ({ partition, offset }) => partition === message.partition && offset === message.source_offset,
      );
      if (!raw) throw new Error(`iot.raw[${message.partition}]@${message.source_offset} is not listed`);
      expect(raw.timestamp).toBe(message.timestamp);
      expect(Object.keys(enriched)).toEqual([...Object.keys(raw.value as object), ...ORIGINAL_MEMBERS]);
      expect(enriched).toMatchObject(raw.value as object);
    });

    test("each kind of broken message becomes a dead letter of its reason", async () => {
      const reasons = await until("a dead letter of each reason", async () => {
        const list = await api<ApiMessages>(dashboard, `messages?topic=dlq&limit=500`);
        const found = new Set(list.messages.map(({ reason }) => reason));
        return PRODUCER_FAULTS.every((reason) => found.has(reason)) && found;
      });
      expect([...reasons].sort()).toEqual([...PRODUCER_FAULTS].sort());
    });

    test("the page is whole without JavaScript: counts, newest messages, reasons", async () => {
      const response = await fetch(dashboard.url);
      const page = await response.text();
      expect(response.headers.get("content-security-policy")).toContain("default-src");
      const { devices_by_type } = await stats(dashboard);
      for (const type of Object.keys(devices_by_type)) expect(page).toContain(type);
      const [message] = (await api<ApiMessages>(dashboard, `messages?topic=enriched&limit=1`)).messages;
      const deadLetters = await (await fetch(`${dashboard.url}/messages?topic=dlq`)).text();
      expect(deadLetters).toContain("key_mismatch");
      const single = `${dashboard.url}/messages/enriched/${message?.partition}/${message?.offset}`;
      expect(await (await fetch(single)).text()).toContain(`${message?.device_id}`);
    });

    test("the page's stream sends what arrives after it was opened", async () => {
      const newest = async () => (await stats(dashboard)).total_enriched_messages;
      const abort = new AbortController();
      const response = await fetch(`${dashboard.url}/live/overview`, { signal: abort.signal });
      expect(response.headers.get("content-type")).toStartWith("text/event-stream");
      if (!response.body) throw new Error("no stream");
      const before = await newest();
      let text = "";
      for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (text.split("\n\n").length > 4 && (await newest()) > before) break;
      }
      abort.abort();
      expect(text).toContain("data:");
    });

    more(() => ({ cluster, dashboard }));

    test(
      "after a kill -9 the next enricher goes on where the group stood",
      async () => {
        const before = await stats(dashboard);
        enrichers[0]?.process.kill("SIGKILL");
        const next = startService("enrich", cluster);
        enrichers.push(next);
        await ready(next);
        await until("enriched messages after the kill", async () => {
          const now = await stats(dashboard);
          return now.total_enriched_messages > before.total_enriched_messages + 200;
        });
      },
      MINUTE_MS,
    );

    test(
      "what the simulator has had acknowledged is in iot.raw, and every message has an output",
      async () => {
        const sent = await metric(simulator, "iot_messages_sent_total");
        const [end] = await stopAll([simulator]);
        expect(end).toMatchObject({ code: 0 });
        const raw = await drained(cluster);
        expect(raw).toBeGreaterThanOrEqual(sent);
        expect(raw).toBeGreaterThan(500);
        const told = await until("the page knows the ends", async () => {
          const now = await stats(dashboard);
          return now.total_raw_messages === raw && now;
        });
        expect(told.total_enriched_messages + told.total_dead_letters).toBeGreaterThanOrEqual(raw);
      },
      MINUTE_MS,
    );

    test("the accounting of the enricher is even", async () => {
      const [enricher] = enrichers.slice(-1);
      if (enricher) expect(await metric(enricher, "iot_accounting_difference")).toBe(0);
    });

    test("every service ends on SIGTERM with 0 within two seconds", async () => {
      const ends = await stopAll([...enrichers.slice(-1), dashboard]);
      expect(ends.map(({ code }) => code)).toEqual([0, 0]);
      for (const { ms } of ends) expect(ms).toBeLessThan(2_000);
    });

    test(
      "the oracle finds no anomaly",
      async () => {
        const { plan } = await loadRegistry("test/registry/device-registry.json");
        const verdict = await oracle({ brokers: cluster.brokers, plans: [plan], repeats: "after a kill" });
        expect(verdict.anomalies.length === 0 ? "none" : report(verdict)).toBe("none");
        expect(verdict.raw).toBeGreaterThan(500);
        expect(verdict.deadLetters).toBeGreaterThan(50);
        expect(verdict.enriched + verdict.deadLetters).toBe(verdict.raw);
      },
      MINUTE_MS,
    );
  });
}

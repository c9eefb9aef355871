/**
 * `bun run enrich`: the Bun host, `iot.raw` -> `iot.enriched` and `iot.raw.dlq`, as a member of group `iot-enrich`.
 *
 * Starts and stops; what happens to a batch stands in host.ts. Errors: a bad registry or wrong topics at the start, every fault and
 * exit 1; a bad registry later is refused, the last good one stays, and /readyz says why.
 */
import { ConfigError, type Settings } from "../config/env.ts";
import { type RegistryWatch, watchRegistry } from "../config/registry-file.ts";
import { absentTopics, checkTopics } from "../kafka/admin.ts";
import type { Kafka } from "../kafka/client.ts";
import { consume } from "../kafka/consume.ts";
import { groupLag } from "../kafka/lag.ts";
import { createProducer } from "../kafka/producer.ts";
import type { Log } from "../runtime/log.ts";
import { type RunningService, runService, type ServiceContext } from "../runtime/service.ts";
import { showUsage } from "../runtime/usage.ts";
import { GROUPS } from "../schemas/topics.ts";
import { createAccounting } from "./host/accounting.ts";
import { createHandler } from "./host/host.ts";
import { createRawTopic } from "./host/raw.ts";
import { createResume } from "./host/resume.ts";
import { createHostMetrics, type HostMetrics } from "./host/metrics.ts";

const LAG_EVERY_MS = 5_000;
/** Together below the two seconds that a stop may take; a batch in hand that is cut off comes again. */
const CONSUMER_STOP_MS = 1_300;
const PRODUCER_STOP_MS = 400;

showUsage(
  `bun run enrich   judges iot.raw into iot.enriched and iot.raw.dlq, as a member of group ${GROUPS.enrich}
environment: KAFKA_BROKERS, REGISTRY, HEALTH_PORT, LOG_LEVEL; docs/settings.md`,
  [],
);
await runService({ name: "enrich", healthPort: 5012, start });

async function start({ settings, log, kafka, metrics, crash }: ServiceContext): Promise<RunningService> {
  const accounting = createAccounting();
  const counts = createHostMetrics(metrics, accounting);
  const registry = await followRegistry(settings.registryPath, counts, log);
  await requireTopics(kafka, settings.topics);

  const producer = await createProducer(kafka);
  const handle = createHandler({
    topics: settings.topics,
    producer,
    plan: () => registry.current().plan,
    now: Date.now,
    accounting,
    resume: createResume(kafka, settings.topics, Date.now),
    raw: createRawTopic(kafka, settings.topics.raw),
    observe: counts.observe,
    log,
  });
  const consumer = await consume(kafka, {
    groupId: GROUPS.enrich,
    topics: [settings.topics.raw],
    from: "earliest",
    commit: true,
    handle,
    onJoin: accounting.joined,
    onCrash: crash,
    log,
  });
  const lag = pollLag(kafka, settings.topics.raw, counts);

  return {
    health: () => [...consumer.health(), ...registry.health()],
    counters: counts.counters,
    lag: lag.total,
    registry: registry.status,
    async stop() {
      lag.stop();
      registry.stop();
      await Promise.race([consumer.stop(), Bun.sleep(CONSUMER_STOP_MS)]);
      await Promise.race([producer.stop(), Bun.sleep(PRODUCER_STOP_MS)]);
    },
  };
}

async function followRegistry(path: string, counts: HostMetrics, log: Log): Promise<RegistryWatch> {
  const registry = await watchRegistry(
    path,
    ({ version }) => {
      counts.setRegistry(version);
      log.info(`registry ${version} judges from the next batch on`);
    },
    {
      onRefusal: ({ reasons }) =>
        log.error(`registry refused, the last good one stays: ${reasons.join("; ")}`),
    },
  );
  counts.setRegistry(registry.current().version);
  return registry;
}

/** Outputs keep the partition number of their raw message: without as many partitions there is no place for them. */
async function requireTopics(kafka: Kafka, { raw, enriched, dlq }: Settings["topics"]): Promise<void> {
  const names = [raw, enriched, dlq];
  const unequal = await checkTopics(kafka, [], { partitionsMustMatch: names });
  const absent = await absentTopics(kafka, names);
  const faults = [
    ...unequal,
    ...absent.map((why) => (why.endsWith(": missing") ? `${why}; create it with: bun run topics` : why)),
  ];
  if (faults.length > 0) throw new ConfigError(faults);
}

/** The group's lag as the brokers tell it, every few seconds; while they are away the last answer stands. */
function pollLag(kafka: Kafka, topic: string, counts: HostMetrics) {
  let total: number | undefined;
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      const lags = await groupLag(kafka, GROUPS.enrich, topic);
      counts.setLag(topic, lags);
      total = lags.reduce((sum, { lag }) => sum + lag, 0);
    } catch {
      // The consumer's health says that the brokers are away.
    } finally {
      asking = false;
    }
  };
  void ask();
  const timer = setInterval(() => void ask(), LAG_EVERY_MS);
  return { total: () => total, stop: () => clearInterval(timer) };
}

/**
 * `bun run audit`: names what is wrong between `iot.raw` and its outputs on any cluster. Reads only.
 *
 * Exit code 0: nothing is wrong; 1: anomalies, or it could not be told.
 */
import { ConfigError, readSettings, type Settings } from "../config/env.ts";
import { loadRegistry } from "../config/registry-file.ts";
import { exitWithFaults, parseArguments, showUsage } from "../runtime/usage.ts";
import { GROUPS } from "../schemas/topics.ts";
import { anomalyLines } from "./anomalies.ts";
import { type Audit, audit } from "./audit.ts";
import type { Cluster } from "./read-topic.ts";

const NEWEST = 100_000;
const MOST_PLACES = 20;

const USAGE = `bun run audit   reads iot.raw, iot.enriched and iot.raw.dlq and names what is wrong between them; writes nothing
  --messages N      the newest N raw messages of each partition, ${NEWEST}
  --registry FILE   another registry that has judged some of them; may be repeated
  --group NAME      the group that enriches, ${GROUPS.enrich}
environment: KAFKA_BROKERS, TOPIC_PREFIX, REGISTRY; docs/settings.md
exit code: 0 where nothing is wrong, 1 where something is or the cluster does not answer`;

showUsage(USAGE, "own");

try {
  const options = readOptions();
  const settings = readSettings();
  const registries = [settings.registryPath, ...options.registry];
  const plans = (await Promise.all(registries.map(loadRegistry))).map(({ plan }) => plan);
  const result = await audit({
    ...{ cluster: clusterOf(settings), group: options.group, newest: options.newest, plans },
    topics: settings.topics,
    onRead: (topic, messages) => console.log(`${topic}: ${messages.toLocaleString("en")} messages read`),
  });
  for (const line of linesOf(result, options.group)) console.log(line);
  process.exit(result.anomalies.length > 0 ? 1 : 0);
} catch (error) {
  exitWithFaults(error);
}

function readOptions() {
  const text = { type: "string" } as const;
  const options = { messages: text, group: text, registry: { ...text, multiple: true } } as const;
  const { values } = parseArguments(USAGE, { options });
  const newest = Number(values.messages ?? NEWEST);
  if (!Number.isSafeInteger(newest) || newest < 1)
    throw new ConfigError([`--messages ${values.messages}: expected a whole number from 1`]);
  return { newest, group: values.group ?? GROUPS.enrich, registry: values.registry ?? [] };
}

function clusterOf({ kafka: { brokers, ssl, sasl } }: Settings): Cluster {
  return {
    bootstrapBrokers: brokers,
    tls: ssl && { ca: ssl.ca },
    sasl: sasl && {
      ...{ username: sasl.username, password: sasl.password },
      mechanism: sasl.mechanism.toUpperCase() as "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512",
    },
  };
}

function linesOf(result: Audit, group: string): string[] {
  const { raw, enriched, deadLetters, wireDuplicates, uncompared = 0, anomalies, committed } = result;
  const count = (number: number) => number.toLocaleString("en");
  const lines = [
    `${count(raw)} raw messages judged: ${count(enriched)} enriched, ${count(deadLetters)} dead letters, ${count(wireDuplicates)} repeats that readers drop`,
  ];
  if (committed.every((offset) => offset < 0))
    lines.push(`group ${group} has committed nothing: no message need have an output yet`);
  if (uncompared > 0)
    lines.push(
      `${count(uncompared)} outputs were judged by another registry: their content was not compared; name its file with --registry`,
    );
  return [
    ...lines,
    ...anomalyLines(anomalies, MOST_PLACES),
    anomalies.length === 0 ? "nothing is wrong" : `${count(anomalies.length)} anomalies`,
  ];
}

/**
 * `bun run topics`: creates the missing topics; `--check` only says what is wrong, exit 1 when something is.
 *
 * Waits for brokers that are away, and says so; `--check` gives them ten seconds.
 */
import { readSettings, type Settings } from "../config/env.ts";
import { topicSpecs } from "../config/topic-specs.ts";
import { checkTopics, ensureTopics, topicNames, topicSettings } from "../kafka/admin.ts";
import { createKafka, type Kafka } from "../kafka/client.ts";
import { createLog } from "./log.ts";
import { TIME_SETTINGS, whatBecomesOfOld } from "./old-messages.ts";
import { exitWithFaults, showUsage } from "./usage.ts";

/** A look that has no answer by then has failed: whoever asks, a deployment say, wants to know. */
const CHECK_LIMIT_MS = 10_000;

/** Resolves to the exit code. What exists but differs from ours is the operator's choice: said, and left alone. */
export async function prepareTopics(settings: Settings, checkOnly: boolean): Promise<number> {
  const log = createLog("topics", settings.logLevel);
  const kafka = createKafka({ ...settings.kafka, clientId: "iot-topics" }, log);
  const specs = topicSpecs(settings);
  const rules = { partitionsMustMatch: specs.filter(({ ofTheFlow }) => ofTheFlow).map(({ name }) => name) };
  if (!checkOnly) {
    const { created } = await ensureTopics(kafka, specs, rules);
    if (created.length > 0) log.info(`created ${created.join(", ")}`);
  }
  const check = checkTopics(kafka, specs, rules);
  const differences = checkOnly ? await inTime(check, settings.kafka.brokers) : await check;
  for (const difference of differences) log[checkOnly ? "error" : "warn"](difference);
  if (checkOnly) for (const line of await oldMessages(kafka, rules.partitionsMustMatch)) log.info(line);
  if (differences.length === 0) log.info(`${specs.length} topics are as they should be`);
  return checkOnly && differences.length > 0 ? 1 : 0;
}

/** What becomes of old messages in those of these topics that there are. */
async function oldMessages(kafka: Kafka, names: string[]): Promise<string[]> {
  const there = (await topicNames(kafka)).filter((name) => names.includes(name));
  const lines = there.map(async (name) =>
    whatBecomesOfOld(name, await topicSettings(kafka, name, TIME_SETTINGS)),
  );
  return (await Promise.all(lines)).filter((line) => line !== undefined);
}

async function inTime<T>(answer: Promise<T>, brokers: string[]): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const fault = `Kafka at ${brokers.join(", ")}: no answer within ${CHECK_LIMIT_MS / 1000} s, nothing was checked`;
  const timer = setTimeout(() => reject(new Error(fault)), CHECK_LIMIT_MS);
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

if (import.meta.main) {
  showUsage(
    `bun run topics [--check]   creates the topics that are missing; --check only says what is wrong, and exits with 1 if anything is
environment: KAFKA_BROKERS, TOPIC_PREFIX, TOPIC_PARTITIONS, TOPIC_REPLICATION; docs/settings.md`,
    ["--check"],
  );
  try {
    process.exit(await prepareTopics(readSettings(), process.argv.includes("--check")));
  } catch (error) {
    exitWithFaults(error);
  }
}

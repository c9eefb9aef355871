/** The very command of the preflight container, on the embedded broker: what ends it, and what it only says. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startBroker } from "../broker/broker.ts";
import { readSettings } from "../config/env.ts";
import { topicSpecs } from "../config/topic-specs.ts";
import { ensureTopics, type Topic } from "../kafka/admin.ts";
import { createKafka } from "../kafka/client.ts";
import { plainEnv, ROOT } from "../test/processes.fixture.ts";

/** Two programs and a bundle each, on a machine that may be busy. */
const MINUTE_MS = 60_000;
const SILENT = { info() {}, warn() {}, error() {} };
const compose = Bun.YAML.parse(readFileSync(join(ROOT, "docker-compose.yml"), "utf8")) as {
  services: { preflight: { command: string[] } };
};
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Topics as an operator has left them, then the command: its exit code, what it said, whether Connect has its files. */
async function preflight(topics: Topic[], env: Record<string, string> = {}) {
  const broker = await startBroker();
  const transform = mkdtempSync(join(tmpdir(), "iot-preflight-"));
  cleanups.push(
    () => broker.stop(),
    () => rmSync(transform, { recursive: true }),
  );
  const brokers = `127.0.0.1:${broker.port}`;
  await ensureTopics(createKafka({ brokers: [brokers], clientId: "test" }, SILENT), topics);
  const command = compose.services.preflight.command.map((word) => word.replaceAll("/transform", transform));
  const { PATH = "", ...plain } = plainEnv();
  const child = Bun.spawn(command, {
    cwd: ROOT,
    env: { ...plain, PATH: `${dirname(process.execPath)}:${PATH}`, KAFKA_BROKERS: brokers, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, ...said] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const built = ["enrich.cjs", "plan.json"].every((file) => existsSync(join(transform, file)));
  return { code, said: said.join(""), built };
}

const ours = (env: Record<string, string> = {}) => topicSpecs(readSettings(env));

test(
  "a first start creates the topics and builds what Connect loads",
  async () => {
    const { code, said, built } = await preflight([]);
    expect([code, built]).toEqual([0, true]);
    expect(said).toContain("created iot.raw");
  },
  MINUTE_MS,
);

test(
  "a retention that the operator has changed is said, and stops nothing",
  async () => {
    const topics = ours().map((topic) => ({
      ...topic,
      configs: { ...topic.configs, "retention.ms": "3600000" },
    }));
    const { code, said, built } = await preflight(topics);
    expect(said).toMatch(/iot\.raw retention\.ms: expected \d+, found 3600000/);
    expect([code, built]).toEqual([0, true]);
  },
  MINUTE_MS,
);

test(
  "TOPIC_PARTITIONS that is changed after the first start is said, and what is missing gets as many as the others",
  async () => {
    const topics = ours({ TOPIC_PARTITIONS: "3" }).filter(({ name }) => name !== "iot.raw.dlq");
    const { code, said, built } = await preflight(topics, { TOPIC_PARTITIONS: "6" });
    expect(said).toContain("created iot.raw.dlq");
    expect(said).toContain("iot.raw: expected 6 partitions, found 3");
    expect(said).not.toContain("but iot.raw has");
    expect([code, built]).toEqual([0, true]);
  },
  MINUTE_MS,
);

test(
  "unequal partition counts in the flow end it, before anything is built",
  async () => {
    const topics = ours().map((topic) =>
      topic.name === "iot.enriched" ? { ...topic, partitions: 2 } : topic,
    );
    const { code, said, built } = await preflight(topics);
    expect(said).toContain("iot.enriched: 2 partitions, but iot.raw has 6");
    expect([code, built]).toEqual([1, false]);
  },
  MINUTE_MS,
);

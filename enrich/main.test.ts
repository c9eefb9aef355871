import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "../broker/broker.ts";
import { ensureTopics } from "../kafka/admin.ts";
import { createKafka } from "../kafka/client.ts";
import { groupLag } from "../kafka/lag.ts";
import { createProducer } from "../kafka/producer.ts";
import { freePort, startEntry, until } from "../test/processes.fixture.ts";
import { readTopic } from "../audit/read-topic.ts";
import { changed } from "./enrich.case.ts";
import { pinnedRegistry } from "../registry/pinned.fixture.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const quiet = { info() {}, warn() {}, error() {} };
const FLOW = ["iot.raw", "iot.enriched", "iot.raw.dlq"];

interface ClusterOptions {
  dataDir?: string;
  deadLetterLimit?: number;
}

async function cluster(partitions: number[], { dataDir, deadLetterLimit }: ClusterOptions = {}) {
  const broker = await startBroker({ port: 0, dataDir });
  cleanups.push(() => broker.stop());
  const brokers = `127.0.0.1:${broker.port}`;
  const kafka = createKafka({ brokers: [brokers], clientId: "test" }, quiet);
  const topics = FLOW.flatMap((name, index) =>
    partitions[index] === undefined
      ? []
      : [{ name, partitions: partitions[index], configs: configsOf(name) }],
  );
  await ensureTopics(kafka, topics);
  return { broker, brokers, kafka };

  function configsOf(name: string): Record<string, string> {
    const isLimited = name === "iot.raw.dlq" && deadLetterLimit !== undefined;
    return isLimited ? { "max.message.bytes": `${deadLetterLimit}` } : {};
  }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "enrich-"));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function startEnrich(brokers: string, env: Record<string, string> = {}) {
  const port = freePort();
  const process = startEntry("enrich/main.ts", { KAFKA_BROKERS: brokers, HEALTH_PORT: String(port), ...env });
  cleanups.push(() => process.stop());
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const ready = () =>
    until("enrich is ready", async () => (await get("/readyz")).includes('"status":"ready"'), {
      alive: [process],
    });
  return { process, get, ready };
}

/** A save as editors make it: whole, by a rename. */
function save(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

describe("a start that cannot work ends with 1 and says everything", () => {
  test("unequal partition counts", async () => {
    const { brokers } = await cluster([2, 2, 3]);
    const { process } = startEnrich(brokers);
    expect(await process.exited).toBe(1);
    expect(process.output()).toContain("iot.raw: 2 partitions, but iot.raw.dlq has 3");
    expect(process.output()).toContain("iot.enriched: 2 partitions, but iot.raw.dlq has 3");
  }, 20_000);

  test("topics that are missing", async () => {
    const { brokers } = await cluster([2]);
    const { process } = startEnrich(brokers);
    expect(await process.exited).toBe(1);
    expect(process.output()).toContain("iot.enriched: missing; create it with: bun run topics");
    expect(process.output()).toContain("iot.raw.dlq: missing");
  }, 20_000);

  test("a bad registry, every fault", async () => {
    const path = join(folder(), "registry.json");
    save(path, JSON.stringify({ ...pinnedRegistry(), colour: 1, sites: 7 }));
    const { process } = startEnrich("127.0.0.1:1", { REGISTRY: path });
    expect(await process.exited).toBe(1);
    expect(process.output()).toContain("/colour");
    expect(process.output()).toContain("/sites");
  }, 20_000);
});

describe("a running service", () => {
  test("counts what it did, takes a new registry between two batches, keeps the last good one, and stops within 2 s", async () => {
    const { brokers, kafka } = await cluster([2, 2, 2]);
    const registry = pinnedRegistry();
    const path = join(folder(), "registry.json");
    const withVersion = (version: string) =>
      JSON.stringify({ ...registry, metadata: { ...registry.metadata, version } });
    save(path, withVersion("7.0.0"));
    const { process, get, ready } = startEnrich(brokers, { REGISTRY: path });
    const producer = await createProducer(kafka);
    cleanups.push(() => producer.stop());
    const send = (values: string[]) =>
      producer.send(
        "iot.raw",
        values.map((value) => ({ key: "breaker-001", value, partition: 1, timestamp: Date.now() })),
      );
    const metric = async (line: string) =>
      (await get("/metrics")).split("\n").find((found) => found.startsWith(line));
    const consumed = (count: number) =>
      until(
        `${count} messages are consumed`,
        async () => (await metric("iot_records_consumed_total"))?.endsWith(` ${count}`),
        { alive: [process] },
      );

    await ready();
    await send([changed({}), "{", changed({ "/measurements/status/breaker": 9 })]);
    await consumed(3);
    const metrics = (await get("/metrics")).replaceAll('service="enrich"', "").replaceAll(",}", "}");
    for (const line of [
      "iot_records_enriched_total{} 2",
      'iot_records_dead_lettered_total{reason="not_json"} 1',
      'iot_findings_total{code="enum"} 1',
      "iot_accounting_difference{} 0",
    ])
      expect(metrics).toContain(line);
    expect(metrics).toMatch(/iot_registry_info\{version="7\.0\.0\+[0-9a-f]{8}"\} 1/);
    expect(metrics).toContain("iot_enrich_duration_seconds_count");
    expect(metrics).toContain("iot_end_to_end_latency_seconds_bucket");
    expect(metrics).toMatch(/iot_consumer_lag_records\{topic="iot.raw",partition="1"\}/);

    save(path, withVersion("8.0.0"));
    await until("8.0.0 is in use", async () => (await get("/metrics")).includes('version="8.0.0+'), {
      withinMs: 5_000,
    });
    save(path, "{");
    await until(
      "the refusal is told",
      async () => (await get("/readyz")).includes("registry refused, 8.0.0+"),
      { withinMs: 5_000 },
    );
    await send([changed({})]);
    await consumed(4);

    const { code, ms } = await process.stop();
    expect({ code, inTime: ms < 2_000 }).toEqual({ code: 0, inTime: true });
    const versions = (await readTopic(brokers, "iot.enriched"))[1]?.map(
      ({ headers }) => String(Object.fromEntries(headers)["iot.registry"]).split("+")[0],
    );
    expect(versions).toEqual(["7.0.0", "7.0.0", "8.0.0"]);
  }, 40_000);

  test("waits for brokers that are away, and stops within 2 s all the same", async () => {
    const { process, get } = startEnrich(`127.0.0.1:${freePort()}`);
    await until("it says so", () => process.output().includes("does not answer"), { alive: [process] });
    expect(await get("/readyz")).toContain("not ready");
    const { code, ms } = await process.stop();
    expect({ code, inTime: ms < 2_000 }).toEqual({ code: 0, inTime: true });
  }, 20_000);

  test("says in /readyz why the consumer stands while the broker is away, and heals when it is back", async () => {
    const dataDir = folder();
    const { broker, brokers, kafka } = await cluster([1, 1, 1], { dataDir });
    const { process, get, ready } = startEnrich(brokers);
    await ready();
    await broker.stop();
    await until(
      "it says why",
      async () => /not ready.*group iot-enrich has not joined: .*ECONN/s.test(await get("/readyz")),
      { alive: [process] },
    );
    const again = await startBroker({ port: broker.port, dataDir });
    cleanups.push(() => again.stop());
    await ready();
    const producer = await createProducer(kafka);
    cleanups.push(() => producer.stop());
    await producer.send("iot.raw", [{ key: null, value: changed({}), partition: 0 }]);
    await until(
      "a message is through",
      async () => (await readTopic(brokers, "iot.enriched")).flat().length,
      {
        alive: [process],
      },
    );
  }, 60_000);

  test("waits where a dead letter fits nowhere, named and uncommitted, while the other partition goes on", async () => {
    const { brokers, kafka } = await cluster([2, 2, 2], { deadLetterLimit: 100 });
    const { process, ready, get } = startEnrich(brokers);
    await ready();
    const producer = await createProducer(kafka);
    cleanups.push(() => producer.stop());
    await producer.send("iot.raw", [{ key: null, value: "{", partition: 1 }]);
    const reason = "iot.raw[1]@0: its dead letter does not fit anywhere: iot.raw.dlq[1]: the broker";
    await until("its reason is told", async () => (await get("/readyz")).includes(reason), {
      alive: [process],
    });
    expect(process.output()).toContain(reason);
    await producer.send("iot.raw", [{ key: null, value: changed({}), partition: 0 }]);
    const lags = () => groupLag(kafka, "iot-enrich", "iot.raw");
    await until("the other one goes on", async () => (await lags())[0]?.committed === 1, {
      alive: [process],
    });
    expect((await lags())[1]).toMatchObject({ committed: null, lag: 1 });
  }, 40_000);
});

/** The pipeline on Apache Kafka: partition, timestamp, headers, order; killed with -9 in mid-flow it loses nothing. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { withAdmin } from "../kafka/admin.ts";
import { groupLag } from "../kafka/lag.ts";
import { LIMITS } from "../schemas/dead-letter.ts";
import { GROUPS, HEADERS, topicName } from "../schemas/topics.ts";
import { header, oracle } from "../audit/oracle.ts";
import { startEntry, until } from "../test/processes.fixture.ts";
import { readTopic } from "../audit/read-topic.ts";
import { type ApacheKafka, startQuickKafka } from "../test/real/apache-kafka.fixture.ts";
import { describeWith } from "../test/real/parts.fixture.ts";
import { PLAN } from "../test/pinned-plan.fixture.ts";
import { corpus, type RawRecord, START_MS } from "./corpus.case.ts";
import { BUILD_TIMEOUT_MS, buildEngine, PIPELINE } from "./engine.ts";
import { createFlow, produce, startPipeline, through, transformFolder } from "./gate.ts";
import { losesNothingWhenKilled } from "./killed.case.ts";

describeWith(["go", "java", "kafka-jars"], "the pipeline on Apache Kafka", () => {
  let kafka: ApacheKafka;
  let files: Awaited<ReturnType<typeof transformFolder>>;

  beforeAll(async () => {
    [kafka, files] = await Promise.all([startQuickKafka(), transformFolder(PLAN), buildEngine()]);
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    files.remove();
    await kafka.stop();
  });

  test("loses nothing and keeps the order when it is killed with -9 in mid-flow", async () => {
    await losesNothingWhenKilled(await createFlow(kafka.brokers), files.env, 30_000);
  }, 400_000);

  test("carries a dead letter whole that was far smaller on the wire", async () => {
    const flow = await createFlow(kafka.brokers, "large.", 1);
    const value = Buffer.alloc(5_000_000, "a");
    await produce(flow, [large(value), large(Buffer.from('{"device_id":"d"}'))]);
    const pipeline = await startPipeline(flow, files.env);
    await through(flow, pipeline, 60_000);
    await pipeline.stop(25_000);
    const [dead] = (await readTopic(flow.brokers, topicName("dlq", flow.prefix))).flat();
    expect(dead?.value?.equals(value)).toBe(true);
    expect(dead && header(dead, HEADERS.reason)).toBe("too_large");
    expect(value.length).toBeGreaterThan(LIMITS.rawBytes);
  }, 120_000);

  test("reads what is committed only: of 20 committed and 10 aborted messages 20 are enriched", async () => {
    const flow = await createFlow(kafka.brokers, "transactions.", 1);
    const producer = flow.kafka.producer({ transactionalId: "t", idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const [from, end] of [
      [0, "commit"],
      [10, "abort"],
      [20, "commit"],
    ] as const) {
      const transaction = await producer.transaction();
      const messages = Array.from({ length: 10 }, (_, at) => ({
        key: `d${from + at}`,
        value: `{"n":${from + at}}`,
      }));
      await transaction.send({ topic: topicName("raw", flow.prefix), messages });
      await transaction[end]();
    }
    await producer.disconnect();
    const pipeline = await startPipeline(flow, files.env);
    const keys = async () =>
      (await readTopic(flow.brokers, topicName("enriched", flow.prefix))).flat().map(({ key }) => `${key}`);
    await until("the last committed one is there", async () => (await keys()).includes("d29"), {
      withinMs: 60_000,
      alive: [pipeline],
    });
    await pipeline.stop(25_000);
    const committed = [...Array(10).keys(), ...Array.from({ length: 10 }, (_, at) => 20 + at)];
    expect(await keys()).toEqual(committed.map((at) => `d${at}`));
  }, 120_000);

  test("stands still, loudly, where an output topic has too few partitions: nothing of it is written or committed", async () => {
    const flow = await createFlow(kafka.brokers, "unequal.", 3);
    const raw = topicName("raw", flow.prefix);
    await withAdmin(flow.kafka, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: raw, count: 5 }] }),
    );
    await produce({ ...flow, partitions: 5 }, corpus(50));
    const pipeline = await startPipeline(flow, files.env);
    const lag = async () => (await groupLag(flow.kafka, GROUPS.enrich, raw)).map((one) => one.lag);
    await until("it has committed the others", async () => Bun.deepEquals(await lag(), [0, 0, 0, 10, 10]), {
      withinMs: 60_000,
      alive: [pipeline],
    });
    const complaints = () => errorsIn(pipeline.output()).filter((line) => /partition/i.test(line));
    await until("it says so, more than once", () => complaints().length > 5, {
      withinMs: 60_000,
      alive: [pipeline],
    });
    pipeline.kill("SIGKILL");
    await pipeline.exited;
    const { enriched, deadLetters, anomalies } = await oracle({
      brokers: flow.brokers,
      plans: [PLAN],
      prefix: flow.prefix,
    });
    expect(enriched + deadLetters).toBe(30);
    const expected = [3, 4].flatMap((partition) => [
      ...Array.from({ length: 10 }, (_, offset) => `lost ${raw}[${partition}]@${offset}`),
      `accounting ${raw}[${partition}]`,
    ]);
    expect(anomalies.map(({ name, at }) => `${name} ${at}`)).toEqual(expected);

    const env = { KAFKA_BROKERS: flow.brokers, TOPIC_PREFIX: flow.prefix };
    const check = startEntry("runtime/prepare-topics.ts", env, ["--check"]);
    expect(await check.exited).toBe(1);
    for (const name of ["enriched", "dlq"] as const)
      expect(check.output()).toContain(`${topicName(name, flow.prefix)}: 3 partitions, but ${raw} has 5`);
    expect(readFileSync(PIPELINE, "utf8")).toContain("bun run topics --check");
  }, 180_000);
});

function large(value: Buffer): RawRecord {
  return { key: Buffer.from("d"), value, timestamp: START_MS };
}

const errorsIn = (log: string) => log.split("\n").filter((line) => line.includes("level=error"));

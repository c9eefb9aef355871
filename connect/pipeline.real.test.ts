/** Our unchanged pipeline in the gate's engine: lint, its own tests, the shared cases, what no case can show. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aRawClient } from "../broker/raw-client.fixture.ts";
import { read } from "../broker/requests.fixture.ts";
import { changed, ENRICH_CASES, type EnrichCase } from "../enrich/enrich.case.ts";
import { planOf, pinnedRegistry } from "../registry/pinned.fixture.ts";
import { withAdmin } from "../kafka/admin.ts";
import { LIMITS } from "../schemas/dead-letter.ts";
import { HEADERS, topicName } from "../schemas/topics.ts";
import { header, oracle, report } from "../audit/oracle.ts";
import { readTopic, type WireMessage } from "../audit/read-topic.ts";
import { describeWith } from "../test/real/parts.fixture.ts";
import { PLAN } from "../test/pinned-plan.fixture.ts";
import { type Cluster, startEmbeddedBroker } from "../test/system.fixture.ts";
import { corpus } from "./corpus.case.ts";
import { BUILD_TIMEOUT_MS, buildEngine, PIPELINE, run } from "./engine.ts";
import { createFlow, type Flow, produce, startPipeline, through, transformFolder } from "./gate.ts";

/** By the attributes of a record batch (kafka.apache.org/documentation/#recordbatch). */
const codecOf = (batch: Buffer) => batch.readInt16BE(21) & 7;
const ZSTD = 4;
const TESTS = "connect/pipeline_benthos_test.yaml";
const OVERSIZE = "schemas/json/device-registry.schema.json";
/** The engine starts in one second, on a busy machine in ten; a test out of time would take the broker with it. */
const PATIENCE_MS = 60_000;

describeWith(["go"], "connect/pipeline.yaml", () => {
  let engine = "";
  let files: Awaited<ReturnType<typeof transformFolder>>;
  let broker: Cluster;

  beforeAll(async () => {
    [engine, files, broker] = await Promise.all([
      buildEngine(),
      transformFolder(PLAN),
      startEmbeddedBroker(),
    ]);
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    files.remove();
    await broker.stop();
  });

  /** The pipeline with one text in place of another, linted. */
  async function lintChanged(from: string, to: string): Promise<{ code: number; output: string }> {
    const text = readFileSync(PIPELINE, "utf8");
    expect(text).toContain(from);
    const folder = mkdtempSync(join(tmpdir(), "iot-lint-"));
    const file = join(folder, "pipeline.yaml");
    writeFileSync(file, text.replace(from, to));
    const ran = await run([engine, "lint", file]);
    rmSync(folder, { recursive: true });
    return ran;
  }

  describe("lint", () => {
    test(
      "finds nothing, labels included",
      async () => {
        expect(await run([engine, "lint", "--labels", PIPELINE])).toEqual({ code: 0, output: "" });
      },
      PATIENCE_MS,
    );

    test(
      "takes TLS and SASL from the environment",
      async () => {
        const env = {
          ...Bun.env,
          KAFKA_SSL: "true",
          KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
          KAFKA_SASL_USERNAME: "iot",
          KAFKA_SASL_PASSWORD: "p: 'w' #1",
        };
        expect(await run([engine, "lint", PIPELINE], { env })).toEqual({ code: 0, output: "" });
      },
      PATIENCE_MS,
    );

    for (const [from, to] of [
      ["compression: zstd", "compresion: zstd"],
      ["partitioner: manual", "partitioner: by_hand"],
      ["commit_period: 1s", "commit_every: 1s"],
      ["code: (global", "codee: (global"],
      ["use_histogram_timing", "use_histograms"],
    ] as const)
      test(
        `refuses ${to}`,
        async () => {
          const { code, output } = await lintChanged(from, to);
          expect([code, output]).toEqual([1, expect.stringContaining(to.split(/[:_]/)[0] ?? "")]);
        },
        PATIENCE_MS,
      );
  });

  test(
    "pipeline_benthos_test.yaml passes, and its oversize message is one",
    async () => {
      expect(statSync(OVERSIZE).size).toBeGreaterThan(LIMITS.rawBytes);
      const { code, output } = await run([engine, "test", TESTS], { env: { ...Bun.env, ...files.env } });
      expect([code, output]).toEqual([0, expect.stringContaining("succeeded")]);
    },
    PATIENCE_MS,
  );

  describe("the shared cases", () => {
    let flow: Flow;
    let found: Map<number, WireMessage & { topic: string }>;
    /** One partition: the offset of a case is its index. */
    beforeAll(async () => {
      flow = await createFlow(broker.brokers, "cases.", 1);
      await produce(
        flow,
        ENRICH_CASES.map(({ bytes, key, timestamp }) => ({
          key: key === null ? null : Buffer.from(key),
          value: bytes,
          timestamp,
        })),
      );
      const pipeline = await startPipeline(flow, files.env);
      await through(flow, pipeline, 120_000);
      await pipeline.stop(20_000);
      found = new Map();
      for (const topic of [topicName("enriched", flow.prefix), topicName("dlq", flow.prefix)])
        for (const message of (await readTopic(flow.brokers, topic)).flat())
          found.set(Number(header(message, HEADERS.sourceOffset)), { ...message, topic });
    }, 150_000);

    test("each message of them becomes what it must", () => {
      expect(ENRICH_CASES.length).toBeGreaterThan(100);
      const wrong = ENRICH_CASES.flatMap((one, offset) => {
        const message = found.get(offset);
        const got = message === undefined ? "nothing" : outcome(message, one);
        const wanted = one.expected.to === "either" ? got : one.expected;
        return Bun.deepEquals(got, wanted) ? [] : [{ name: one.name, wanted, got }];
      });
      expect(wrong).toEqual([]);
    });

    test("and each topic's first batch is compressed with zstd", async () => {
      const client = await aRawClient(Number(flow.brokers.split(":")[1]));
      for (const name of ["enriched", "dlq"] as const) {
        const { records } = await read(client, topicName(name, flow.prefix), 0);
        expect([name, codecOf(records)]).toEqual([name, ZSTD]);
      }
    });

    test("and the bytes are those of the Bun host", async () => {
      const verdict = await oracle({ brokers: flow.brokers, plans: [PLAN], prefix: flow.prefix });
      expect(report({ ...verdict, anomalies: verdict.anomalies })).toBe(
        report({ ...verdict, anomalies: [] }),
      );
    });
  });

  test("a header that hides what Connect says of a record makes a dead letter; another header does not", async () => {
    const flow = await createFlow(broker.brokers, "hidden.", 1);
    const value = Buffer.from('{"device_id":"d","measurements":{}}');
    const sent: [Buffer | null, Record<string, string>][] = [
      [Buffer.from("d"), { kafka_offset: "999999" }],
      [Buffer.from("other"), { kafka_key: "d" }],
      [null, { other: "x" }],
    ];
    await produce(
      flow,
      sent.map(([key, headers]) => ({ key, value, headers, timestamp: Date.now() })),
    );
    const pipeline = await startPipeline(flow, files.env);
    await through(flow, pipeline, 120_000);
    await pipeline.stop(20_000);
    const [dead, enriched] = await Promise.all(
      (["dlq", "enriched"] as const).map((name) => readTopic(flow.brokers, topicName(name, flow.prefix))),
    );
    const placed = (messages: WireMessage[] = []) =>
      messages.map((message) => [header(message, HEADERS.reason), header(message, HEADERS.sourceOffset)]);
    expect(placed(dead?.flat())).toEqual([
      ["internal", ""],
      ["internal", "1"],
    ]);
    expect(placed(enriched?.flat())).toEqual([["", "2"]]);
  }, 150_000);

  test("output topics with more partitions than raw: each output is in its raw message's, the rest stay empty", async () => {
    const flow = await createFlow(broker.brokers, "more.", 2);
    const outputs = (["enriched", "dlq"] as const).map((name) => topicName(name, flow.prefix));
    await withAdmin(flow.kafka, (admin) =>
      admin.createPartitions({ topicPartitions: outputs.map((topic) => ({ topic, count: 4 })) }),
    );
    await produce(flow, corpus(40));
    const pipeline = await startPipeline(flow, files.env);
    await through(flow, pipeline, 120_000);
    await pipeline.stop(20_000);
    const verdict = await oracle({ brokers: flow.brokers, plans: [PLAN], prefix: flow.prefix });
    expect(report(verdict)).toBe(report({ ...verdict, anomalies: [] }));
    const found = await Promise.all(outputs.map((topic) => readTopic(flow.brokers, topic)));
    const filled = found.map((partitions) => partitions.map(({ length }) => length > 0));
    expect(filled).toEqual(outputs.map(() => [true, true, false, false]));
  }, 150_000);

  test("a message that would become too large is a dead letter, as in the Bun host; the next one is enriched", async () => {
    const registry = pinnedRegistry();
    const breaker = registry.device_types.smart_breaker;
    if (breaker) breaker.capabilities = Array(200).fill("€".repeat(2_000));
    const plan = planOf(registry);
    const huge = await transformFolder(plan);
    const flow = await createFlow(broker.brokers, "huge.", 1);
    const key = Buffer.from("breaker-001");
    const values = [changed({}), '{"device_id":"breaker-001"}'];
    await produce(
      flow,
      values.map((value) => ({ key, value: Buffer.from(value), timestamp: Date.now() })),
    );
    const pipeline = await startPipeline(flow, huge.env);
    await through(flow, pipeline, 120_000);
    await pipeline.stop(20_000);
    huge.remove();
    const [dead] = (await readTopic(flow.brokers, topicName("dlq", flow.prefix))).flat();
    expect(dead && [header(dead, HEADERS.reason), dead.value?.toString()]).toEqual([
      "output_too_large",
      values[0],
    ]);
    const verdict = await oracle({ brokers: flow.brokers, plans: [plan], prefix: flow.prefix });
    expect(report(verdict)).toBe(report({ ...verdict, anomalies: [] }));
    expect([verdict.enriched, verdict.deadLetters]).toEqual([1, 1]);
  }, 150_000);
});

/** As a case puts its expectation, with no more than the case asks for. */
function outcome(message: WireMessage & { topic: string }, { expected }: EnrichCase): EnrichCase["expected"] {
  if (message.topic.endsWith("dlq")) {
    const reason = header(message, HEADERS.reason);
    const path = header(message, HEADERS.path);
    return { to: "dlq", reason, ...("path" in expected ? { path } : {}) } as EnrichCase["expected"];
  }
  const { enrichment_info, data_quality } = JSON.parse(String(message.value));
  const all = {
    device_type: enrichment_info.device_type_detected,
    method: enrichment_info.detection.method,
    grade: data_quality.grade,
    findings: data_quality.findings.map(
      ({ code, path }: { code: string; path: string }) => `${code} ${path}`,
    ),
  };
  const asked = Object.entries(all).filter(([name]) => name in expected);
  return { to: "enriched", ...Object.fromEntries(asked) };
}

/** Our unchanged pipeline in the gate's engine when something is missing: nothing passes on, it says what to do, and waits. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "../broker/broker.ts";
import { topicName } from "../schemas/topics.ts";
import { freePort, until } from "../test/processes.fixture.ts";
import { readTopic } from "../audit/read-topic.ts";
import { describeWith } from "../test/real/parts.fixture.ts";
import { PLAN } from "../test/pinned-plan.fixture.ts";
import { BUILD_TIMEOUT_MS, buildEngine } from "./engine.ts";
import { createFlow, produce, startPipeline, through, transformFolder } from "./gate.ts";

/** The engine starts in one second, on a busy machine in ten; a test out of time would take the broker with it. */
const PATIENCE_MS = 60_000;
const ONE = { key: Buffer.from("d"), value: Buffer.from('{"device_id":"d"}') };

describeWith(["go"], "connect/pipeline.yaml, when something is missing", () => {
  let files: Awaited<ReturnType<typeof transformFolder>>;

  beforeAll(async () => {
    [files] = await Promise.all([transformFolder(PLAN), buildEngine()]);
  }, BUILD_TIMEOUT_MS);
  afterAll(() => files.remove());

  /** On a broker of its own: a killed member keeps others waiting for its group. */
  async function said(env: Record<string, string>, words: RegExp): Promise<void> {
    const own = await startBroker();
    const flow = await createFlow(`${own.host}:${own.port}`);
    await produce(flow, [{ ...ONE, timestamp: Date.now() }]);
    const pipeline = await startPipeline(flow, env);
    try {
      await until("it says so", () => words.test(pipeline.output()), { alive: [pipeline] });
      const outputs = await Promise.all(
        (["enriched", "dlq"] as const).map((name) => readTopic(flow.brokers, topicName(name, flow.prefix))),
      );
      expect(outputs.flat(2)).toEqual([]);
    } finally {
      pipeline.kill("SIGKILL");
      await pipeline.exited;
      await own.stop();
    }
  }

  test(
    "no bundle",
    () => said({ ...files.env, ENRICH_BUNDLE: "/none.cjs" }, /no verdict.+Invalid module.+bun run transform/),
    PATIENCE_MS,
  );
  test(
    "a plan of another build",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "iot-plan-"));
      const plan = join(folder, "plan.json");
      writeFileSync(plan, JSON.stringify({ bundle: "an older one", plan: PLAN }));
      await said({ ...files.env, ENRICH_PLAN: plan }, /no verdict.+different builds.+bun run transform/);
      rmSync(folder, { recursive: true });
    },
    PATIENCE_MS,
  );
  test(
    "a plan that is no JSON",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "iot-plan-"));
      const plan = join(folder, "plan.json");
      writeFileSync(plan, "{");
      await said({ ...files.env, ENRICH_PLAN: plan }, /no verdict.+bun run transform/);
      rmSync(folder, { recursive: true });
    },
    PATIENCE_MS,
  );
  test(
    "no broker: it waits, and takes what is there when one comes",
    async () => {
      const port = freePort();
      const pipeline = await startPipeline({ brokers: `127.0.0.1:${port}`, prefix: "iot." }, files.env);
      await until("it has tried", () => pipeline.output().includes("level=error"), { alive: [pipeline] });
      const own = await startBroker({ port });
      try {
        const flow = await createFlow(`127.0.0.1:${port}`);
        await produce(flow, [{ ...ONE, timestamp: Date.now() }]);
        // A connection that is refused is tried again after a minute, as in Connect.
        await through(flow, pipeline, 90_000);
        expect((await readTopic(flow.brokers, topicName("enriched"))).flat()).toHaveLength(1);
        expect((await pipeline.stop(20_000)).code).toBe(0);
      } finally {
        pipeline.kill("SIGKILL");
        await own.stop();
      }
    },
    PATIENCE_MS * 2,
  );
});

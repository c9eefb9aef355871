/**
 * Connect and Bun give the same bytes: more than 100,000 records of all types and shapes, and hostile ones, through our
 * unchanged pipeline in the true engine; each output is held against `enrich()` on Bun with the same plan and clock time.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { topicName } from "../schemas/topics.ts";
import { oracle, report } from "../audit/oracle.ts";
import { readTopic } from "../audit/read-topic.ts";
import { describeWith } from "../test/real/parts.fixture.ts";
import { type Cluster, startEmbeddedBroker } from "../test/system.fixture.ts";
import { corpus } from "./corpus.case.ts";
import { BUILD_TIMEOUT_MS, buildEngine } from "./engine.ts";
import { createFlow, type Flow, produce, startPipeline, through, transformFolder } from "./gate.ts";
import { planWithShapes } from "./shapes.fixture.ts";

/** `EQUALITY_COUNT=1000000 bun test ./connect/equality.real.test.ts` takes longer and finds more. */
const COUNT = Number(Bun.env.EQUALITY_COUNT ?? 110_000);
const SEED = Number(Bun.env.EQUALITY_SEED ?? 1);
/** At a hundredth of the usual rate: CI's cores are shared. */
const PATIENCE_MS = 60_000 + COUNT * 4;

describeWith(["go"], "both hosts", () => {
  const plan = planWithShapes();
  let broker: Cluster;
  let flow: Flow;

  beforeAll(async () => {
    await buildEngine();
    broker = await startEmbeddedBroker();
    flow = await createFlow(broker.brokers);
    expect(await produce(flow, corpus(COUNT, SEED))).toBe(COUNT);
    const files = await transformFolder(plan);
    const engine = await startPipeline(flow, files.env);
    await through(flow, engine, PATIENCE_MS);
    await engine.stop(25_000);
    files.remove();
  }, BUILD_TIMEOUT_MS + PATIENCE_MS);
  afterAll(() => broker.stop());

  test(`give the same bytes for ${COUNT} records, in the same place and order, and lose none`, async () => {
    const verdict = await oracle({ brokers: flow.brokers, plans: [plan] });
    if (verdict.anomalies.length > 0)
      throw new Error(`${report(verdict)}\n${await firstMessage(verdict.anomalies)}`);
    expect(verdict).toMatchObject({ raw: COUNT, wireDuplicates: 0, anomalies: [] });
    // A corpus that exercises one side only would prove little.
    expect(verdict.enriched).toBeGreaterThan(COUNT / 3);
    expect(verdict.deadLetters).toBeGreaterThan(COUNT / 10);
  }, 180_000);

  /** The first raw message whose output differs, so that it can be tried alone. */
  async function firstMessage(anomalies: { text: string }[]): Promise<string> {
    const place = anomalies
      .map(({ text }) => /^from \S+\[(\d+)\]@(\d+): /.exec(text))
      .filter((match) => match !== null)
      .map(([, partition, offset]) => ({ partition: Number(partition), offset: Number(offset) }))[0];
    if (!place) return "no message differs in its bytes";
    const raw = (await readTopic(flow.brokers, topicName("raw")))[place.partition]?.[place.offset];
    const shown = JSON.stringify(raw?.value?.toString().slice(0, 4_000) ?? null);
    return `the first: key ${JSON.stringify(raw?.key?.toString() ?? null)}, timestamp ${raw?.timestamp}, value ${shown}`;
  }
});

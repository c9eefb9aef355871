/** Bun host -> Connect -> Bun host in one group, messages all along: who comes too early waits, nothing is lost, order is kept. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { groupLag } from "../kafka/lag.ts";
import { createProducer, type OutMessage, type Producer } from "../kafka/producer.ts";
import { GROUPS, topicName } from "../schemas/topics.ts";
import { oracle, report } from "../audit/oracle.ts";
import { type Process, until } from "../test/processes.fixture.ts";
import { describeWith } from "../test/real/parts.fixture.ts";
import { PLAN } from "../test/pinned-plan.fixture.ts";
import {
  type Cluster,
  drained,
  ready,
  type Service,
  startEmbeddedBroker,
  startService,
} from "../test/system.fixture.ts";
import { corpus } from "./corpus.case.ts";
import { BUILD_TIMEOUT_MS, buildEngine } from "./engine.ts";
import { createFlow, type Flow, startPipeline, transformFolder } from "./gate.ts";

const MOST = 100_000;
const HELD = "the group is held by members of another protocol";
const RAW = topicName("raw");

describeWith(["go"], "a hand-over between the Bun host and Connect", () => {
  let files: Awaited<ReturnType<typeof transformFolder>>;
  let broker: Cluster;
  let flow: Flow;
  let producer: Producer;
  const records = corpus(MOST);
  let sent = 0;

  beforeAll(async () => {
    [files, broker] = await Promise.all([transformFolder(PLAN), startEmbeddedBroker(), buildEngine()]);
    flow = await createFlow(broker.brokers);
    producer = await createProducer(flow.kafka);
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    files.remove();
    await producer.stop();
    await broker.stop();
  });

  /** Waits while messages come in, a few with each look. */
  async function whileFed(what: string, condition: () => unknown, alive: Process[]): Promise<void> {
    const look = async () => {
      const some = Array.from({ length: 15 }, next);
      await producer.send(RAW, some);
      return condition();
    };
    await until(what, look, { withinMs: 60_000, alive });
  }

  function next(): OutMessage {
    const { value } = records.next();
    if (!value) throw new Error(`expected fewer than ${MOST} messages`);
    return { ...value, partition: sent++ % flow.partitions };
  }

  async function committed(): Promise<number> {
    const lags = await groupLag(flow.kafka, GROUPS.enrich, RAW);
    return lags.reduce((sum, lag) => sum + (lag.committed ?? 0), 0);
  }

  /** Ends one kind, under way; the other, which waits, goes on. */
  async function handOver(from: Process, to: Process): Promise<void> {
    let code: number | undefined;
    void from.stop(25_000).then((end) => {
      code = end.code;
    });
    await whileFed(`${from.name} has stopped`, () => code !== undefined, [to]);
    expect(code).toBe(0);
    await goesOn(to);
  }

  async function goesOn(process: Process): Promise<void> {
    const before = await committed();
    await whileFed(`${process.name} goes on`, async () => (await committed()) > before + 500, [process]);
  }

  const readyz = async ({ url }: Service) => (await fetch(`${url}/readyz`)).text();

  test("loses nothing and keeps the order", async () => {
    const first = startService("enrich", broker);
    await ready(first);
    await goesOn(first.process);

    const pipeline = await startPipeline(flow, files.env);
    await whileFed("Connect is turned away", () => /INCONSISTENT_GROUP_PROTOCOL/.test(pipeline.output()), [
      first.process,
      pipeline,
    ]);
    await handOver(first.process, pipeline);

    const second = startService("enrich", broker);
    await whileFed("the Bun host waits", async () => (await readyz(second)).includes(HELD), [
      second.process,
      pipeline,
    ]);
    await goesOn(pipeline);
    await handOver(pipeline, second.process);
    expect(await readyz(second)).toContain('"status":"ready"');

    expect(await drained(broker)).toBe(sent);
    await second.process.stop();
    const verdict = await oracle({ brokers: broker.brokers, plans: [PLAN], repeats: "after a kill" });
    expect(report(verdict)).toBe(report({ ...verdict, anomalies: [] }));
    expect(verdict.raw).toBe(sent);
  }, 240_000);
});

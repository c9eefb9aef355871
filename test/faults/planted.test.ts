import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type RunningBroker, startBroker } from "../../broker/broker.ts";
import { ensureTopics } from "../../kafka/admin.ts";
import { createKafka } from "../../kafka/client.ts";
import { createProducer, type OutMessage } from "../../kafka/producer.ts";
import { topicName } from "../../schemas/topics.ts";
import { createFleet, numbered } from "../../simulator/fleet.ts";
import { oracle, report } from "../../audit/oracle.ts";
import { PLAN } from "../pinned-plan.fixture.ts";
import { type Names, type Plant, runPipeline } from "./pipeline.ts";
import { beat, pipelinePage } from "./pipeline-page.ts";
import { bugs } from "./planted.ts";
import { OTHER_VERSION, stale } from "./planted-changes.ts";

const SILENT = { info() {}, warn() {}, error() {} };
const PARTITIONS = 2;
/** Twenty loops at once on a busy machine; a quiet one needs some seconds. */
const LIMIT_MS = 120_000;
let broker: RunningBroker;
beforeAll(async () => {
  broker = await startBroker({ firstRebalanceDelayMs: 0 });
});
afterAll(() => broker.stop());

/** A fleet's messages, some broken; two that are alike; a number whose text is not its shortest. */
function messages(): OutMessage[] {
  const devices = numbered({ breakers: 4, meters: 2, sensors: 2 });
  const start = Date.UTC(2026, 10, 25);
  const fleet = createFleet({ devices, seed: 7, ratePerS: 100, faults: 0.2 }, start);
  const sent: OutMessage[] = [];
  for (let at = start; at < start + 1_500; at = fleet.nextMs())
    for (const { message } of fleet.take(at)) sent.push(message);
  const own = { key: "d", value: '{"device_id":"d","measurements":{"x":1.50}}' };
  return [own, own, ...sent].map((message, index) => ({
    ...message,
    // Not by the hash of the key.
    partition: `${message.key}`.length % PARTITIONS,
    timestamp: start + index,
  }));
}

/**
 * Runs it over the messages, in topics of its own, as often as it takes; a crash is followed by a new start, and takes what the
 * process had counted with it. Gives the oracle's verdict, the metric, and a way to the pipeline page.
 */
async function judge(plant: Plant, repeats: "never" | "after a kill" = "after a kill") {
  const brokers = `127.0.0.1:${broker.port}`;
  const prefix = `t${crypto.randomUUID()}.`;
  const group = prefix;
  const topics = (["raw", "enriched", "dlq", "services"] as const).map((name) => topicName(name, prefix));
  const [raw = "", enriched = "", dlq = ""] = topics;
  const names: Names = { raw, enriched, dlq, group };
  const kafka = createKafka({ brokers: [brokers], clientId: "test" }, SILENT);
  await ensureTopics(
    kafka,
    topics.map((name) => ({ name, partitions: PARTITIONS, configs: {} })),
  );
  const producer = await createProducer(kafka);
  const all = messages();
  let difference = 0;
  let starts = 0;
  for (const part of [all.slice(0, 90), all.slice(90)]) {
    await producer.send(raw, part);
    for (let crashed = true; crashed;) {
      const ended = await runPipeline(brokers, names, PLAN, plant);
      crashed = ended.crashed;
      if (crashed) continue;
      difference += ended.difference;
      await beat(brokers, prefix, `box:${++starts}`, ended.counters);
    }
  }
  await producer.stop();
  const plans = [PLAN, stale(PLAN, OTHER_VERSION)];
  const verdict = await oracle({ brokers, plans, prefix, group, repeats });
  return { difference, verdict, page: () => pipelinePage(brokers, prefix, group, starts) };
}

describe("the oracle", () => {
  test(
    "finds nothing wrong in a sound loop",
    async () => {
      const { difference, verdict, page } = await judge({}, "never");
      expect(verdict.anomalies).toEqual([]);
      expect([verdict.raw, verdict.wireDuplicates, difference]).toEqual([152, 0, 0]);
      expect(verdict.deadLetters).toBeGreaterThan(10);
      expect(wordsOf(await page())).toEqual(["difference 0, nothing missing"]);
    },
    LIMIT_MS,
  );

  test(
    "finds nothing wrong in a sound loop that was killed",
    async () => {
      let left = 3;
      const { difference, verdict, page } = await judge({
        async handle(batch, handle) {
          await handle(batch);
          if (left-- === 0) throw new Error("killed");
        },
      });
      expect([verdict.anomalies, difference]).toEqual([[], 0]);
      expect(verdict.wireDuplicates).toBe(0);
      expect(wordsOf(await page())).toEqual(["difference 0, nothing missing"]);
    },
    LIMIT_MS,
  );

  test("has thirty-five bugs to catch", () => expect(bugs()).toHaveLength(35));

  for (const { name, caught, also = [], loses, repeats, ...plant } of bugs()) {
    test.concurrent(
      `catches a loop that ${name}`,
      async () => {
        const { difference, verdict, page } = await judge(plant, repeats);
        const names = new Set(verdict.anomalies.map((anomaly) => anomaly.name));
        expect([...names], report(verdict)).toContain(caught);
        expect(names.isSubsetOf(new Set([caught, ...also])), report(verdict)).toBe(true);
        if (!loses) return;
        expect(difference).not.toBe(0);
        const words = wordsOf(await page());
        expect(words).not.toContain("difference 0, nothing missing");
        expect(words.some((text) => text.includes("unaccounted for, according to enrich box:"))).toBe(true);
      },
      LIMIT_MS,
    );
  }
});

/** What the page's states beside the flow's heading say. */
function wordsOf(html: string): string[] {
  const header = /<h2 id="h-flow">.*?<\/header>/s.exec(html)?.[0] ?? html;
  return [...header.matchAll(/<\/svg>([^<]*)<\/span>/g)].map(([, words = ""]) => words);
}

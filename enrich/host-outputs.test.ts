import { afterEach, describe, expect, test } from "bun:test";
import { startBroker } from "../broker/broker.ts";
import { ensureTopics } from "../kafka/admin.ts";
import { createKafka } from "../kafka/client.ts";
import { createProducer } from "../kafka/producer.ts";
import { createOutputsEnd } from "./host-outputs.ts";

const SILENT = { info() {}, warn() {}, error() {} };
const topics = { enriched: "iot.enriched", dlq: "iot.raw.dlq" };
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Writes outputs of these source offsets to partition 1, one send each. */
async function outputs(sources: { enriched?: number[]; dlq?: number[] }) {
  const broker = await startBroker();
  const kafka = createKafka({ brokers: [`127.0.0.1:${broker.port}`], clientId: "test" }, SILENT);
  await ensureTopics(
    kafka,
    Object.values(topics).map((name) => ({ name, partitions: 2, configs: {} })),
  );
  const producer = await createProducer(kafka);
  cleanups.push(broker.stop, producer.stop);
  for (const name of ["enriched", "dlq"] as const)
    for (const source of sources[name] ?? [])
      await producer.send(topics[name], [
        { key: "k", value: "{}", partition: 1, headers: { "iot.source.offset": `${source}` } },
      ]);
  return createOutputsEnd(kafka, topics);
}

describe("the offset that the outputs let expect", () => {
  test("is one more than the highest of both topics", async () => {
    const outputsEnd = await outputs({ enriched: [0, 1, 3], dlq: [2, 4] });
    expect(await outputsEnd(1, 5)).toBe(5);
    expect(await outputsEnd(1, 9)).toBe(5);
  });

  test("is 0 where there never was an output", async () => {
    const outputsEnd = await outputs({ dlq: [7] });
    expect(await outputsEnd(0, 3)).toBe(0);
  });

  test("is not moved back by a repetition that came late", async () => {
    const outputsEnd = await outputs({ enriched: [0, 1, 2, 3, 0, 1] });
    expect(await outputsEnd(1, 4)).toBe(4);
  });

  test("is unknown when the brokers do not tell", async () => {
    const kafka = createKafka({ brokers: ["127.0.0.1:1"], clientId: "test" }, SILENT);
    expect(await createOutputsEnd(kafka, topics)(0, 3)).toBeUndefined();
  });
});

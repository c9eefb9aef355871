/** Transactions among the messages, some aborted, on Apache Kafka: what they leave in the offsets is no loss on any page. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Kafka, logLevel } from "kafkajs";
import { wordsOf } from "../dashboard/count-elements.fixture.ts";
import { until } from "./processes.fixture.ts";
import { type ApacheKafka, startQuickKafka } from "./real/apache-kafka.fixture.ts";
import { describeWith } from "./real/parts.fixture.ts";
import { createTopics, ready, type Service, startService } from "./system.fixture.ts";

const MINUTES_2 = 120_000;

describeWith(["java", "kafka-jars"], "transactions on Apache Kafka", () => {
  let kafka: ApacheKafka;
  const services: Service[] = [];
  beforeAll(async () => {
    kafka = await startQuickKafka();
    await createTopics(kafka);
  }, MINUTES_2);
  afterAll(async () => {
    await Promise.all(services.map(({ process }) => process.stop()));
    await kafka.stop();
  }, MINUTES_2);

  const serve = async (name: "enrich" | "dashboard") => {
    const service = startService(name, kafka);
    services.push(service);
    await ready(service, 60_000);
    return service;
  };
  const page = async ({ url }: Service, path: string) => (await fetch(url + path)).text();

  test(
    "the pages tell each committed message as done, a difference of 0, and nothing that waits; also after a read-back",
    async () => {
      await serve("enrich");
      const dashboard = await serve("dashboard");
      await transactions(kafka.brokers);
      const header = async (of: Service) => wordsOf(await page(of, "/pipeline"), "#flow > header");
      for (const of of [dashboard, await serve("dashboard")]) {
        await until(
          "the accounts tell both",
          async () => (await header(of)).includes("2 raw messages processed"),
          { withinMs: 30_000, alive: [of.process] },
        );
        expect(await header(of)).toEndWith("2 enriched, 0 dead letters difference 0, nothing missing");
        await until("no lag is left", async () => (await page(of, "/pipeline")).includes("lag 0"), {
          withinMs: 30_000,
        });
        const overview = await page(of, "/");
        expect(overview).not.toContain("Reading back");
        expect(await wordsOf(overview, "#stats .stat:nth-child(2) .d")).toBe("100 % of raw, 0 repeats");
        expect(await wordsOf(overview, "#fleet header .sub")).toBe("one mark per device, last hour");
      }
    },
    MINUTES_2,
  );
});

const reading = (device_id: string): string =>
  JSON.stringify({
    device_id,
    device_type: "environmental_sensor",
    timestamp: new Date().toISOString(),
    measurements: { temperature: 21, humidity: 40, pressure: 1_000 },
  });

/** Committed, aborted, committed, aborted: eight offsets of iot.raw[1], two of them messages for a reader. */
async function transactions(brokers: string): Promise<void> {
  const client = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
  const producer = client.producer({ transactionalId: "gw-1", maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  for (const [key, isCommitted] of [
    ["c1", true],
    ["a2", false],
    ["c3", true],
    ["a4", false],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: "iot.raw", messages: [{ key, partition: 1, value: reading(key) }] });
    await (isCommitted ? transaction.commit() : transaction.abort());
  }
  await producer.disconnect();
}

/** `bun run dev` seen from outside: kcat reads what it enriches, from the embedded broker and from Apache Kafka. */
import { afterEach, expect, test } from "bun:test";
import type { Enriched } from "../schemas/enriched.ts";
import { dev, endAll, enriched, running } from "./dev-process.fixture.ts";
import { runProgram, until } from "./processes.fixture.ts";
import { startQuickKafka } from "./real/apache-kafka.fixture.ts";
import { describeWith, partPath } from "./real/parts.fixture.ts";

afterEach(endAll);

describeWith(["kcat"], "dev and kcat", () => {
  test("the line for kcat that the banner shows prints enriched messages", async () => {
    const child = await dev();
    await untilEnriched(await running(child));
    const brokers = /kcat -b (\S+) -C -t iot\.enriched/.exec(child.output())?.[1];
    await expectEnriched(`${brokers}`);
  });
});

describeWith(["kcat", "java", "kafka-jars"], "dev on a Kafka of one's own", () => {
  test("KAFKA_BROKERS alone makes it run there: topics are created, no broker is started", async () => {
    const kafka = await startQuickKafka();
    const child = await dev({ KAFKA_BROKERS: kafka.brokers });
    await untilEnriched(await running(child));
    expect(child.output()).not.toContain("broker ");
    await expectEnriched(kafka.brokers);
    await endAll();
    await kafka.stop();
  });
});

async function untilEnriched(url: string): Promise<void> {
  await until("an enriched message", async () => (await enriched(url)) > 0);
}

async function expectEnriched(brokers: string): Promise<void> {
  const read = ["-C", "-t", "iot.enriched", "-o", "beginning", "-e", "-q"];
  const lines = (await runProgram([partPath("kcat"), "-b", brokers, ...read])).trim().split("\n");
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    const { device_metadata, measurement_metadata, enrichment_info, data_quality } = JSON.parse(
      line,
    ) as Enriched;
    expect(device_metadata.device_type).not.toBe("unknown");
    expect(Object.keys(measurement_metadata).length).toBeGreaterThan(0);
    expect(enrichment_info.enrichment_service).toBe("iot-enrichment-service");
    expect(data_quality.enrichment_success).toBe(true);
  }
}

/** The producer against what only Apache Kafka refuses. */
import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { startQuickKafka } from "../test/real/apache-kafka.fixture.ts";
import { describeWith } from "../test/real/parts.fixture.ts";
import { endOffsets, ensureTopics } from "./admin.ts";
import { createKafka } from "./client.ts";
import { createProducer } from "./producer.ts";

describeWith(["java", "kafka-jars"], "the producer on Apache Kafka", () => {
  test("sends less at a time to a topic whose segments are small", async () => {
    const server = await startQuickKafka();
    try {
      const log = { info() {}, warn() {}, error() {} };
      const kafka = createKafka({ brokers: [server.brokers], clientId: "test" }, log);
      const configs = { "segment.bytes": "1048576", "max.message.bytes": "3000000" };
      await ensureTopics(kafka, [{ name: "small-segments", partitions: 1, configs }]);
      const producer = await createProducer(kafka);
      const messages = Array.from({ length: 400 }, () => ({
        key: "k",
        value: randomBytes(5_000),
        partition: 0,
      }));
      expect(await producer.send("small-segments", messages)).toBe(400);
      await producer.stop();
      expect(await endOffsets(kafka, "small-segments")).toMatchObject([{ high: 400 }]);
    } finally {
      await server.stop();
    }
  }, 90_000);
});

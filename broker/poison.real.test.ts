/** The same bytes to Apache Kafka and to this broker: what one refuses the other refuses, with the same answer. */
import { expect, test } from "bun:test";
import { startQuickKafka } from "../test/real/apache-kafka.fixture.ts";
import { describeWith } from "../test/real/parts.fixture.ts";
import { POISON, wrongSum } from "./poison.fixture.ts";
import { afterwards, aBroker, aRawClient, type RawClient } from "./raw-client.fixture.ts";
import { send, withTopic } from "./requests.fixture.ts";

/** Apache Kafka answers -1 (unknown) where its own code throws something that nobody there expects. */
const UNNAMED: Record<string, [apache: number, ours: number]> = Object.fromEntries([
  ...["corrupt-gzip", "corrupt-snappy", "corrupt-lz4", "corrupt-zstd"].map((name) => [name, [-1, 87]]),
  ...["gzip-cut", "snappy-cut", "lz4-cut", "zstd-cut"].map((name) => [name, [-1, 87]]),
  ...["records-garbage", "offset-delta-wrong-zstd", "varint-without-end"].map((name) => [name, [-1, 87]]),
  ...["compression-5", "compression-7"].map((name) => [name, [-1, 76]]),
]);
/** What this broker does not take though Apache Kafka does, and the transactions that are not there. */
const STRICTER: Record<string, [apache: number, ours: number]> = {
  "offset-delta-wrong": [0, 87],
  "offset-delta-negative": [0, 87],
  "key-length-minus-2": [0, 87],
  "value-length-minus-2": [0, 87],
  "zstd-bomb-100MB": [0, 10],
  "zstd-bomb-1.9GB": [0, 10],
  "gzip-bomb-100MB": [0, 10],
  "lz4-bomb-100MB": [0, 10],
  transactional: [53, 48],
};
const DIFFERENT = { ...UNNAMED, ...STRICTER };

async function answersOf(port: number): Promise<Record<string, number>> {
  const client = await aRawClient(port);
  const TEN_YEARS = "315360000000";
  await withTopic(client, "t", {
    "max.message.bytes": "10000000",
    "message.timestamp.after.max.ms": "3600000",
    "message.timestamp.before.max.ms": TEN_YEARS,
  });
  await isThere(client);
  const answers: Record<string, number> = {};
  for (const [name, make] of Object.entries({ ...POISON, wrongSum }))
    answers[name] = (await send(client, "t", make("value"))).errorCode;
  return answers;
}

/** Apache Kafka tells of a topic before its leader takes anything. */
async function isThere(client: RawClient): Promise<void> {
  const UNKNOWN_TOPIC = 3;
  const deadline = Date.now() + 20_000;
  while ((await send(client, "t", wrongSum("value"))).errorCode === UNKNOWN_TOPIC)
    if (Date.now() > deadline) throw new Error("the topic has no leader after 20 s");
}

describeWith(["java", "kafka-jars"], "poison", () => {
  test("is answered as by Apache Kafka 4.1", async () => {
    const kafka = await startQuickKafka();
    afterwards(() => kafka.stop());
    const apache = await answersOf(Number(kafka.brokers.split(":")[1]));
    const ours = await answersOf((await aBroker()).port);
    const expected = Object.entries(ours).map(([name, code]) => [name, DIFFERENT[name] ?? [code, code]]);
    const found = Object.entries(ours).map(([name, code]) => [name, [apache[name], code]]);
    expect(found).toEqual(expected);
  }, 180_000);
});

/** `bun run topics` as whoever deploys meets it. */
import { expect, test } from "bun:test";
import { startBroker } from "../broker/broker.ts";
import { ensureTopics } from "../kafka/admin.ts";
import { createKafka } from "../kafka/client.ts";
import { freePort, startEntry } from "../test/processes.fixture.ts";

test("--check says that brokers are away and ends with 1, within some seconds", async () => {
  const brokers = `127.0.0.1:${freePort()}`;
  const child = startEntry("runtime/prepare-topics.ts", { KAFKA_BROKERS: brokers }, ["--check"]);
  const ended = await Promise.race([child.exited, Bun.sleep(15_000)]);
  await child.stop(0);
  expect(ended).toBe(1);
  expect(child.output().trimEnd().split("\n").at(-1)).toBe(
    `Kafka at ${brokers}: no answer within 10 s, nothing was checked`,
  );
}, 20_000);

test("--check says for each topic of the flow what its settings do to old messages, and that is no fault", async () => {
  const broker = await startBroker();
  const env = { KAFKA_BROKERS: `127.0.0.1:${broker.port}` };
  const quiet = { info() {}, warn() {}, error() {} };
  const kafka = createKafka({ brokers: [env.KAFKA_BROKERS], clientId: "test" }, quiet);
  const configs = { "max.message.bytes": "2097152", "message.timestamp.before.max.ms": "3600000" };
  await ensureTopics(kafka, [{ name: "iot.enriched", partitions: 6, configs }]);
  const linesOf = async (args: string[]) => {
    const child = startEntry("runtime/prepare-topics.ts", env, args);
    expect(await child.exited).toBe(0);
    const said = child.output().trim().split("\n");
    return said
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
      .filter((it) => it.includes("record timestamp"));
  };
  const old = (age: string) => `a message whose record timestamp is more than ${age} old is`;
  expect(await linesOf([])).toEqual([]);
  expect((await linesOf(["--check"])).sort()).toEqual([
    `iot.enriched: ${old("1 hour")} refused (message.timestamp.before.max.ms)`,
    `iot.raw.dlq: ${old("30 days")} accepted, and deleted soon, whether it has been read or not (retention.ms)`,
    `iot.raw: ${old("7 days")} accepted, and deleted soon, whether it has been read or not (retention.ms)`,
  ]);
  await broker.stop();
}, 20_000);

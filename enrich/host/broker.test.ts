/** The host and its outputs on the embedded broker. */
import { afterEach, describe, expect, test } from "bun:test";
import { type BrokerOptions, startBroker } from "../../broker/broker.ts";
import { INVALID, POISON } from "../../broker/poison.fixture.ts";
import { aRawClient } from "../../broker/raw-client.fixture.ts";
import { send } from "../../broker/requests.fixture.ts";
import { ensureTopics, withAdmin } from "../../kafka/admin.ts";
import { consume } from "../../kafka/consume.ts";
import { commitsOf } from "../../kafka/lag.ts";
import type { OutMessage } from "../../kafka/producer.ts";
import { DEAD_LETTERS } from "../../schemas/examples/examples.case.ts";
import { readTopic } from "../../audit/read-topic.ts";
import { CASE_TIME, changed } from "../enrich.case.ts";
import { host, plan, topics } from "./host.fixture.ts";
import { aFlow, FLOW, header, QUIET, runHost, sourcesOf, startHost, withoutLag } from "./cluster.fixture.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function cluster(options: BrokerOptions = {}) {
  const broker = await startBroker({ port: 0, firstRebalanceDelayMs: 0, ...options });
  cleanups.push(() => broker.stop());
  const flow = await aFlow(`127.0.0.1:${broker.port}`, { [FLOW.raw]: { "max.message.bytes": "10000000" } });
  cleanups.push(() => flow.producer.stop());
  return { ...flow, broker };
}

/** Good messages for a partition of iot.raw. */
const good = (count: number, partition = 0): OutMessage[] =>
  Array.from({ length: count }, () => ({ key: "breaker-001", value: changed({}), partition }));

describe("on the embedded broker", () => {
  test("every raw message has one output with the same partition number and time, and is committed", async () => {
    const { brokers, producer, ...rest } = await cluster();
    const values = [changed({}), ...DEAD_LETTERS.map(({ raw: value }) => value)];
    const messages = Array.from({ length: 400 }, (_, index): OutMessage => ({
      key: index % 3 === 0 ? null : "breaker-001",
      value: values[index % values.length] ?? null,
      headers: { "iot.reason": "spoofed", "iot.source.offset": "spoofed" },
      partition: index % 2,
      timestamp: CASE_TIME + index,
    }));
    await producer.send("iot.raw", messages);
    const { accounting, errors } = await runHost({ brokers, producer, ...rest });
    expect({ errors, difference: accounting.difference() }).toEqual({ errors: [], difference: 0 });

    const [all, enriched, dead] = await Promise.all(
      ["iot.raw", topics.enriched, topics.dlq].map((topic) => readTopic(brokers, topic)),
    );
    for (const partition of [0, 1]) {
      const source = all?.[partition] ?? [];
      const outputs = [...(enriched?.[partition] ?? []), ...(dead?.[partition] ?? [])];
      const byOffset = new Map(outputs.map((output) => [header(output, "iot.source.offset"), output]));
      expect(outputs).toHaveLength(source.length);
      expect(byOffset.size).toBe(source.length);
      for (const { offset, timestamp, value, key } of source) {
        const output = byOffset.get(String(offset));
        expect(output?.timestamp).toBe(timestamp);
        if (output === undefined || header(output, "iot.reason") === "") continue;
        expect({ key: output.key, value: output.value }).toEqual({ key, value });
        expect(header(output, "iot.reason")).not.toContain("spoofed");
      }
    }
  }, 30_000);

  test("a second start goes on behind the last commit and repeats nothing", async () => {
    const running = await cluster();
    const send = (from: number) =>
      running.producer.send(
        "iot.raw",
        Array.from({ length: 50 }, (_, index) => ({
          key: "breaker-001",
          value: changed({}),
          partition: 0,
          timestamp: CASE_TIME + from + index,
        })),
      );
    await send(0);
    await runHost(running);
    await send(50);
    await runHost(running);
    const [first = []] = await readTopic(running.brokers, topics.enriched);
    expect(first.map((message) => header(message, "iot.source.offset"))).toEqual(
      [...Array(100).keys()].map(String),
    );
  }, 30_000);

  test("one batch of each hostile kind among good messages: each of these has its output, each of those is told by its offsets", async () => {
    const flow = await cluster({ validate: false });
    const client = await aRawClient(flow.broker.port);
    const expected: string[] = [];
    let end = 0;
    // A batch of no message or of a million is held in kafka/fetched.test.ts.
    const left = new Set(["control-batch", "zstd-1M-records"]);
    for (const [name, make] of Object.entries(POISON).filter(([kind]) => !left.has(kind))) {
      const { errorCode, baseOffset } = await send(client, FLOW.raw, make(changed({})));
      if (errorCode !== 0) continue; // has no place in a log
      await flow.producer.send(FLOW.raw, good(1));
      const { high = 0 } =
        (await withAdmin(flow.kafka, (admin) => admin.fetchTopicOffsets(FLOW.raw)))
          .filter(({ partition }) => partition === 0)
          .map((one) => ({ high: Number(one.high) }))[0] ?? {};
      expected.push(`${name}: ${baseOffset}..${high - 2}`, `good: ${high - 1}`);
      end = high;
    }
    const { accounting, errors } = await runHost(flow);
    expect(accounting.difference()).toBe(0);
    const sources = await sourcesOf(flow.brokers, 0);
    const goodOnes = expected
      .filter((one) => one.startsWith("good"))
      .map((one) => `${one.slice(6)} enriched`);
    expect(sources.filter((one) => goodOnes.includes(one))).toEqual(goodOnes);
    const undecodable = sources.filter((one) => one.includes("undecodable"));
    expect(undecodable.length).toBeGreaterThan(Object.keys(INVALID).length - 12);
    expect(errors.filter((line) => line.includes("cannot be read"))).toHaveLength(undecodable.length);
    // Every offset is settled by an output, or held no message.
    const covered = sources.reduce((sum, one) => {
      const [first = 0, last = first] = (one.split(" ")[0] ?? "").split("..").map(Number);
      return sum + last - first + 1;
    }, 0);
    expect(covered).toBeLessThanOrEqual(end);
  }, 60_000);

  test("what a process wrote and did not commit is not judged again by another registry", async () => {
    const flow = await cluster();
    await flow.producer.send(FLOW.raw, [...good(30), ...good(1, 1)]);
    // As if it had ended between write and commit, with a part of the batch written.
    let sends = 0;
    const dying = {
      ...flow.producer,
      send: async (topic: string, messages: OutMessage[]) => {
        if (++sends > 1) return new Promise<number>(() => {});
        return flow.producer.send(topic, messages.slice(0, 20));
      },
    };
    const first = await startHost({ ...flow, producer: dying });
    const deadline = Date.now() + 10_000;
    while (sends < 2 && Date.now() < deadline) await Bun.sleep(10);
    await first.consumer.stop();
    // Its registry knows no type: all that it judges goes to the dead letters.
    const broken = { ...plan, shapes: null as unknown as typeof plan.shapes };
    const { accounting } = await runHost(flow, { plan: () => broken });
    const outputs = [...(await sourcesOf(flow.brokers, 0)), ...(await sourcesOf(flow.brokers, 1))];
    expect(outputs).toHaveLength(31);
    expect(outputs.filter((one) => one.endsWith("enriched")).length).toBeGreaterThan(0);
    expect(outputs.filter((one) => one.endsWith("internal")).length).toBeGreaterThan(0);
    expect(accounting.difference()).toBe(0);
  }, 60_000);

  test("an iot.raw that is deleted and made anew, also while it runs, has outputs of another epoch", async () => {
    const flow = await cluster();
    await flow.producer.send(FLOW.raw, good(5));
    const running = await startHost(flow);
    await withoutLag(running);
    await withAdmin(flow.kafka, (admin) => admin.deleteTopics({ topics: [FLOW.raw] }));
    await ensureTopics(flow.kafka, [{ name: FLOW.raw, partitions: 2, configs: {} }]);
    await flow.producer.send(FLOW.raw, good(2));
    const deadline = Date.now() + 20_000;
    const another = async () =>
      (await sourcesOf(flow.brokers, 0)).filter((one) => one.includes("another epoch"));
    while ((await another()).length < 2 && Date.now() < deadline) await Bun.sleep(50);
    await running.consumer.stop();
    expect(await another()).toEqual(["0 enriched of another epoch", "1 enriched of another epoch"]);
    expect(running.accounting.difference()).toBe(0);
    await flow.producer.send(FLOW.raw, good(1));
    await runHost(flow);
    expect((await another()).at(-1)).toBe("2 enriched of another epoch");
  }, 60_000);
});

describe("an iot.raw that was made anew and has grown past the offset of the one before", () => {
  const numbered = (count: number, name: string): OutMessage[] =>
    Array.from({ length: count }, (_, at) => ({
      key: name,
      value: changed({ "/device_id": name, "/n": at }),
    }));

  test("is read from its beginning where the group's offset was committed for that one: nothing is lost", async () => {
    const flow = await cluster();
    const { kafka, producer, brokers } = flow;
    const send = (messages: OutMessage[]) =>
      producer.send(
        FLOW.raw,
        messages.map((message) => ({ ...message, partition: 0 })),
      );
    await send(numbered(5, "breaker-001"));
    await runHost(flow);
    const [old] = await commitsOf(kafka, "iot-enrich", FLOW.raw);
    await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [FLOW.raw] }));
    await ensureTopics(kafka, [{ name: FLOW.raw, partitions: 2, configs: {} }]);
    await send(numbered(8, "breaker-002"));
    // As an enricher does that slept over it: it goes on at 5, and does not see that this is another one.
    const { handle } = host({ producer });
    const late = await consume(kafka, {
      ...{ groupId: "iot-enrich", topics: [FLOW.raw], from: "earliest", commit: true, log: QUIET },
      async handle(batch) {
        const messages = batch.messages.filter(({ offset }) => offset >= 5);
        if (messages.length > 0) await handle({ ...batch, messages, first: 5 });
        return old?.metadata;
      },
    });
    await withoutLag({ kafka, consumer: late });
    await late.stop();
    await send(numbered(2, "breaker-003"));

    const { accounting, errors } = await runHost(flow);
    expect({ errors, difference: accounting.difference() }).toEqual({ errors: [], difference: 0 });
    const another = (await sourcesOf(brokers, 0)).filter((one) => one.endsWith(" of another epoch"));
    expect(another.map((one) => Number.parseInt(one, 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

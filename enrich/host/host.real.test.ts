/** What others have met, on Apache Kafka: transactions, compaction, hostile batches, outputs that refuse, a topic made anew. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { POISON } from "../../broker/poison.fixture.ts";
import { aRawClient } from "../../broker/raw-client.fixture.ts";
import { send } from "../../broker/requests.fixture.ts";
import { ensureTopics, withAdmin } from "../../kafka/admin.ts";
import { groupLag } from "../../kafka/lag.ts";
import type { OutMessage } from "../../kafka/producer.ts";
import { type ApacheKafka, startQuickKafka } from "../../test/real/apache-kafka.fixture.ts";
import { describeWith } from "../../test/real/parts.fixture.ts";
import { changed } from "../enrich.case.ts";
import { aFlow, type Cluster, FLOW, runHost, sourcesOf, startHost, withoutLag } from "./cluster.fixture.ts";
import { until } from "../../test/processes.fixture.ts";

const good = (count: number, partition = 0, value = changed({})): OutMessage[] =>
  Array.from({ length: count }, () => ({ key: "breaker-001", value, partition }));

describeWith(["java", "kafka-jars"], "the host on Apache Kafka", () => {
  let apache: ApacheKafka;
  beforeAll(async () => {
    apache = await startQuickKafka({ config: { "log.cleaner.backoff.ms": 300, "log.cleaner.enable": true } });
  }, 90_000);
  afterAll(() => apache?.stop());

  /** Fresh topics, and a group that has committed nothing. */
  async function flow(configs: Parameters<typeof aFlow>[1] = {}): Promise<Cluster> {
    const cluster = await aFlow(apache.brokers, {});
    await withAdmin(cluster.kafka, async (admin) => {
      await admin.deleteGroups(["iot-enrich"]).catch(() => {});
      await admin.deleteTopics({ topics: Object.values(FLOW) });
    });
    await until("the topics are gone", async () => {
      const there = await withAdmin(cluster.kafka, (admin) => admin.listTopics());
      return !there.some((name) => name.startsWith("iot."));
    });
    await cluster.producer.stop();
    return aFlow(apache.brokers, configs);
  }

  test("transactions: markers and aborted messages are settled, lag and difference are 0, and a loss among them is told", async () => {
    const cluster = await flow();
    const producer = cluster.kafka.producer({
      transactionalId: "t",
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    });
    await producer.connect();
    const write = async (commits: boolean[]) => {
      for (const commit of commits) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: FLOW.raw, messages: good(1) as never });
        await (commit ? transaction.commit() : transaction.abort());
      }
    };
    await write([true, false, true, false]);
    const first = await runHost(cluster);
    expect({ errors: first.errors, difference: first.accounting.difference() }).toEqual({
      errors: [],
      difference: 0,
    });
    expect(await sourcesOf(cluster.brokers, 0)).toEqual(["0 enriched", "4 enriched"]);
    // Committed by somebody, and nowhere written: one message between markers and aborted ones.
    await write([false, true, false]);
    const [raw] = await groupLag(cluster.kafka, "iot-enrich", FLOW.raw);
    await withAdmin(cluster.kafka, (admin) =>
      admin.setOffsets({
        groupId: "iot-enrich",
        topic: FLOW.raw,
        partitions: [{ partition: 0, offset: `${raw?.end}` }],
      }),
    );
    await write([true]);
    await producer.disconnect();
    const second = await runHost(cluster);
    expect(second.errors).toEqual(["iot.raw[0]@5..13: expected 1 outputs, found 0"]);
    expect(second.accounting.difference()).toBe(1);
    expect((await sourcesOf(cluster.brokers, 0)).at(-1)).toBe("14 enriched");
  }, 60_000);

  test("an empty batch that compaction has left is passed, also before one larger than a fetch", async () => {
    const cluster = await flow({
      [FLOW.raw]: {
        "cleanup.policy": "compact",
        "segment.ms": "500",
        "min.cleanable.dirty.ratio": "0.001",
        "max.compaction.lag.ms": "1000",
        "max.message.bytes": "2000000",
      },
    });
    const write = async (keys: string[], value = changed({})) => {
      const producer = cluster.kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
      await producer.connect();
      await producer.send({ topic: FLOW.raw, messages: keys.map((key) => ({ key, value, partition: 0 })) });
      await producer.disconnect();
      await Bun.sleep(1_000);
    };
    const filler = JSON.stringify({ note: "n".repeat(30_000) });
    await write(["x", "y"]);
    await write(["x", "y", ...Array.from({ length: 20 }, (_, at) => `k${at}`)], filler);
    await write(["a"]);
    await write(["b"]);
    const client = await aRawClient(Number(cluster.brokers.split(":")[1]));
    const { fetch } = await import("../../broker/apis/fetch.ts");
    const { fetchOf } = await import("../../broker/requests.fixture.ts");
    type Answer = { topics: { partitions: { records: Buffer[] | Buffer }[] }[] };
    const isEmpty = async () => {
      const answer = await client.ask<Answer>(fetch, 4, fetchOf(FLOW.raw, 0));
      const bytes = Buffer.concat([answer.topics[0]?.partitions[0]?.records ?? []].flat());
      return bytes.length >= 61 && bytes.readInt32BE(57) === 0;
    };
    await until("the cleaner has left an empty batch", isEmpty, { withinMs: 40_000 });
    const { accounting, errors } = await runHost(cluster);
    expect({ errors, difference: accounting.difference() }).toEqual({ errors: [], difference: 0 });
    expect((await sourcesOf(cluster.brokers, 0)).at(-1)).toStartWith("25 ");
  }, 90_000);

  test("what Apache Kafka stores and nobody can read is a dead letter for its offsets, and what is behind it goes on", async () => {
    const cluster = await flow({ [FLOW.raw]: { "max.message.bytes": "10000000" } });
    const client = await aRawClient(Number(cluster.brokers.split(":")[1]));
    const expected: string[] = [];
    const kinds = [
      "offset-delta-wrong",
      "key-length-minus-2",
      "value-length-minus-2",
      "zstd-bomb-100MB",
      "gzip-bomb-100MB",
      "lz4-bomb-100MB",
    ];
    for (const kind of kinds) {
      const { errorCode, baseOffset } = await send(client, FLOW.raw, POISON[kind]?.(changed({})) as Buffer);
      expect({ kind, errorCode }).toEqual({ kind, errorCode: 0 });
      await cluster.producer.send(FLOW.raw, good(1));
      const ends = await withAdmin(cluster.kafka, (admin) => admin.fetchTopicOffsets(FLOW.raw));
      const last = Number(ends.find(({ partition }) => partition === 0)?.high) - 1;
      expected.push(`${baseOffset}..${last - 1} undecodable`, `${last} enriched`);
    }
    const began = performance.now();
    await send(client, FLOW.raw, POISON["headers-20000"]?.(changed({})) as Buffer);
    const { accounting } = await runHost(cluster);
    expect(performance.now() - began).toBeLessThan(20_000);
    expect((await sourcesOf(cluster.brokers, 0)).slice(0, expected.length)).toEqual(expected);
    expect(accounting.difference()).toBe(0);
  }, 90_000);

  const refusals: Record<
    string,
    {
      configs: Parameters<typeof aFlow>[1];
      bad: OutMessage[];
      reason: string;
      heal: [string, string, string];
    }
  > = {
    "a time beyond the topic's limit": {
      configs: { [FLOW.enriched]: { "message.timestamp.before.max.ms": "3600000" } },
      bad: [{ ...(good(1)[0] as OutMessage), timestamp: Date.now() - 7_200_000 }],
      reason: "iot.enriched[0]: refused with INVALID_TIMESTAMP",
      heal: [FLOW.enriched, "message.timestamp.before.max.ms", "9223372036854775807"],
    },
    "a dead letter without a key in a compacted topic": {
      configs: { [FLOW.dlq]: { "cleanup.policy": "compact" } },
      bad: [{ key: null, value: "{", partition: 0 }],
      reason: "iot.raw.dlq[0]: refused with INVALID_RECORD",
      heal: [FLOW.dlq, "cleanup.policy", "delete"],
    },
  };
  for (const [what, { configs, bad, reason, heal }] of Object.entries(refusals))
    test(`${what} lets its partition wait, named, while the other goes on, and heals`, async () => {
      const cluster = await flow(configs);
      const running = await startHost(cluster);
      await cluster.producer.send(FLOW.raw, bad);
      await until("it waits, named", async () =>
        running.consumer.health().some((line) => line.includes(reason)),
      );
      for (let sent = 1; sent <= 3; sent++) {
        await cluster.producer.send(FLOW.raw, good(1, 1));
        await until("the other goes on", async () => (await sourcesOf(cluster.brokers, 1)).length === sent);
      }
      const [topic, name, value] = heal;
      await withAdmin(cluster.kafka, (admin) =>
        admin.alterConfigs({
          validateOnly: false,
          resources: [{ type: 2, name: topic, configEntries: [{ name, value }] }],
        }),
      );
      await withoutLag(running);
      expect(await sourcesOf(cluster.brokers, 0)).toHaveLength(1);
      await until("it is healthy", async () => running.consumer.health().length === 0);
      await running.consumer.stop();
      expect(running.accounting.difference()).toBe(0);
    }, 60_000);

  test("a dead-letter topic that was made anew with one partition keeps the others waiting, named, until it has them", async () => {
    const cluster = await flow();
    const running = await startHost(cluster);
    await remake(cluster, FLOW.dlq, 1);
    await cluster.producer.send(FLOW.raw, [{ key: "d", value: "{", partition: 1 }]);
    const reason = "iot.raw.dlq[1]: the topic has no such partition";
    await until("it waits, named", async () =>
      running.consumer.health().some((line) => line.includes(reason)),
    );
    expect((await groupLag(cluster.kafka, "iot-enrich", FLOW.raw))[1]?.lag).toBe(1);
    await withAdmin(cluster.kafka, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: FLOW.dlq, count: 2 }] }),
    );
    await withoutLag(running);
    await running.consumer.stop();
    expect(await sourcesOf(cluster.brokers, 1)).toEqual(["0 not_json"]);
  }, 60_000);

  test("partitions that were added to iot.raw are read within 30 s; without their outputs they wait, named", async () => {
    const cluster = await flow();
    const running = await startHost(cluster);
    await until("it has joined", async () => running.consumer.assignment().length === 2);
    await withAdmin(cluster.kafka, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: FLOW.raw, count: 3 }] }),
    );
    await Bun.sleep(500);
    await withAdmin(cluster.kafka, async (admin) => {
      const producer = cluster.kafka.producer();
      await producer.connect();
      await producer.send({ topic: FLOW.raw, messages: good(1, 2) as never });
      await producer.disconnect();
      return admin.listTopics();
    });
    const reason = "iot.enriched[2]: the topic has no such partition";
    await until(
      "it is read, and waits",
      async () => running.consumer.health().some((line) => line.includes(reason)),
      { withinMs: 30_000 },
    );
    await withAdmin(cluster.kafka, (admin) =>
      admin.createPartitions({
        topicPartitions: [FLOW.enriched, FLOW.dlq].map((topic) => ({ topic, count: 3 })),
      }),
    );
    await withoutLag(running);
    await running.consumer.stop();
    expect(await sourcesOf(cluster.brokers, 2)).toEqual(["0 enriched"]);
  }, 90_000);

  test("an iot.raw that was made anew has outputs of another epoch", async () => {
    const cluster = await flow();
    await cluster.producer.send(FLOW.raw, good(5));
    const running = await startHost(cluster);
    await withoutLag(running);
    await remake(cluster, FLOW.raw, 2);
    await cluster.producer.send(FLOW.raw, good(2));
    const another = async () =>
      (await sourcesOf(cluster.brokers, 0)).filter((one) => one.includes("another"));
    await until("they are there", async () => (await another()).length === 2);
    expect(await another()).toEqual(["0 enriched of another epoch", "1 enriched of another epoch"]);
    await running.consumer.stop();
  }, 60_000);
});

async function remake({ kafka }: Cluster, topic: string, partitions: number): Promise<void> {
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }));
  await until(`${topic} is gone`, async () => {
    const there = await withAdmin(kafka, (admin) => admin.listTopics());
    return !there.includes(topic);
  });
  await ensureTopics(kafka, [{ name: topic, partitions, configs: {} }]);
}

import { beforeAll, describe, expect, test } from "bun:test";
import { ConfigResourceTypes, Kafka, logLevel, type Admin, type Consumer, type Producer } from "kafkajs";
import type { RunningBroker } from "./broker.ts";
import { offsetCommit } from "./apis/committed-offsets.ts";
import { aBroker, aFolder, afterwards, aRawClient } from "./raw-client.fixture.ts";
import { until } from "../test/processes.fixture.ts";

beforeAll(() => {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";
});

function aClient({ port }: RunningBroker): Kafka {
  const retry = { initialRetryTime: 20, retries: 5 };
  return new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING, retry });
}

async function connected<T extends Admin | Producer | Consumer>(it: T): Promise<T> {
  await it.connect();
  afterwards(() => it.disconnect());
  return it;
}

async function anAdmin(kafka: Kafka, topic: string, numPartitions = 1): Promise<Admin> {
  const admin = await connected(kafka.admin());
  await admin.createTopics({ topics: [{ topic, numPartitions }] });
  return admin;
}

async function produce(kafka: Kafka, topic: string, values: string[], partition = 0): Promise<void> {
  const producer = await connected(kafka.producer());
  await producer.send({ topic, messages: values.map((value) => ({ value, partition })) });
}

interface Reading {
  consumer: Consumer;
  values: string[];
  /** Resolves when so many have come. */
  have(count: number): Promise<void>;
}

async function reading(kafka: Kafka, topic: string, groupId: string): Promise<Reading> {
  const consumer = await connected(
    kafka.consumer({ groupId, maxWaitTimeInMs: 100, heartbeatInterval: 100, sessionTimeout: 6_000 }),
  );
  const values: string[] = [];
  let wake = Promise.withResolvers<void>();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(String(message.value));
      wake.resolve();
      wake = Promise.withResolvers();
    },
  });
  const have = async (count: number) => {
    while (values.length < count) await wake.promise;
  };
  return { consumer, values, have };
}

/** As a tool does it for a group without members; kafkajs takes 5 s for it. */
async function commit({ port }: RunningBroker, groupId: string, topic: string): Promise<void> {
  const partitions = [{ index: 0, offset: 0, leaderEpoch: -1, metadata: "" }];
  const asked = {
    groupId,
    generationId: -1,
    memberId: "",
    groupInstanceId: null,
    topics: [{ name: topic, partitions }],
  };
  const answer = { topics: [{ name: topic, partitions: [{ index: 0, errorCode: 0 }] }] };
  expect(await (await aRawClient(port)).ask<object>(offsetCommit, 7, asked)).toMatchObject(answer);
}

describe("messages", () => {
  test("what is produced is consumed in order, and committed", async () => {
    const kafka = aClient(await aBroker());
    const admin = await anAdmin(kafka, "t");
    await produce(kafka, "t", ["1", "2"]);
    await produce(kafka, "t", ["3"]);
    const { consumer, values, have } = await reading(kafka, "t", "g");
    await have(3);
    expect(values).toEqual(["1", "2", "3"]);
    await consumer.disconnect();
    expect(await admin.fetchOffsets({ groupId: "g", topics: ["t"] })).toEqual([
      { topic: "t", partitions: [{ partition: 0, offset: "3", metadata: null }] },
    ]);
  });

  test("messages, committed offsets and the cluster id outlive a restart on the same data folder", async () => {
    const dataDir = aFolder();
    const first = await aBroker({ dataDir });
    await anAdmin(aClient(first), "t");
    await produce(aClient(first), "t", ["1", "2"]);
    const before = await reading(aClient(first), "t", "g");
    await before.have(2);
    await before.consumer.disconnect();
    await first.stop();

    const second = await aBroker({ dataDir });
    expect(second.clusterId).toBe(first.clusterId);
    await produce(aClient(second), "t", ["3"]);
    const after = await reading(aClient(second), "t", "g");
    await after.have(1);
    expect(after.values).toEqual(["3"]);
    const other = await reading(aClient(second), "t", "other");
    await other.have(3);
    expect(other.values).toEqual(["1", "2", "3"]);
  });

  test("a consumer goes on by itself when the broker comes back on its port", async () => {
    const dataDir = aFolder();
    const first = await aBroker({ dataDir });
    await anAdmin(aClient(first), "t");
    const { values, have } = await reading(aClient(first), "t", "g");
    await produce(aClient(first), "t", ["1"]);
    await have(1);
    await first.stop();
    const second = await aBroker({ dataDir, port: first.port });
    await produce(aClient(second), "t", ["2"]);
    await have(2);
    expect(values).toEqual(["1", "2"]);
  });

  test("an idempotent producer works", async () => {
    const kafka = aClient(await aBroker());
    await anAdmin(kafka, "t");
    const producer = await connected(kafka.producer({ idempotent: true, maxInFlightRequests: 1 }));
    for (const value of ["1", "2"]) await producer.send({ topic: "t", messages: [{ value }] });
    const { values, have } = await reading(kafka, "t", "g");
    await have(2);
    expect(values).toEqual(["1", "2"]);
  });

  test("a topic comes into being by itself only when the broker is told so", async () => {
    const topics = async (autoCreateTopics: boolean) => {
      const kafka = aClient(await aBroker({ autoCreateTopics }));
      await produce(kafka, "new", ["1"]).catch(() => "refused");
      return (await connected(kafka.admin())).fetchTopicMetadata();
    };
    expect((await topics(false)).topics).toEqual([]);
    expect((await topics(true)).topics[0]?.partitions).toHaveLength(1);
  });
});

describe("groups", () => {
  test("two members share the partitions, and one takes all when the other leaves", async () => {
    const broker = await aBroker();
    const kafka = aClient(broker);
    const admin = await anAdmin(kafka, "t", 4);
    const members = [await reading(kafka, "t", "g"), await reading(aClient(broker), "t", "g")];
    const memberCount = async () => (await admin.describeGroups(["g"])).groups[0]?.members.length;
    await until("two members", async () => (await memberCount()) === 2);
    const isStable = async () => (await admin.describeGroups(["g"])).groups[0]?.state === "Stable";
    await until("a stable group", isStable);
    for (const partition of [0, 1, 2, 3]) await produce(kafka, "t", [`a${partition}`], partition);
    await until("four messages", () => members.flatMap(({ values }) => values).length === 4);
    expect(members.map(({ values }) => values.length)).toEqual([2, 2]);

    await members[1]?.consumer.disconnect();
    await until("one member", async () => (await memberCount()) === 1 && (await isStable()));
    for (const partition of [0, 1, 2, 3]) await produce(kafka, "t", [`b${partition}`], partition);
    await members[0]?.have(6);
    expect(members[0]?.values.toSorted().slice(2)).toEqual(["b0", "b1", "b2", "b3"]);
  });

  test("a group is listed and described with members and, when it only has offsets, without", async () => {
    const broker = await aBroker();
    const kafka = aClient(broker);
    const admin = await anAdmin(kafka, "t");
    const { consumer } = await reading(kafka, "t", "live");
    await until("a member", async () => (await admin.describeGroups(["live"])).groups[0]?.state === "Stable");
    await commit(broker, "offsets", "t");
    const { groups } = await admin.listGroups();
    expect(groups.toSorted((a, b) => a.groupId.localeCompare(b.groupId))).toEqual([
      { groupId: "live", protocolType: "consumer" },
      { groupId: "offsets", protocolType: "consumer" },
    ]);
    const described = (await admin.describeGroups(["live", "offsets", "none"])).groups;
    expect(described.map(({ state, members }) => [state, members.length])).toEqual([
      ["Stable", 1],
      ["Empty", 0],
      ["Dead", 0],
    ]);
    expect(described[0]?.members[0]).toMatchObject({ clientId: "kafkajs", clientHost: "/127.0.0.1" });

    await expect(admin.deleteGroups(["live"])).rejects.toThrow();
    await consumer.disconnect();
    await admin.deleteGroups(["offsets"]);
    await expect(admin.deleteGroups(["offsets"])).rejects.toThrow();
    expect((await admin.listGroups()).groups).toEqual([]);
  });
});

describe("topics", () => {
  test("are created once, with configurations that are known, within bounds", async () => {
    const kafka = aClient(await aBroker());
    const admin = await anAdmin(kafka, "t");
    expect(await admin.createTopics({ topics: [{ topic: "t" }] })).toBe(false);
    const refusals = {
      "bad name!": { topic: "bad name!" },
      "0 partitions": { topic: "a", numPartitions: 0 },
      "3 replicas": { topic: "a", replicationFactor: 3 },
      "an unknown configuration": { topic: "a", configEntries: [{ name: "colour", value: "red" }] },
      "a value out of form": { topic: "a", configEntries: [{ name: "retention.ms", value: "a week" }] },
      "compaction, which is not done": {
        topic: "a",
        configEntries: [{ name: "cleanup.policy", value: "compact" }],
      },
    };
    for (const topic of Object.values(refusals)) {
      await expect(admin.createTopics({ topics: [topic] })).rejects.toThrow();
    }
    expect(await admin.listTopics()).toEqual(["t"]);
  });

  test("their configurations are described, their own and the defaults", async () => {
    const kafka = aClient(await aBroker());
    const admin = await connected(kafka.admin());
    const configEntries = [{ name: "retention.ms", value: "1000" }];
    await admin.createTopics({ topics: [{ topic: "t", configEntries }] });
    const configNames = ["retention.ms", "max.message.bytes"];
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        { type: ConfigResourceTypes.TOPIC, name: "t", configNames },
        { type: ConfigResourceTypes.BROKER, name: "1", configNames: ["default.replication.factor"] },
      ],
    });
    const values = resources.map(({ configEntries: entries }) =>
      entries.map(({ configName, configValue, configSource }) => [configName, configValue, configSource]),
    );
    expect(values as unknown).toEqual([
      [
        ["max.message.bytes", "1048588", 5],
        ["retention.ms", "1000", 1],
      ],
      [["default.replication.factor", "1", 4]],
    ]);
  });

  test("grow, lose records and go, with what groups committed on them", async () => {
    const broker = await aBroker();
    const kafka = aClient(broker);
    const admin = await anAdmin(kafka, "t");
    await produce(kafka, "t", ["1", "2", "3"]);
    await admin.createPartitions({ topicPartitions: [{ topic: "t", count: 2 }] });
    await expect(admin.createPartitions({ topicPartitions: [{ topic: "t", count: 1 }] })).rejects.toThrow();
    await produce(kafka, "t", ["4"], 1);
    await admin.deleteTopicRecords({ topic: "t", partitions: [{ partition: 0, offset: "2" }] });
    expect(await admin.fetchTopicOffsets("t")).toEqual([
      { partition: 0, offset: "3", high: "3", low: "2" },
      { partition: 1, offset: "1", high: "1", low: "0" },
    ]);
    await commit(broker, "g", "t");
    await admin.deleteTopics({ topics: ["t"] });
    expect(await admin.listTopics()).toEqual([]);
    expect((await admin.listGroups()).groups).toEqual([]);
    await admin.createTopics({ topics: [{ topic: "t" }] });
    expect(await admin.fetchTopicOffsets("t")).toEqual([{ partition: 0, offset: "0", high: "0", low: "0" }]);
  });
});

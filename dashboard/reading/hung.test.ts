import { expect, test } from "bun:test";
import { startBroker } from "../../broker/broker.ts";
import { ensureTopics } from "../../kafka/admin.ts";
import { createKafka, type Kafka } from "../../kafka/client.ts";
import { createProducer } from "../../kafka/producer.ts";
import { TOPICS, topicName, type TopicName } from "../../schemas/topics.ts";
import { startProxy } from "../../test/faults/proxy.ts";
import { rateSeries } from "../model/series.ts";
import { createView, lastHeard, setKafka, total } from "../model/view.ts";
import { raw } from "../sample.fixture.ts";
import { startReader } from "./reader.ts";
import { until } from "../../test/processes.fixture.ts";

const SILENT = { info() {}, warn() {}, error() {} };
const topics = Object.fromEntries(
  Object.keys(TOPICS).map((name) => [name, topicName(name as TopicName)]),
) as Record<TopicName, string>;

test("brokers that hang are away within 10 s, since when they last answered; once they answer the outage stays a gap", async () => {
  const proxy = await startProxy();
  const broker = await startBroker({ advertisedPort: proxy.port });
  proxy.aim(broker.port);
  const direct = createKafka({ brokers: [`127.0.0.1:${proxy.port}`], clientId: "test" }, SILENT);
  await ensureTopics(
    direct,
    Object.values(topics).map((name) => ({ name, partitions: 1, configs: {} })),
  );
  const producer = await createProducer(direct);
  const send = () =>
    producer.send(topics.raw, [{ key: "breaker-001", value: raw(), partition: 0, timestamp: Date.now() }]);
  await send();
  const view = createView(Date.now());
  const crashes: Error[] = [];
  const onCrash = (error: Error) => void crashes.push(error);
  const kafka = createKafka({ brokers: [`127.0.0.1:${proxy.port}`], clientId: "hung" }, SILENT);
  const reader = startReader({ view, kafka, topics, groupId: "hung", log: SILENT, onCrash });
  await until("caught up", () => view.caughtUp && total(view, "raw") === 1 && reader.health().length === 0, {
    withinMs: 20_000,
  });
  await send();
  await until("live", () => total(view, "raw") === 2, { withinMs: 20_000 });

  proxy.weather.held = "both";
  const hung = Date.now();
  await until("said to be away", () => !view.kafka.connected, { withinMs: 10_000 });
  expect(view.kafka.since).toBe(view.kafka.answered);
  expect(view.kafka.since).toBeLessThanOrEqual(hung + 100);
  expect(view.kafka.reason).toBe("Kafka does not answer: no answer within 5 s");
  expect(reader.health()[0]).toBe("Kafka does not answer: no answer within 5 s");
  expect(lastHeard(view, Date.now())).toBe(view.kafka.answered);

  proxy.clear();
  const open = Date.now();
  await until("healed", () => view.kafka.connected && reader.health().length === 0, { withinMs: 20_000 });
  await send();
  await until("reads on", () => total(view, "raw") === 3, { withinMs: 20_000 });
  expect(view.kafka.outages).toHaveLength(1);
  const [outage] = view.kafka.outages;
  expect(outage?.from).toBeLessThanOrEqual(hung + 100);
  expect(outage?.to).toBeGreaterThanOrEqual(open);
  const { from, stepMs, values } = rateSeries(view, "1", Date.now() + 2_000);
  const during = values.raw.filter((_, i) => {
    const start = from + i * stepMs;
    return start > hung && start + stepMs < open;
  });
  expect(during.length).toBeGreaterThan(3);
  expect(during).toEqual(during.map(() => null));
  await Promise.all([reader.stop(), producer.stop()]);
  await broker.stop();
  proxy.stop();
  expect(crashes).toEqual([]);
}, 60_000);

test("brokers that are slow to tell the ends, but send messages, are not away", async () => {
  const begun = Date.now();
  const view = createView(begun);
  const { promise: hung, reject } = Promise.withResolvers<never>();
  const kafka = { admin: () => ({ connect: () => hung, disconnect: async () => {} }) } as unknown as Kafka;
  const reader = startReader({ view, kafka, topics, groupId: "slow", log: SILENT, onCrash() {} });
  let isAway = false;
  setKafka(view, true, Date.now());
  await until(
    "the answer is no longer awaited",
    () => {
      isAway ||= !view.kafka.connected;
      // As a message does that is read.
      setKafka(view, true, Date.now());
      return Date.now() > begun + 6_000;
    },
    { withinMs: 20_000 },
  );
  expect(isAway).toBe(false);
  const stopped = reader.stop();
  reject(new Error("closed"));
  await stopped;
}, 20_000);

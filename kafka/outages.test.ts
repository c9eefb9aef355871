import { expect, test } from "bun:test";
import { type Entry, createOutages } from "./outages.ts";

function setup() {
  let now = 0;
  const lines: string[] = [];
  const say = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const outages = createOutages(
    { info: say("info"), warn: say("warn"), error: say("error") },
    undefined,
    () => now,
  );
  const entry = (namespace: string, message: string, broker?: string): Entry => ({
    namespace,
    level: 1,
    log: { message, broker },
  });
  const pass = (seconds: number): void => {
    now += seconds * 1_000;
  };
  return { ...outages, lines, entry, pass };
}

test("an outage is one line when it begins and one when it ends, whatever kafkajs says in between", () => {
  const { said, answered, entry, lines, pass } = setup();
  const refused = entry("Connection", "Connection error: connect ECONNREFUSED", "kafka-1:9092");
  answered("kafka-1:9092");
  for (let i = 0; i < 50; i++) {
    said(refused);
    said(entry("BrokerPool", "Failed to connect to seed broker, trying another broker from the list: …"));
    pass(1);
  }
  answered("kafka-1:9092");
  answered("kafka-1:9092");
  said(refused);
  expect(lines).toEqual([
    "warn Kafka at kafka-1:9092 does not answer (connect ECONNREFUSED); trying again until it does",
    "info Kafka at kafka-1:9092 answers again after 50 s",
    "warn Kafka at kafka-1:9092 does not answer (connect ECONNREFUSED); trying again until it does",
  ]);
});

test("each address has its own outage, and a timeout is one too", () => {
  const { said, reasons, entry, lines } = setup();
  said(entry("Connection", "Connection timeout", "a:1"));
  said(entry("Connection", "Connection error: x", "b:1"));
  expect(lines[0]).toBe("warn Kafka at a:1 does not answer (no answer in time); trying again until it does");
  expect(lines).toHaveLength(2);
  expect(reasons()).toEqual([
    "Kafka at a:1 does not answer (no answer in time)",
    "Kafka at b:1 does not answer (x)",
  ]);
});

test("other lines pass, the same one at most once in ten seconds", () => {
  const { said, entry, lines, pass } = setup();
  for (let i = 0; i < 21; i++) {
    said(entry("Runner", "The group is rebalancing, re-joining"));
    pass(1);
  }
  expect(lines).toEqual(Array(3).fill("warn kafkajs: The group is rebalancing, re-joining"));
});

test("an offset that no longer exists is an error even during an outage: messages are skipped or repeated", () => {
  const { said, entry, lines } = setup();
  said(entry("Connection", "Connection error: x", "a:1"));
  said(entry("ConsumerGroup", "Offset out of range, resetting to default offset"));
  expect(lines[1]).toBe("error kafkajs: Offset out of range, resetting to default offset");
});

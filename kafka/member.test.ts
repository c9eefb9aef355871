/** What the loop does when kafkajs joins again or crashes: a fake one does so when the test says it. */
import { describe, expect, test } from "bun:test";
import { aConsumer, isFine, until } from "./broker.fixture.ts";
import { KafkaUnavailable } from "./errors.ts";
import { aFakeClient } from "./fake-client.fixture.ts";

test("a batch that outlives a join is neither committed nor counted as read, whatever kafkajs would let us do", async () => {
  const { kafka, join, deliver } = aFakeClient();
  const gate = Promise.withResolvers<void>();
  await aConsumer(kafka, { topics: ["t"], handle: () => gate.promise });
  await until("it runs", join);
  const calls = deliver();
  join(); // with several brokers kafkajs joins again while batches are in hand
  gate.resolve();
  expect(await calls).toEqual([]);
  expect(await deliver()).toEqual(["commit t[0] 1", "resolve 0"]);
});

describe("a crash of the kafkajs consumer, which ends its work without a rejected promise", () => {
  const crashed = (error: Error) => ({ error, restart: false });

  test("of an outage: another one joins", async () => {
    const { kafka, join, made, crash } = aFakeClient();
    const consumer = await aConsumer(kafka, { topics: ["t"], handle: async () => {} });
    await until("it runs", join);
    crash(crashed(new KafkaUnavailable("the coordinator is away")));
    await until("health says so", () => consumer.health()[0]?.includes("the coordinator is away"));
    await until("there is another one", () => made() === 2);
    await until("it runs", () => join() && isFine(consumer)());
  });

  test("of anything else: onCrash gets it, once, health says it, and no other one is made", async () => {
    const { kafka, join, made, crash } = aFakeClient();
    const failure = new TypeError("undefined is not a function");
    const crashes: Error[] = [];
    const consumer = await aConsumer(kafka, {
      topics: ["t"],
      handle: async () => {},
      onCrash: (error) => void crashes.push(error),
    });
    await until("it runs", join);
    crash(crashed(failure));
    await until("it is told", () => crashes.length > 0);
    expect(consumer.health()).toEqual([
      "group g has not joined: ended by an error: undefined is not a function",
    ]);
    crash(crashed(failure));
    await consumer.stop();
    expect(crashes).toEqual([failure]);
    expect(made()).toBe(1);
  });
});

/** What becomes of a batch that is handled when its commit fails, is late, or comes after the group has moved on. */
import { expect, test } from "bun:test";
import { aConsumer, until } from "./broker.fixture.ts";
import { aFakeClient, closed, refusal } from "./fake-client.fixture.ts";

const COMMIT = "commit t[0] 1";

async function aLoop() {
  const client = aFakeClient();
  let handled = 0;
  await aConsumer(client.kafka, { topics: ["t"], handle: async () => void handled++ });
  await until("it runs", client.join);
  return { ...client, handled: () => handled };
}

test("a commit that fails for a moment is made again in its place: the batch is neither handled nor counted twice", async () => {
  const { deliver, handled } = await aLoop();
  let failures = 2;
  const calls = await deliver(async () => {
    if (failures-- > 0) throw closed();
  });
  expect(calls).toEqual([COMMIT, COMMIT, COMMIT, "resolve 0"]);
  expect(handled()).toBe(1);
});

test("a commit that goes on failing is not passed over: the batch is not read as settled, and the error ends the consumer", async () => {
  const { deliver } = await aLoop();
  const calls: string[] = [];
  const failure = closed();
  await expect(deliver(() => Promise.reject(failure), calls)).rejects.toBe(failure);
  expect(calls.filter((call) => call !== COMMIT)).toEqual([]);
  expect(calls.length).toBeGreaterThan(2);
}, 20_000);

test("what no repetition heals is not repeated", async () => {
  const { deliver } = await aLoop();
  const calls: string[] = [];
  const failure = refusal("OFFSET_METADATA_TOO_LARGE", false);
  await expect(deliver(() => Promise.reject(failure), calls)).rejects.toBe(failure);
  expect(calls).toEqual([COMMIT]);
});

test("a group that has moved on is not asked again, and a commit that it still took is not gone on from", async () => {
  for (const failure of [refusal("ILLEGAL_GENERATION", false), refusal("NOT_COORDINATOR_FOR_GROUP", true)]) {
    const moved = await aLoop();
    const calls: string[] = [];
    await expect(moved.deliver(() => Promise.reject(failure), calls)).rejects.toBe(failure);
    expect(calls).toEqual([COMMIT]);
  }

  const joined = await aLoop();
  expect(await joined.deliver(async () => void joined.join())).toEqual([COMMIT]);
});

test("a commit that fails after the group has moved on is not made again", async () => {
  const { deliver, join } = await aLoop();
  const calls: string[] = [];
  const failure = closed();
  const commit = async () => {
    join();
    throw failure;
  };
  await expect(deliver(commit, calls)).rejects.toBe(failure);
  expect(calls).toEqual([COMMIT]);
});

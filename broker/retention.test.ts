/** What retention drops, and what it leaves: whole batches, from the start of the log on. */
import { describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { deleteRecords, describeLogDirs } from "./apis/topic-admin.ts";
import { aBatch, aRecord, rawBatch } from "./batch.fixture.ts";
import { startBroker } from "./broker.ts";
import { clientOn } from "./data-folder.fixture.ts";
import { aFolder, aRawClient, type RawClient } from "./raw-client.fixture.ts";
import { read, send, withTopic } from "./requests.fixture.ts";
import { until } from "../test/processes.fixture.ts";

describe("retention", () => {
  const startOf = async (client: RawClient) => (await read(client, "t", -1)).logStartOffset;

  test("by age drops what is older, from the start of the log on only", async () => {
    const client = await clientOn({ retentionCheckMs: 20 });
    await withTopic(client, "t", { "retention.ms": "60000" });
    const now = Date.now();
    for (const age of [100_000, 90_000, 0, 90_000]) {
      await send(client, "t", aBatch(["a"], { timestamps: [now - age] }));
    }
    await until("it comes true", async () => (await startOf(client)) === 2);
    expect((await read(client, "t", 3)).records.length).toBeGreaterThan(0);
  });

  test("by size keeps at least what was asked for", async () => {
    const client = await clientOn({ retentionCheckMs: 20 });
    const batch = aBatch(["x".repeat(1_000)]);
    await withTopic(client, "t", { "retention.ms": "-1", "retention.bytes": String(batch.length * 3 - 1) });
    for (let at = 0; at < 10; at++) await send(client, "t", batch);
    await until("it comes true", async () => (await startOf(client)) === 7);
    expect((await read(client, "t", 7)).records).toHaveLength(batch.length * 3);
  });

  test("gives the disk its pages back", async () => {
    const dataDir = aFolder();
    const size = () => statSync(join(dataDir, "broker.db")).size;
    const first = await startBroker({ dataDir, retentionCheckMs: 3_600_000 });
    const filling = await aRawClient(first.port);
    await withTopic(filling, "t", { "retention.ms": "60000" });
    const old = [50_000, 500_000].map((bytes) => aBatch(["x".repeat(bytes)], { timestamps: [1] }));
    for (let at = 0; at < 5; at++) for (const batch of old) await send(filling, "t", batch);
    filling.end();
    await first.stop();
    expect(size()).toBeGreaterThan(250_000);

    const second = await startBroker({ dataDir, retentionCheckMs: 20 });
    const client = await aRawClient(second.port);
    await until("it comes true", async () => (await startOf(client)) === 10);
    expect(readdirSync(join(dataDir, "batches"))).toEqual([]);
    await send(client, "t", aBatch(["new"], { timestamps: [Date.now()] }));
    await until("it comes true", async () => size() < 100_000);
    client.end();
    await second.stop();
    const again = await clientOn({ dataDir });
    expect(await read(again, "t", 10)).toMatchObject({ highWatermark: 11, logStartOffset: 10 });
  });

  test("goes on after its first look", async () => {
    const client = await clientOn({ retentionCheckMs: 20 });
    await withTopic(client, "t", { "retention.ms": "60000" });
    for (const expected of [1, 2, 3]) {
      await send(client, "t", aBatch(["a"], { timestamps: [1] }));
      await until("it comes true", async () => (await startOf(client)) === expected);
    }
  });

  test("0 ms and 0 bytes are limits as well", async () => {
    const client = await clientOn({ retentionCheckMs: 20 });
    const configs: Record<string, string>[] = [
      { "retention.ms": "0" },
      { "retention.ms": "-1", "retention.bytes": "0" },
    ];
    for (const config of configs) {
      const name = Object.keys(config).join("-");
      await withTopic(client, name, config);
      await send(client, name, aBatch(["a", "b"], { timestamps: [Date.now() - 1_000, Date.now() - 1_000] }));
      await until("it comes true", async () => (await read(client, name, -1)).logStartOffset === 2);
    }
  });

  /** Gives where t starts once a batch behind it, sent later and certainly too old, is gone from u. */
  async function startAfterALook(client: RawClient): Promise<number> {
    const { highWatermark } = await read(client, "u", -1);
    await send(client, "u", aBatch(["old"], { timestamps: [1] }));
    await until("it comes true", async () => (await read(client, "u", -1)).logStartOffset > highWatermark);
    return startOf(client);
  }

  test("a batch goes by the newest of its records, whatever its header claims", async () => {
    const client = await clientOn({ retentionCheckMs: 20 });
    await withTopic(client, "t", { "retention.ms": "60000" });
    await withTopic(client, "u", { "retention.ms": "60000" });
    const now = Date.now();
    const records = (...deltas: number[]) =>
      Buffer.concat(deltas.map((timestampDelta, offsetDelta) => aRecord({ timestampDelta, offsetDelta })));
    const two = { count: 2, baseTimestamp: now - 100_000 };
    await send(client, "t", rawBatch(records(0, 1), { ...two, maxTimestamp: now }));
    expect(await startAfterALook(client)).toBe(2);
    await send(client, "t", rawBatch(records(100_000, 0), { ...two, maxTimestamp: 1 }));
    expect(await startAfterALook(client)).toBe(2);
  });

  test("a message without a time ages from its arrival on", async () => {
    const client = await clientOn({ retentionCheckMs: 20 });
    await withTopic(client, "t", { "retention.ms": "60000" });
    await withTopic(client, "u", { "retention.ms": "60000" });
    await send(client, "t", aBatch(["a"], { timestamps: [-1] }));
    expect(await startAfterALook(client)).toBe(0);
  });

  test("a batch whose first messages were deleted goes as a whole, and the start moves to its end", async () => {
    const client = await clientOn({ retentionCheckMs: 20 });
    const batch = aBatch(["a", "b", "c"]);
    await withTopic(client, "t", { "retention.ms": "-1", "retention.bytes": String(batch.length) });
    await send(client, "t", batch);
    await client.ask(deleteRecords, 1, { topics: [{ name: "t", partitions: [{ index: 0, offset: 1 }] }] });
    expect((await read(client, "t", 1)).records).toHaveLength(batch.length);
    await send(client, "t", batch);
    await until("it comes true", async () => (await startOf(client)) > 1);
    expect(await startOf(client)).toBe(3);
    expect((await read(client, "t", 3)).records).toHaveLength(batch.length);
    type Answer = { results: { topics: { partitions: { bytes: number }[] }[] }[] };
    const { results } = await client.ask<Answer>(describeLogDirs, 1, { topics: null });
    expect(results[0]?.topics[0]?.partitions[0]?.bytes).toBe(batch.length);
  });
});

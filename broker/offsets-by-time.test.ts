/** ListOffsets by a time: the walk into a batch, and its bounds. */
import { describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { listOffsets } from "./apis/list-offsets.ts";
import { produce } from "./apis/produce.ts";
import { deleteRecords } from "./apis/topic-admin.ts";
import { aBatch, aRecord, packed, rawBatch, sealed } from "./batch.fixture.ts";
import { aBroker, aRawClient, type RawClient } from "./raw-client.fixture.ts";
import { send, withTopic } from "./requests.fixture.ts";
import { CODECS } from "../batches/unpack.ts";

/** `validate: false` for batches that no broker takes, but that one of before may have kept. */
async function onATopic(validate = true): Promise<RawClient> {
  const client = await aRawClient((await aBroker({ validate })).port);
  await withTopic(client, "t");
  return client;
}

type Answer = { topics: { partitions: { offset: number; timestamp: number; errorCode: number }[] }[] };

async function offsetAt(client: RawClient, timestamp: number) {
  const asked = { topics: [{ name: "t", partitions: [{ index: 0, timestamp }] }] };
  const { topics } = await client.ask<Answer>(listOffsets, 4, asked);
  const { offset, timestamp: found } = topics[0]?.partitions[0] ?? {};
  return [offset, found];
}

describe("offsets by time", () => {
  for (const [compression, name] of CODECS.entries()) {
    test(`the first message at or after a time is found inside a batch (${name})`, async () => {
      const client = await onATopic();
      await send(client, "t", aBatch(["a", "b"], { timestamps: [10, 20], compression }));
      await send(client, "t", aBatch(["c", "d", "e"], { timestamps: [30, 50, 40], compression }));
      expect(await offsetAt(client, 5)).toEqual([0, 10]);
      expect(await offsetAt(client, 20)).toEqual([1, 20]);
      expect(await offsetAt(client, 35)).toEqual([3, 50]);
      expect(await offsetAt(client, 51)).toEqual([-1, -1]);
    });
  }

  for (const [compression, name] of CODECS.entries()) {
    test(`a batch with a valid sum whose records are rotten counts as a whole (${name})`, async () => {
      const client = await onATopic(false);
      const rotten = aBatch(["a", "b"], { timestamps: [10, 20], compression });
      await send(client, "t", sealed(rotten.fill(0xff, 61)));
      await send(client, "t", aBatch(["c"], { timestamps: [30] }));
      expect(await offsetAt(client, 15)).toEqual([0, 20]);
      expect(await offsetAt(client, 25)).toEqual([2, 30]);
    });
  }

  test("records that claim to be two billion, none of them longer than nothing, are walked in no time", async () => {
    const client = await onATopic(false);
    const rotten = aBatch(["a"], { timestamps: [10] });
    rotten.writeBigInt64BE(5_000n, 35);
    rotten.writeInt32BE(2 ** 31 - 2, 23);
    rotten.writeInt32BE(2 ** 31 - 1, 57);
    rotten[61] = 1; // a length of -1
    expect((await send(client, "t", sealed(rotten))).errorCode).toBe(0);
    expect(await offsetAt(client, 4_000)).toEqual([0, 5_000]);
  });

  for (const [name, compression, pack] of [
    ["gzip", 1, gzipSync],
    ["zstd", 4, zstdCompressSync],
  ] as const) {
    test(`a batch that unpacks to more than 32 MiB counts as a whole, and is not unpacked (${name})`, async () => {
      const client = await onATopic(false);
      const packed = pack(Buffer.alloc(40_000_000));
      const bomb = Buffer.concat([aBatch(["a"], { timestamps: [10] }).subarray(0, 61), packed]);
      bomb.writeInt32BE(bomb.length - 12, 8);
      bomb.writeInt16BE(compression, 21);
      bomb.writeBigInt64BE(5_000n, 35);
      await send(client, "t", sealed(bomb));
      expect(await offsetAt(client, 4_000)).toEqual([0, 5_000]);
    });
  }

  for (const [compression, name] of CODECS.entries()) {
    test(`a request unpacks 64 MiB at most, whatever it asks for; behind that batches count as a whole (${name})`, async () => {
      const client = await aRawClient((await aBroker()).port);
      await withTopic(client, "t", { "max.message.bytes": "30000000" }, 6);
      const records = [
        aRecord({}),
        aRecord({ value: "0".repeat(20_000_000), offsetDelta: 1, timestampDelta: 5 }),
      ];
      const header = { count: 2, attributes: compression, baseTimestamp: 1_000, maxTimestamp: 1_005 };
      const batch = rawBatch(packed(Buffer.concat(records), compression), header);
      for (let index = 0; index < 6; index++) {
        const topics = [{ name: "t", partitions: [{ index, records: batch }] }];
        await client.ask(produce, 7, { transactionalId: null, acks: -1, topics });
      }
      const indexes = [0, 1, 2, 3, 4, 5].map((index) => ({ index, timestamp: 1_003 }));
      const { topics } = await client.ask<Answer>(listOffsets, 4, {
        topics: [{ name: "t", partitions: indexes }],
      });
      expect(topics[0]?.partitions.map(({ offset }) => offset)).toEqual([1, 1, 1, 0, 0, 0]);
    });
  }

  test("times may fall within a batch, and a rotten one that begins before the log's start counts from there", async () => {
    const client = await onATopic(false);
    const start = (offset: number) =>
      client.ask(deleteRecords, 1, { topics: [{ name: "t", partitions: [{ index: 0, offset }] }] });
    await send(client, "t", aBatch(["a", "b", "c"], { timestamps: [30, 20, 25] }));
    await start(1);
    expect(await offsetAt(client, 20)).toEqual([1, 20]);
    expect(await offsetAt(client, 22)).toEqual([2, 25]);
    const rotten = aBatch(["d", "e"], { timestamps: [50, 60] });
    await send(client, "t", sealed(rotten.fill(0xff, 61)));
    await start(4);
    expect(await offsetAt(client, 40)).toEqual([4, 60]);
  });

  test("-2 is the start and -1 the end, also after records were deleted", async () => {
    const client = await onATopic();
    await send(client, "t", aBatch(["a", "b", "c"], { timestamps: [10, 20, 30] }));
    await client.ask(deleteRecords, 1, { topics: [{ name: "t", partitions: [{ index: 0, offset: 1 }] }] });
    expect([await offsetAt(client, -2), await offsetAt(client, -1)]).toEqual([
      [1, -1],
      [3, -1],
    ]);
    expect(await offsetAt(client, 5)).toEqual([1, 20]);
  });
});

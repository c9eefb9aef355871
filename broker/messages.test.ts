import { describe, expect, test } from "bun:test";
import { deleteRecords, deleteTopics } from "./apis/topic-admin.ts";
import { initProducerId, produce } from "./apis/produce.ts";
import { aBatch, type BatchOptions, sealed } from "./batch.fixture.ts";
import { aBroker, aFolder, aRawClient, collectLog, type RawClient } from "./raw-client.fixture.ts";
import { read, send, withTopic } from "./requests.fixture.ts";
import { batchHeader } from "../batches/header.ts";
import { ERROR } from "./protocol/errors.ts";

async function onATopic(configs: Record<string, string> = {}): Promise<RawClient> {
  const client = await aRawClient((await aBroker()).port);
  await withTopic(client, "t", configs);
  return client;
}

function changed(change: (batch: Buffer) => void): Buffer {
  const batch = aBatch(["a", "b"]);
  change(batch);
  return batch;
}

describe("a batch is stored as it came, at the next offset", () => {
  test("only its base offset and its leader epoch are rewritten", async () => {
    const client = await onATopic();
    await send(client, "t", aBatch(["a", "b"]));
    const sent = aBatch(["c"]);
    expect(await send(client, "t", sent)).toMatchObject({ errorCode: 0, baseOffset: 2, logStartOffset: 0 });
    const { records, highWatermark } = await read(client, "t", 2);
    expect(highWatermark).toBe(3);
    expect(batchHeader(records).baseOffset).toBe(2);
    expect(records.readInt32BE(12)).toBe(0);
    expect(records.subarray(16)).toEqual(sent.subarray(16));
  });

  const faults: Record<string, [records: Buffer | null, error: number]> = {
    "nothing at all": [null, ERROR.INVALID_RECORD],
    "a batch cut short": [aBatch(["a"]).subarray(0, -1), ERROR.INVALID_RECORD],
    "a changed byte": [changed((it) => void it.writeUInt8(0x7a, it.length - 2)), ERROR.CORRUPT_MESSAGE],
    "message format 1": [changed((it) => void it.writeInt8(1, 16)), ERROR.INVALID_RECORD],
    "two batches": [Buffer.concat([aBatch(["a"]), aBatch(["b"])]), ERROR.INVALID_RECORD],
    "a count that does not fit": [
      changed((it) => void sealed(it).writeInt32BE(3, 57)),
      ERROR.CORRUPT_MESSAGE,
    ],
    "a sealed count that does not fit": [
      changed((it) => {
        it.writeInt32BE(3, 57);
        sealed(it);
      }),
      ERROR.INVALID_RECORD,
    ],
    "an unknown compression": [aBatch(["a"], { compression: 5 }), ERROR.UNSUPPORTED_COMPRESSION],
    "a batch of a transaction": [
      changed((it) => {
        it.writeInt16BE(0x10, 21);
        sealed(it);
      }),
      ERROR.INVALID_TXN_STATE,
    ],
  };
  for (const [name, [records, error]] of Object.entries(faults)) {
    test(`${name} is refused, and nothing of it is stored`, async () => {
      const client = await onATopic();
      expect((await send(client, "t", records)).errorCode).toBe(error);
      expect(await read(client, "t", 0)).toMatchObject({ errorCode: 0, highWatermark: 0 });
    });
  }

  test("max.message.bytes counts the batch with its header", async () => {
    const batch = aBatch(["x".repeat(100)]);
    const client = await onATopic({ "max.message.bytes": String(batch.length) });
    expect((await send(client, "t", aBatch(["x".repeat(101)]))).errorCode).toBe(ERROR.MESSAGE_TOO_LARGE);
    expect((await send(client, "t", batch)).errorCode).toBe(0);
  });

  test("each partition of a request has its own outcome", async () => {
    const client = await onATopic();
    const partitions = [0, 0, 9].map((index) => ({ index, records: aBatch(["a"]) }));
    type Answer = { topics: { partitions: { errorCode: number }[] }[] };
    const { topics } = await client.ask<Answer>(produce, 3, {
      transactionalId: null,
      acks: 1,
      topics: [{ name: "t", partitions }],
    });
    expect(topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([
      ERROR.NONE,
      ERROR.INVALID_REQUEST,
      ERROR.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
  });

  test("acks other than -1, 0 and 1 are refused", async () => {
    const client = await onATopic();
    expect((await send(client, "t", aBatch(["a"]), 2)).errorCode).toBe(ERROR.INVALID_REQUIRED_ACKS);
  });
});

describe("an idempotent producer", () => {
  const from = (sequence: number, values = ["a"], more: BatchOptions = {}) =>
    aBatch(values, { producerId: 7, producerEpoch: 0, sequence, ...more });

  test("has a retry answered with the offset of the first time, for its last five batches", async () => {
    const client = await onATopic();
    for (let sequence = 0; sequence < 6; sequence++) await send(client, "t", from(sequence));
    expect(await send(client, "t", from(1))).toMatchObject({ errorCode: 0, baseOffset: 1 });
    expect((await send(client, "t", from(0))).errorCode).toBe(ERROR.OUT_OF_ORDER_SEQUENCE);
    expect((await read(client, "t", 0)).highWatermark).toBe(6);
  });

  test("has a gap refused", async () => {
    const client = await onATopic();
    await send(client, "t", from(0, ["a", "b"]));
    expect((await send(client, "t", from(3))).errorCode).toBe(ERROR.OUT_OF_ORDER_SEQUENCE);
    expect(await send(client, "t", from(2))).toMatchObject({ errorCode: 0, baseOffset: 2 });
  });

  test("starts again at 0 with a new epoch, and its old epoch is refused", async () => {
    const client = await onATopic();
    await send(client, "t", from(0));
    expect((await send(client, "t", from(1, ["a"], { producerEpoch: 1 }))).errorCode).toBe(
      ERROR.OUT_OF_ORDER_SEQUENCE,
    );
    expect((await send(client, "t", from(0, ["a"], { producerEpoch: 1 }))).errorCode).toBe(0);
    expect((await send(client, "t", from(1))).errorCode).toBe(ERROR.INVALID_PRODUCER_EPOCH);
  });

  test("has a batch that could not be stored taken at the next try, not for a repeat", async () => {
    const client = await aRawClient((await aBroker({ dataDir: aFolder(), maxPages: 30 })).port);
    await withTopic(client, "t");
    const pad = "x".repeat(30_000);
    let sequence = 0;
    while ((await send(client, "t", from(sequence, [pad]))).errorCode === 0) sequence++;
    const { highWatermark } = await read(client, "t", 0);
    expect(await send(client, "t", from(sequence, [pad]))).toMatchObject({
      errorCode: ERROR.KAFKA_STORAGE_ERROR,
      baseOffset: -1,
    });
    expect(await send(client, "t", from(sequence))).toMatchObject({
      errorCode: 0,
      baseOffset: highWatermark,
    });
  });

  test("goes from sequence 2147483647 to 0", async () => {
    const client = await onATopic();
    await send(client, "t", from(2 ** 31 - 2, ["a", "b"]));
    expect((await send(client, "t", from(0))).errorCode).toBe(0);
  });

  test("is known again after a restart, and no producer id is given twice", async () => {
    const dataDir = aFolder();
    const ids: number[] = [];
    for (const [run, errorCode] of [0, 0].entries()) {
      const broker = await aBroker({ dataDir });
      const client = await aRawClient(broker.port);
      if (run === 0) await withTopic(client, "t");
      for (let take = 0; take < 2; take++) {
        const asked = { transactionalId: null };
        ids.push((await client.ask<{ producerId: number }>(initProducerId, 1, asked)).producerId);
      }
      expect(await send(client, "t", from(0))).toMatchObject({ errorCode, baseOffset: 0 });
      await broker.stop();
    }
    expect(new Set(ids).size).toBe(4);
  });

  test("of a transaction is refused", async () => {
    const client = await onATopic();
    const answer = await client.ask(initProducerId, 1, { transactionalId: "tx" });
    expect(answer).toMatchObject({ errorCode: ERROR.INVALID_REQUEST, producerId: -1 });
  });
});

describe("fetch", () => {
  test("gives the whole batch that holds the offset, and as many more as fit", async () => {
    const client = await onATopic();
    const batches = [["a", "b", "c"], ["d"], ["e"]].map((values) => aBatch(values));
    for (const batch of batches) await send(client, "t", batch);
    const [first = 0, second = 0, third = 0] = batches.map((batch) => batch.length);
    const size = async (offset: number, maxBytes: number) =>
      (await read(client, "t", offset, 0, 1, maxBytes)).records.length;
    expect(await size(1, 1e6)).toBe(first + second + third);
    expect(await size(1, first + second + third - 1)).toBe(first + second);
    expect(await size(2, 1)).toBe(first);
    expect(await size(4, 1e6)).toBe(third);
    expect(await size(5, 1e6)).toBe(0);
  });

  test("an answer of more than 4 MiB comes whole", async () => {
    const client = await onATopic();
    for (const letter of "abcdef") await send(client, "t", aBatch([letter.repeat(1_000_000)]));
    const { records } = await read(client, "t", 0, 0, 1, 1e8);
    expect(records.length).toBeGreaterThan(6_000_000);
    for (const [at, letter] of [..."abcdef"].entries())
      expect(records.indexOf(letter.repeat(1_000_000))).toBeGreaterThan(at * 1_000_000);
  });

  test("beyond the end or before the start is an error that names both", async () => {
    const client = await onATopic();
    await send(client, "t", aBatch(["a", "b"]));
    const marks = { errorCode: ERROR.OFFSET_OUT_OF_RANGE, highWatermark: 2, logStartOffset: 0 };
    expect(await read(client, "t", 3, 10_000)).toMatchObject(marks);
    expect(await read(client, "t", -1, 10_000)).toMatchObject(marks);
    expect((await read(client, "missing", 0, 10_000)).errorCode).toBe(ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  });

  test("waits for messages, and comes back as soon as there are enough bytes", async () => {
    const { port } = await aBroker();
    const [reader, writer] = [await aRawClient(port), await aRawClient(port)];
    await withTopic(writer, "t");
    const batch = aBatch(["a"]);
    const waiting = read(reader, "t", 0, 60_000, batch.length * 2);
    await send(writer, "t", batch);
    expect(await Promise.race([waiting, read(writer, "t", 0)])).toMatchObject({ highWatermark: 1 });
    await send(writer, "t", batch);
    expect((await waiting).records).toHaveLength(batch.length * 2);
  });

  test("comes back empty when its time is over", async () => {
    const client = await onATopic();
    expect(await read(client, "t", 0, 20)).toMatchObject({ errorCode: 0, records: Buffer.alloc(0) });
  });

  test("that waits on a topic is told when the topic is deleted", async () => {
    const { port } = await aBroker();
    const [reader, admin] = [await aRawClient(port), await aRawClient(port)];
    await withTopic(admin, "t");
    const waiting = read(reader, "t", 0, 60_000);
    await admin.ask(deleteTopics, 3, { names: ["t"] });
    expect((await waiting).errorCode).toBe(ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  });
});

describe("DeleteRecords", () => {
  test("moves the start for good, and frees the batches that lie before it as a whole", async () => {
    const dataDir = aFolder();
    const first = await aBroker({ dataDir });
    const client = await aRawClient(first.port);
    await withTopic(client, "t");
    for (const values of [
      ["a", "b"],
      ["c", "d"],
    ])
      await send(client, "t", aBatch(values));
    const low = async (offset: number) => {
      type Answer = { topics: { partitions: { lowWatermark: number; errorCode: number }[] }[] };
      const asked = { topics: [{ name: "t", partitions: [{ index: 0, offset }] }] };
      return (await client.ask<Answer>(deleteRecords, 1, asked)).topics[0]?.partitions[0];
    };
    expect(await low(3)).toMatchObject({ lowWatermark: 3, errorCode: 0 });
    expect(await low(2)).toMatchObject({ lowWatermark: 3, errorCode: 0 });
    expect(await low(5)).toMatchObject({ lowWatermark: -1, errorCode: ERROR.OFFSET_OUT_OF_RANGE });
    expect((await read(client, "t", 2)).errorCode).toBe(ERROR.OFFSET_OUT_OF_RANGE);
    expect(batchHeader((await read(client, "t", 3)).records).baseOffset).toBe(2);
    expect(await low(-1)).toMatchObject({ lowWatermark: 4, errorCode: 0 });
    await first.stop();

    const log = collectLog();
    const again = await aRawClient((await aBroker({ dataDir, log })).port);
    expect(await read(again, "t", 4)).toMatchObject({ errorCode: 0, highWatermark: 4, logStartOffset: 4 });
    expect((await send(again, "t", aBatch(["e"]))).baseOffset).toBe(4);
    expect(log.lines).toEqual([]);
  });
});

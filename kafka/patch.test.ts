/** Holds what `patches/kafkajs@2.2.4.patch` changes against kafkajs's own, which is still in the package. */

import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import fc from "fast-check";
import { registerCodecs } from "./codecs.ts";
import { readFetched } from "./fetched.ts";
import type { InMessage } from "./message.ts";

interface Message {
  key: Buffer | string | null;
  value: Buffer | string | null | (Buffer | string)[];
  headers?: Record<string, string | Buffer | (string | Buffer)[]>;
  timestamp?: string;
}
const kafkajs = createRequire(Bun.resolveSync("kafkajs", import.meta.dir));
const encodeRecords: ((messages: Message[], first: number | bigint, now: number) => Buffer) & {
  release(records: Buffer): void;
  timestampOf(message: Message | undefined, now: number): number | bigint;
} = kafkajs("./src/protocol/recordBatch/records.js");
const Record: (record: object) => { buffer: Buffer } = kafkajs(
  "./src/protocol/recordBatch/record/v0/index.js",
);
const RequestQueue: new (options: object) => {
  throttleCheckTimeoutId: unknown;
  checkPendingRequests(): void;
} = kafkajs("./src/network/requestQueue/index.js");

const { RecordBatch }: { RecordBatch(batch: object): Promise<{ buffer: Buffer }> } = kafkajs(
  "./src/protocol/recordBatch/v0/index.js",
);
registerCodecs();

const NOW = 1_756_296_102_123;
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: "binary", maxLength: 80 });
const part = fc.oneof(bytes, text, fc.constant(null));
const filled = fc.oneof(bytes, text);
/** As the enricher sends them; kafkajs's own encoder gets them joined. */
const parts = fc.array(filled, { maxLength: 5 });
const messages: fc.Arbitrary<Message[]> = fc.array(
  fc.record(
    {
      key: part,
      value: fc.oneof(part, parts),
      headers: fc.dictionary(
        text.filter((name) => name !== "__proto__"),
        fc.oneof(filled, fc.array(filled, { maxLength: 3 })),
        { maxKeys: 3 },
      ),
      timestamp: fc.integer({ min: 1, max: 4_102_444_800_000 }).map(String),
    },
    { requiredKeys: ["key", "value"] },
  ),
  { minLength: 1, maxLength: 20 },
);

describe("records of a batch", () => {
  test("are the same bytes as kafkajs's own encoder writes", () => {
    fc.assert(
      fc.property(messages, (list) => {
        const first = Number(list[0]?.timestamp ?? NOW);
        const own = list.map((message, offsetDelta) =>
          Record({
            ...message,
            value: asBytes(message.value),
            offsetDelta,
            timestampDelta: Number(message.timestamp ?? NOW) - first,
          }),
        );
        const records = encodeRecords(list, first, NOW);
        expect(records.equals(Buffer.concat(own.map(({ buffer }) => buffer)))).toBe(true);
        encodeRecords.release(records);
      }),
      { numRuns: 500 },
    );
  });

  test("are read back as they were written, over 2^31 offsets and 24 days of timestamps", async () => {
    await fc.assert(
      fc.asyncProperty(messages, fc.integer({ min: 0, max: 2 ** 50 }), async (list, firstOffset) => {
        const found = await writtenAndRead(list, firstOffset);
        expect(found).toMatchObject(
          list.map((message, index) => ({
            offset: firstOffset + index,
            timestamp: Number(message.timestamp ?? NOW),
            key: asBytes(message.key),
            value: asBytes(message.value),
          })),
        );
      }),
      { numRuns: 500 },
    );
  });

  test("over the whole range of int64 each record keeps its own time, whatever its neighbours have", async () => {
    const time = fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.constantFrom(
        2n ** 63n - 1n,
        -(2n ** 63n),
        -1n,
        0n,
        BigInt(NOW),
        BigInt(NOW) * 1_000_000n,
        2n ** 53n + 1n,
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(time, { minLength: 1, maxLength: 5 }), async (times) => {
        const list = times.map((one) => ({ key: null, value: "x", timestamp: String(one) }));
        const found = await writtenAndRead(list, 0);
        expect(found.map(({ timestamp, exactTimestamp }) => exactTimestamp ?? String(timestamp))).toEqual(
          times.map(String),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test("two batches that are encoded at the same time do not share a buffer", () => {
    const of = (value: string) => encodeRecords([{ key: null, value }], NOW, NOW);
    const first = of("a".repeat(100));
    const second = of("b".repeat(100));
    expect(first.includes("b")).toBe(false);
    encodeRecords.release(first);
    expect(of("c".repeat(50)).buffer).toBe(first.buffer);
    expect(second.includes("c")).toBe(false);
  });

  test("one that is larger than the buffers that are kept has its own", () => {
    const value = Buffer.alloc(3 * 1024 * 1024, "d");
    const records = encodeRecords([{ key: null, value }], NOW, NOW);
    expect(records.subarray(-value.length - 1, -1).equals(value)).toBe(true);
    encodeRecords.release(records);
    expect(encodeRecords([{ key: null, value: "e" }], NOW, NOW).buffer).not.toBe(records.buffer);
  });
});

test("a connection without waiting requests sets no timer", () => {
  const queue = new RequestQueue({
    maxInFlightRequests: null,
    requestTimeout: 1,
    clientId: "c",
    broker: "b",
    logger: {},
  });
  queue.checkPendingRequests();
  expect(queue.throttleCheckTimeoutId).toBeNull();
});

/** The list as a batch at this offset, as the producer sends it, and as it is read. */
async function writtenAndRead(list: Message[], firstOffset: number): Promise<InMessage[]> {
  const firstTimestamp = list.length === 0 ? NOW : encodeRecords.timestampOf(list[0], NOW);
  const batch = await RecordBatch({
    records: encodeRecords(list, firstTimestamp, NOW),
    recordCount: list.length,
    lastOffsetDelta: list.length - 1,
    firstTimestamp,
    maxTimestamp: firstTimestamp,
  });
  const bytes = Buffer.from(batch.buffer);
  bytes.writeBigInt64BE(BigInt(firstOffset));
  const spans = [...readFetched({ bytes, from: firstOffset, aborted: [], maxBatchBytes: 10_000_000 })];
  expect(spans.map(({ undecodable }) => undecodable)).toEqual([undefined]);
  return spans.flatMap(({ messages: found }) => found);
}

function asBytes(part: Message["value"]): Buffer | null {
  if (part === null || Buffer.isBuffer(part)) return part;
  return Buffer.concat([part].flat().map((one) => Buffer.from(one)));
}

/** Holds what `patches/kafkajs@2.2.4.patch` changes against kafkajs's own, which is still in the package. */

import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import fc from "fast-check";
import { registerCodecs } from "./codecs.ts";

interface Message {
  key: Buffer | string | null;
  value: Buffer | string | null | (Buffer | string)[];
  headers?: Record<string, string | Buffer | (string | Buffer)[]>;
  timestamp?: string;
}
interface Decoder {
  buffer: Buffer;
  offset: number;
}

const kafkajs = createRequire(Bun.resolveSync("kafkajs", import.meta.dir));
const encodeRecords: ((messages: Message[], first: number | bigint, now: number) => Buffer) & {
  release(records: Buffer): void;
  timestampOf(message: Message | undefined, now: number): number | bigint;
} = kafkajs("./src/protocol/recordBatch/records.js");
const Record: (record: object) => { buffer: Buffer } = kafkajs(
  "./src/protocol/recordBatch/record/v0/index.js",
);
const decodeRecord: (decoder: Decoder, context: object) => object = kafkajs(
  "./src/protocol/recordBatch/record/v0/decoder.js",
);
const Decoder: new (buffer: Buffer) => Decoder & { readVarInt(): number } =
  kafkajs("./src/protocol/decoder.js");
const RequestQueue: new (options: object) => {
  throttleCheckTimeoutId: unknown;
  checkPendingRequests(): void;
} = kafkajs("./src/network/requestQueue/index.js");

const decodeMessages: (decoder: Decoder) => Promise<{ offset: string }[]> = kafkajs(
  "./src/protocol/requests/fetch/v4/decodeMessages.js",
);
const { RecordBatch }: { RecordBatch(batch: object): Promise<{ buffer: Buffer }> } = kafkajs(
  "./src/protocol/recordBatch/v0/index.js",
);
const Long: { fromInt(value: number): unknown } = kafkajs("./src/utils/long.js");
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

  test("are read back as they were written, over 2^31 offsets and 24 days of timestamps", () => {
    fc.assert(
      fc.property(messages, fc.integer({ min: 0, max: 2 ** 50 }), (list, firstOffset) => {
        const first = Number(list[0]?.timestamp ?? NOW);
        const decoder = new Decoder(Buffer.from(encodeRecords(list, first, NOW)));
        const context = { firstOffset: String(firstOffset), firstTimestamp: String(first), magicByte: 2 };
        for (const [index, message] of list.entries()) {
          decoder.readVarInt();
          expect(decodeRecord(decoder, context)).toMatchObject({
            offset: String(firstOffset + index),
            timestamp: message.timestamp ?? String(NOW),
            key: asBytes(message.key),
            value: asBytes(message.value),
          });
        }
        expect(decoder.offset).toBe(decoder.buffer.length);
      }),
      { numRuns: 500 },
    );
  });

  test("over the whole range of int64 each record keeps its own time, whatever its neighbours have", () => {
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
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 5 }), (times) => {
        const list = times.map((one) => ({ key: null, value: "x", timestamp: String(one) }));
        const first = encodeRecords.timestampOf(list[0], NOW);
        const decoder = new Decoder(Buffer.from(encodeRecords(list, first, NOW)));
        const context = { firstOffset: "0", firstTimestamp: String(first), magicByte: 2 };
        for (const { timestamp } of list) {
          decoder.readVarInt();
          expect(decodeRecord(decoder, context)).toMatchObject({ timestamp });
        }
        expect(decoder.offset).toBe(decoder.buffer.length);
      }),
      { numRuns: 1_000 },
    );
  });

  test("20,000 headers are read in one pass, and a name that stands several times has a list", () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`h${at}`, "v"]));
    const message = { key: null, value: "x", headers: { ...many, twice: ["a", "b", "c"] } };
    const decoder = new Decoder(Buffer.from(encodeRecords([message], NOW, NOW)));
    decoder.readVarInt();
    const context = { firstOffset: "0", firstTimestamp: String(NOW), magicByte: 2 };
    const record = decodeRecord(decoder, context) as { headers: { [name: string]: Buffer | Buffer[] } };
    expect(Object.keys(record.headers)).toHaveLength(20_001);
    expect(record.headers.twice).toEqual(["a", "b", "c"].map((one) => Buffer.from(one)));
  }, 2_000);

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

describe("the answer to a fetch", () => {
  const records = (count: number) =>
    encodeRecords(
      Array.from({ length: count }, (_, at) => ({ key: null, value: `${at}`.padEnd(1_000) })),
      NOW,
      NOW,
    );
  /** Batches of 500 records of 1,000 bytes, compressed to nearly nothing. */
  const answer = async (batches: number) => {
    const body = records(500);
    const encoded: Buffer[] = [];
    for (let at = 0; at < batches; at++) {
      const batch = await RecordBatch({
        compression: 4,
        records: body,
        recordCount: 500,
        lastOffsetDelta: 499,
        firstOffset: Long.fromInt(at * 500),
        firstTimestamp: NOW,
        maxTimestamp: NOW,
      });
      encoded.push(Buffer.from(batch.buffer));
    }
    const size = Buffer.alloc(4);
    const all = Buffer.concat(encoded);
    size.writeInt32BE(all.length);
    return new Decoder(Buffer.concat([size, all]));
  };

  test("is decompressed up to some megabytes, in whole batches from the first on; the next fetch gets the rest", async () => {
    const few = await decodeMessages(await answer(3));
    expect(few.map(({ offset }) => Number(offset))).toEqual(Array.from({ length: 1_500 }, (_, at) => at));
    const many = await decodeMessages(await answer(200));
    expect(many.map(({ offset }) => Number(offset))).toEqual(Array.from({ length: 2_500 }, (_, at) => at));
  });

  test("a batch that is larger than that comes whole", async () => {
    const body = records(10_000);
    const batch = await RecordBatch({
      compression: 4,
      records: body,
      recordCount: 10_000,
      lastOffsetDelta: 9_999,
    });
    const size = Buffer.alloc(4);
    size.writeInt32BE(batch.buffer.length);
    expect(await decodeMessages(new Decoder(Buffer.concat([size, batch.buffer])))).toHaveLength(10_000);
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

function asBytes(part: Message["value"]): Buffer | null {
  if (part === null || Buffer.isBuffer(part)) return part;
  return Buffer.concat([part].flat().map((one) => Buffer.from(one)));
}

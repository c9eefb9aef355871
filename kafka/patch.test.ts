/** Holds what `patches/kafkajs@2.2.4.patch` changes against kafkajs's own, which is still in the package. */

import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import fc from "fast-check";

interface Message {
  key: Buffer | string | null;
  value: Buffer | string | null;
  headers?: Record<string, string | Buffer | (string | Buffer)[]>;
  timestamp?: string;
}
interface Decoder {
  buffer: Buffer;
  offset: number;
}

const kafkajs = createRequire(Bun.resolveSync("kafkajs", import.meta.dir));
const encodeRecords: ((messages: Message[], first: number, now: number) => Buffer) & {
  release(records: Buffer): void;
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

const NOW = 1_756_296_102_123;
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: "binary", maxLength: 80 });
const part = fc.oneof(bytes, text, fc.constant(null));
const filled = fc.oneof(bytes, text);
const messages: fc.Arbitrary<Message[]> = fc.array(
  fc.record(
    {
      key: part,
      value: part,
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
          Record({ ...message, offsetDelta, timestampDelta: Number(message.timestamp ?? NOW) - first }),
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

  test("two batches that are encoded at the same time do not share a buffer", () => {
    const of = (value: string) => encodeRecords([{ key: null, value }], NOW, NOW);
    const first = of("a".repeat(100));
    const second = of("b".repeat(100));
    expect(first.includes("b")).toBe(false);
    encodeRecords.release(first);
    expect(of("c".repeat(50)).buffer).toBe(first.buffer);
    expect(second.includes("c")).toBe(false);
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

function asBytes(part: Buffer | string | null): Buffer | null {
  return typeof part === "string" ? Buffer.from(part) : part;
}

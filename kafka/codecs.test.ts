import { expect, test } from "bun:test";
import { CompressionCodecs, CompressionTypes, Partitioners } from "kafkajs";
import { aBroker, aClient, aConsumer, aTopic, afterwards, texts, until } from "./broker.fixture.ts";
import type { InMessage } from "./consume.ts";

/** Only tests write lz4: one stored block. */
function lz4Frame({ buffer }: { buffer: Buffer }): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE((buffer.length | 0x80000000) >>> 0);
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]),
    size,
    buffer,
    Buffer.alloc(4),
  ]);
}

test("batches of all five codecs are read, from one topic, in order", async () => {
  const { port } = await aBroker();
  const kafka = aClient(port);
  const topic = await aTopic(kafka);
  const table = CompressionCodecs as Record<number, () => { decompress(bytes: Buffer): Promise<Buffer> }>;
  const lz4 = table[CompressionTypes.LZ4];
  Object.assign(CompressionCodecs, {
    [CompressionTypes.LZ4]: () => ({
      ...lz4?.(),
      compress: async (encoder: { buffer: Buffer }) => lz4Frame(encoder),
    }),
  });
  afterwards(() => Object.assign(CompressionCodecs, { [CompressionTypes.LZ4]: lz4 }));
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  afterwards(() => producer.disconnect());
  const { None, GZIP, Snappy, LZ4, ZSTD } = CompressionTypes;
  for (const compression of [None, GZIP, Snappy, LZ4, ZSTD]) {
    const value = `${compression} `.repeat(2_000);
    await producer.send({
      topic,
      compression,
      messages: [{ key: "k", value, headers: { codec: `${compression}` } }],
    });
  }
  const got: InMessage[] = [];
  await aConsumer(kafka, { topics: [topic], handle: async ({ messages }) => void got.push(...messages) });
  await until("all are there", () => got.length >= 5);
  expect(texts(got)).toEqual([0, 1, 2, 3, 4].map((codec) => `${codec} `.repeat(2_000)));
  expect(got.map(({ headers }) => String(headers.codec))).toEqual(["0", "1", "2", "3", "4"]);
});

test("we do not write lz4", async () => {
  aClient(1);
  const codec = (
    CompressionCodecs as Record<number, () => { compress(encoder: { buffer: Buffer }): Promise<Buffer> }>
  )[3];
  expect(codec?.().compress({ buffer: Buffer.from("x") })).rejects.toThrow("lz4 is only read here");
});

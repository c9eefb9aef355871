import { expect, test } from "bun:test";
import { CompressionTypes, Partitioners } from "kafkajs";
import { aBatch } from "../broker/batch.fixture.ts";
import {
  aBroker,
  aClient,
  aConsumer,
  aProducer,
  aTopic,
  afterwards,
  texts,
  until,
} from "./broker.fixture.ts";
import type { InMessage } from "./consume.ts";
import { readFetched } from "./fetched.ts";

test("batches of all five codecs are read, and each keeps what it read", () => {
  const values = [0, 1, 2, 3, 4].map((codec) => `${codec} `.repeat(2_000));
  const batches = values.map((value, compression) => aBatch([value], { compression }));
  for (const [offset, batch] of batches.entries()) batch.writeBigInt64BE(BigInt(offset));
  const bytes = Buffer.concat(batches);
  const spans = [...readFetched({ bytes, from: 0, aborted: [], maxBatchBytes: 100_000 })];
  expect(texts(spans.flatMap(({ messages }) => messages))).toEqual(values);
});

test("a topic with batches of kafkajs's own and of ours is read in order", async () => {
  const { port } = await aBroker();
  const kafka = aClient(port);
  const topic = await aTopic(kafka);
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  afterwards(() => producer.disconnect());
  const { None, GZIP, ZSTD } = CompressionTypes;
  for (const compression of [None, GZIP, ZSTD]) {
    const value = `${compression} `.repeat(2_000);
    const headers = { codec: `${compression}` };
    await producer.send({ topic, compression, messages: [{ key: "k", value, headers }] });
  }
  await (await aProducer(kafka)).send(topic, [{ key: "k", value: "ours" }]);
  const got: InMessage[] = [];
  await aConsumer(kafka, { topics: [topic], handle: async ({ messages }) => void got.push(...messages) });
  await until("all are there", () => got.length >= 4);
  expect(texts(got)).toEqual([...[0, 1, 4].map((codec) => `${codec} `.repeat(2_000)), "ours"]);
  expect(got.map(({ headers }) => headers.codec?.toString())).toEqual(["0", "1", "4", undefined]);
});

import { expect, test } from "bun:test";
import { aBatch } from "./batch.fixture.ts";
import { judgeSequence, type Producers, rememberSequence } from "./producers.ts";
import { batchHeader } from "../batches/header.ts";
import { ERROR } from "./protocol/errors.ts";

const header = (producerId: number, sequence = 0) =>
  batchHeader(aBatch(["a"], { producerId, producerEpoch: 0, sequence }));

test("of more than a thousand producers the one that wrote longest ago is forgotten", () => {
  const producers: Producers = new Map();
  for (let id = 0; id < 1_000; id++) rememberSequence(producers, header(id));
  // The first one writes again: now the second one is the oldest.
  rememberSequence(producers, header(0, 1));
  const gap = { errorCode: ERROR.OUT_OF_ORDER_SEQUENCE, baseOffset: -1 };
  expect(judgeSequence(producers, header(1, 7))).toEqual(gap);
  rememberSequence(producers, header(1_000));
  expect(judgeSequence(producers, header(1, 7))).toBeUndefined();
  expect(judgeSequence(producers, header(0, 7))).toEqual(gap);
  expect(producers.size).toBe(1_000);
});

test("who is not idempotent is not remembered, and id 0 is a producer as any", () => {
  const producers: Producers = new Map();
  rememberSequence(producers, header(-1, -1));
  rememberSequence(producers, header(0));
  expect([...producers.keys()]).toEqual([0]);
});

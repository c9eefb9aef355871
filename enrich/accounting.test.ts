import { expect, test } from "bun:test";
import { createAccounting } from "./accounting.ts";

const batch = (first: number, last: number, outputs = last - first + 1, partition = 0) => ({
  topic: "iot.raw",
  partition,
  first,
  last,
  outputs,
});

test("batches without a hole, each message with one output, make no difference", () => {
  const accounting = createAccounting();
  expect(accounting.settle(batch(7, 9))).toBeUndefined();
  expect(accounting.settle(batch(10, 10))).toBeUndefined();
  expect(accounting.settle(batch(0, 4, 5, 1))).toBeUndefined();
  expect(accounting.difference()).toBe(0);
});

test("a message without an output is missing, and named", () => {
  const accounting = createAccounting();
  expect(accounting.settle(batch(0, 9, 9))).toBe("iot.raw[0]@0..9: expected 10 outputs, found 9");
  expect(accounting.difference()).toBe(1);
});

test("an output without a message counts too, and does not cancel a missing one", () => {
  const accounting = createAccounting();
  accounting.settle(batch(0, 9, 9));
  accounting.settle(batch(10, 19, 11));
  expect(accounting.difference()).toBe(2);
});

test("offsets that were jumped over between two batches are missing", () => {
  const accounting = createAccounting();
  accounting.settle(batch(0, 9));
  expect(accounting.settle(batch(12, 13))).toBe("iot.raw[0]@10..13: expected 4 outputs, found 2");
  expect(accounting.settle(batch(14, 14))).toBeUndefined();
  expect(accounting.difference()).toBe(2);
});

test("a batch that comes again is no hole, nor is what follows it", () => {
  const accounting = createAccounting();
  accounting.settle(batch(0, 9));
  expect(accounting.settle(batch(5, 9))).toBeUndefined();
  expect(accounting.settle(batch(10, 12))).toBeUndefined();
  expect(accounting.difference()).toBe(0);
});

test("after a join another member may have gone on: the next batch starts anew", () => {
  const accounting = createAccounting();
  accounting.settle(batch(0, 9));
  accounting.joined();
  expect(accounting.settle(batch(40, 49))).toBeUndefined();
  expect(accounting.difference()).toBe(0);
});

test("what was deleted before it was read is lost, not missing; a hole beside it is still told", () => {
  const accounting = createAccounting();
  accounting.settle(batch(0, 9));
  expect(accounting.deleted("iot.raw", 0, 15)).toBe(5);
  expect(accounting.deleted("iot.raw", 0, 15)).toBe(0);
  expect(accounting.settle(batch(17, 19))).toBe("iot.raw[0]@15..19: expected 5 outputs, found 3");
  expect([accounting.lost(), accounting.difference()]).toEqual([5, 2]);
});

test("nothing is lost where a partition begins before what comes next, or where that is not known", () => {
  const accounting = createAccounting();
  expect(accounting.deleted("iot.raw", 0, 15)).toBe(0);
  accounting.settle(batch(0, 9));
  expect(accounting.deleted("iot.raw", 0, 10)).toBe(0);
  expect(accounting.settle(batch(10, 12))).toBeUndefined();
  expect([accounting.lost(), accounting.difference()]).toEqual([0, 0]);
});

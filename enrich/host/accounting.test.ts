import { expect, test } from "bun:test";
import { createAccounting } from "./accounting.ts";

const batch = (first: number, last: number, outputs = last - first + 1, partition = 0) => ({
  topic: "iot.raw",
  partition,
  first,
  next: last + 1,
  empty: 0,
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

test("messages that were jumped over between two batches are missing; offsets without any are not", () => {
  const accounting = createAccounting();
  accounting.settle(batch(0, 9));
  expect(accounting.skip("iot.raw", 0, 12, 2)).toBe("iot.raw[0]@10..11: expected 2 outputs, found 0");
  expect(accounting.settle(batch(12, 13))).toBeUndefined();
  expect(accounting.skip("iot.raw", 0, 20, 0)).toBeUndefined();
  expect(accounting.settle(batch(20, 20))).toBeUndefined();
  expect(accounting.difference()).toBe(2);
});

test("offsets of a batch that hold no message need no output; a message without one is told beside them", () => {
  const accounting = createAccounting();
  expect(accounting.settle({ ...batch(0, 9), empty: 3, outputs: 7 })).toBeUndefined();
  expect(accounting.settle({ ...batch(10, 19), empty: 3, outputs: 6 })).toBe(
    "iot.raw[0]@10..19: expected 7 outputs, found 6",
  );
  expect(accounting.difference()).toBe(1);
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
  expect(accounting.skip("iot.raw", 0, 17, 2)).toBe("iot.raw[0]@15..16: expected 2 outputs, found 0");
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

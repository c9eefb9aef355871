import { expect, test } from "bun:test";
import { createWatchdog } from "./watchdog.ts";

function watchdog() {
  let now = 0;
  const dog = createWatchdog(() => now);
  dog.assign([
    { topic: "iot.raw", partition: 0 },
    { topic: "iot.raw", partition: 1 },
  ]);
  const pass = (seconds: number): void => {
    now += seconds * 1_000;
  };
  return { ...dog, pass };
}

test("an offset that stands still for 30 s while messages wait is named, with how many", () => {
  const dog = watchdog();
  dog.moved("iot.raw", 1, 42);
  dog.ends("iot.raw", 1, 59);
  dog.pass(29.9);
  expect(dog.reasons()).toEqual([]);
  dog.pass(0.1);
  expect(dog.reasons()).toEqual(["iot.raw[1] has stood at offset 42 for 30 s, 17 messages are waiting"]);
});

test("progress, however small, starts the clock again", () => {
  const dog = watchdog();
  dog.moved("iot.raw", 0, 0);
  dog.ends("iot.raw", 0, 1_000);
  for (let offset = 1; offset < 5; offset++) {
    dog.pass(20);
    dog.moved("iot.raw", 0, offset);
    dog.ends("iot.raw", 0, 1_000 + offset);
  }
  expect(dog.reasons()).toEqual([]);
});

test("standing at the end is not standing still, and what comes later starts a fresh clock", () => {
  const dog = watchdog();
  dog.moved("iot.raw", 0, 5);
  dog.ends("iot.raw", 0, 5);
  dog.pass(100);
  dog.ends("iot.raw", 0, 6);
  expect(dog.reasons()).toEqual([]);
  dog.pass(31);
  dog.ends("iot.raw", 0, 6);
  expect(dog.reasons()).toHaveLength(1);
  dog.moved("iot.raw", 0, 6);
  expect(dog.reasons()).toEqual([]);
});

test("a partition that is no longer ours is forgotten, and one of unknown position is not judged", () => {
  const dog = watchdog();
  dog.ends("iot.raw", 0, 9);
  dog.pass(60);
  dog.ends("iot.raw", 0, 9);
  expect(dog.reasons()).toEqual([]);
  expect(dog.unknown()).toMatchObject([{ partition: 0 }, { partition: 1 }]);
  dog.moved("iot.raw", 0, 1);
  dog.pass(60);
  dog.assign([{ topic: "iot.raw", partition: 1 }]);
  expect(dog.reasons()).toEqual([]);
});

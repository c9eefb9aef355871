import { expect, test } from "bun:test";
import { whatBecomesOfOld } from "./old-messages.ts";

const of = (retention: string, before?: string, type = "CreateTime") =>
  whatBecomesOfOld(
    "t",
    new Map([
      ["retention.ms", retention],
      ["message.timestamp.type", type],
      ...(before === undefined ? [] : ([["message.timestamp.before.max.ms", before]] as const)),
    ]),
  );
const NONE = "9223372036854775807";

test("an old message is deleted by retention, refused by a limit, or both, and the settings are named", () => {
  const old = (age: string) => `a message whose record timestamp is more than ${age} old`;
  const deleted = (age: string) =>
    `${old(age)} is accepted, and deleted soon, whether it has been read or not (retention.ms)`;
  const refused = (age: string) => `${old(age)} is refused (message.timestamp.before.max.ms)`;
  expect(of("604800000")).toBe(`t: ${deleted("7 days")}`);
  expect(of("5400000", NONE)).toBe(`t: ${deleted("90 minutes")}`);
  expect(of("604800000", "3600000")).toBe(`t: ${refused("1 hour")}`);
  expect(of("3600000", "3600000")).toBe(`t: ${refused("1 hour")}`);
  expect(of("-1", "86400000")).toBe(`t: ${refused("1 day")}`);
  expect(of("3600000", "86400000")).toBe(`t: ${deleted("1 hour")}; ${refused("1 day")}`);
});

test("where nothing becomes of it nothing is said; where the broker sets the time, that", () => {
  expect(of("-1")).toBeUndefined();
  expect(of("-1", NONE)).toBeUndefined();
  expect(of("604800000", NONE, "LogAppendTime")).toBe(
    "t: record timestamps are replaced by the time of arrival (message.timestamp.type=LogAppendTime), so none is old",
  );
});

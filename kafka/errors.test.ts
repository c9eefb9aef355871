import { expect, test } from "bun:test";
import { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from "kafkajs";
import { KafkaUnavailable, MessageTooLarge, isOutage, mustRejoin, protocolType, reasonOf } from "./errors.ts";

function protocolError(type: string, retriable: boolean): Error {
  return Object.assign(new KafkaJSProtocolError(new Error(type)), { type, retriable });
}

test("connections, timeouts and what the protocol calls retriable pass by waiting, also inside kafkajs's wrappers", () => {
  const refused = new KafkaJSConnectionError("Connection error: refused", {});
  expect(isOutage(refused)).toBe(true);
  expect(isOutage(new KafkaJSNumberOfRetriesExceeded(refused, { retryCount: 5, retryTime: 1 }))).toBe(true);
  expect(isOutage(new Error("copied", { cause: refused }))).toBe(true);
  expect(isOutage(protocolError("NOT_ENOUGH_REPLICAS", true))).toBe(true);
  expect(isOutage(Object.assign(new Error("reset"), { code: "ECONNRESET" }))).toBe(true);
  expect(isOutage(new KafkaUnavailable("late"))).toBe(true);
  expect(isOutage(protocolError("INCONSISTENT_GROUP_PROTOCOL", false))).toBe(true); // kafkajs calls it final
});

test("bugs, refused messages and refused rights do not", () => {
  expect(isOutage(new TypeError("x is undefined"))).toBe(false);
  expect(isOutage(new MessageTooLarge("2 MB"))).toBe(false);
  expect(isOutage(protocolError("TOPIC_AUTHORIZATION_FAILED", false))).toBe(false);
  expect(isOutage("a text")).toBe(false);
  expect(isOutage(undefined)).toBe(false);
});

test("what the coordinator says to a member that it no longer counts means joining again", () => {
  for (const type of ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"])
    expect(mustRejoin(protocolError(type, false))).toBe(true);
  expect(mustRejoin(protocolError("REQUEST_TIMED_OUT", true))).toBe(false);
});

test("type and reason come from the innermost error", () => {
  const inner = protocolError("MESSAGE_TOO_LARGE", false);
  const outer = new Error("outer", { cause: inner });
  expect(protocolType(outer)).toBe("MESSAGE_TOO_LARGE");
  expect(protocolType(new Error("plain"))).toBeUndefined();
  expect(reasonOf(outer)).toBe("MESSAGE_TOO_LARGE");
  expect(reasonOf("a text")).toBe("a text");
});

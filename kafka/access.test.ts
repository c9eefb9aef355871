import { expect, test } from "bun:test";
import { createAccess, type Secrets } from "./access.ts";
import { collectLog } from "./broker.fixture.ts";

function setup(secrets: Partial<Secrets> = {}) {
  const log = collectLog();
  return { ...createAccess(log, { ssl: false, sasl: undefined, ...secrets }), log };
}

test("connections that end without an answer, and behind the first one, are told apart: TLS, or a user", () => {
  const { ended, trouble, log } = setup();
  for (let at = 0; at < 9; at++) {
    ended("a:1", 0);
    ended("b:1", 1);
  }
  expect(trouble()).toEqual([
    expect.stringMatching(/^Kafka at a:1 ends each connection without an answer: does it expect TLS\?/),
    expect.stringMatching(
      /^Kafka at b:1 ends each connection after the first answer: does it expect a user name and a password\?/,
    ),
  ]);
  expect(log.lines).toHaveLength(2);
});

test("a broker that restarts, or ends a connection that worked, is no trouble", () => {
  const { ended, answered, trouble } = setup();
  for (let at = 0; at < 2; at++) ended("a:1", 1);
  answered("a:1", 2);
  for (let at = 0; at < 2; at++) ended("a:1", 1);
  for (let at = 0; at < 9; at++) ended("a:1", 8);
  expect(trouble()).toEqual([]);
});

test("a user that is refused is told until a connection gets beyond that", () => {
  const { refused, answered, trouble, log } = setup({ sasl: "plain" });
  for (let at = 0; at < 3; at++) {
    answered("a:1", 3);
    refused("a:1", "Invalid username or password");
  }
  expect(trouble()).toEqual([
    "Kafka at a:1 refuses us: Invalid username or password; look at KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD",
  ]);
  answered("a:1", 4);
  expect(trouble()).toEqual([]);
  expect(log.lines.at(-1)).toBe("info Kafka at a:1 accepts us");
  expect(log.lines).toHaveLength(2);
});

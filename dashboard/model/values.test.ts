import { expect, test } from "bun:test";
import { toRow } from "./row.ts";
import { enriched, NOW, raw, record } from "../sample.fixture.ts";
import { excerpt, valuesOf } from "./values.ts";

const words = (topic: "raw" | "enriched", value: string) =>
  valuesOf(toRow(topic, 0, record(0, value), NOW, 1));

test("phases are a range with the unit that the message carries", () => {
  expect(words("enriched", enriched())).toBe("voltage 119.8–121.4 V · power.active 6,050.2 W");
  expect(words("raw", raw())).toBe("voltage 119.8–121.4 · power 6,050.2");
});

test("an unknown type says why, with the nearest type", () => {
  expect(words("enriched", enriched({ device_type: "unknown" }))).toBe(
    "type unknown: nearest smart_meter, 31 of 100",
  );
});

test("a message without measurements, of nulls, or of no JSON reads all the same", () => {
  expect(words("raw", '{"a":1}')).toBe('{"a":1}');
  expect(words("raw", raw({ measurements: { voltage: { phase_a: null } } }))).toBe(
    "no numbers among its measurements",
  );
  expect(words("raw", "plain\n\u0007text")).toBe("plain··text");
  expect(words("raw", "")).toBe("empty");
});

test("an excerpt holds nothing that hides, turns or breaks text", () => {
  expect(excerpt("a\u202eb\u200bc\ud800d")).toBe("a·b·c\ufffdd");
  expect(excerpt("x".repeat(200))).toBe(`${"x".repeat(120)}…`);
});

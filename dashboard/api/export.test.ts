import { describe, expect, test } from "bun:test";
import { csvField, exportResponse } from "./export.ts";
import { toRow } from "../model/row.ts";
import { dead, enriched, NOW, raw, record } from "../sample.fixture.ts";

const rows = [
  toRow("enriched", 0, record(1, enriched({ grade: "BAD" }), { source: 9 }), NOW, 1),
  toRow(
    "raw",
    0,
    record(2, raw({ device_id: '=cmd|" /C calc"' }).replace(",", ",\r\n"), { key: null }),
    NOW,
    2,
  ),
  toRow("dlq", 0, dead(3, Uint8Array.of(0xff, 0x0a), "not_utf8"), NOW, 3),
];

describe("export", () => {
  test("NDJSON is one message a line, with the value as it was sent", async () => {
    const text = await exportResponse(rows, "ndjson", "x").text();
    const lines = text.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines.map((line) => JSON.parse(line).offset)).toEqual([1, 2, 3]);
    expect(JSON.parse(lines[2] ?? "")).toMatchObject({ value: null, value_base64: "/wo=" });
  });

  test("JSON is a list, also an empty one", async () => {
    expect(await exportResponse(rows, "json", "x").json()).toHaveLength(3);
    expect(await exportResponse([], "json", "x").json()).toEqual([]);
    const many = Array.from({ length: 120 }, () => rows[0]).filter((row) => row !== undefined);
    expect(await exportResponse(many, "json", "x").json()).toHaveLength(120);
  });

  test("CSV quotes what must be quoted, and a formula is a text", async () => {
    const answer = exportResponse(rows, "csv", "messages");
    expect(answer.headers.get("content-disposition")).toBe('attachment; filename="messages.csv"');
    const text = await answer.text();
    expect(text).toStartWith("topic,partition,offset,timestamp,key,");
    expect(text).toContain(`"'=cmd|"" /C calc"""`);
    expect(["=1", "+1", "-1", "@x", "\tx"].map(csvField)).toEqual(["'=1", "'+1", "'-1", "'@x", "'\tx"]);
    // Where semicolons part the fields, and where a spreadsheet drops a line break in front.
    expect([csvField("x;=1+1"), csvField("\n=1")]).toEqual(['"x;=1+1"', '"\'\n=1"']);
    expect([csvField(-5), csvField(null), csvField('a"b'), csvField("a\nb")]).toEqual([
      "-5",
      "",
      '"a""b"',
      '"a\nb"',
    ]);
  });
});

import { describe, expect, test } from "bun:test";
import { textLine } from "./log-text.ts";

describe("textLine", () => {
  test("a log line becomes words: level, message, fields", () => {
    const line =
      '{"level":"warn","time":"2026-11-25T00:00:00Z","service":"enrich","brokers":"a:1","n":2,"msg":"away"}';
    expect(textLine(line, false)).toBe("WARN away brokers=a:1 n=2\n");
  });

  test("info needs no word", () => {
    expect(textLine('{"level":"info","msg":"ready"}', false)).toBe("ready\n");
  });

  test("a line of another program passes through unchanged, and ends with one newline", () => {
    expect(textLine("{not json", false)).toBe("{not json\n");
    expect(textLine("panic: x\n", false)).toBe("panic: x\n");
    expect(textLine('{"no":"message"}', false)).toBe('{"no":"message"}\n');
  });

  test("a warning is coloured on a terminal", () => {
    expect(textLine('{"level":"error","msg":"x"}', true)).toBe("\u001b[31mERROR\u001b[0m x\n");
  });
});

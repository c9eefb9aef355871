/** A verdict as `bun run explain` prints it: one message, the same rules as the host, a line of JSON. Pure. */
import type { Detection, Finding, Grade } from "../schemas/enriched.ts";
import { bytesToText } from "../enrich/bytes-to-text.ts";
import type { DeadLetterMessage, Enrich, EnrichedMessage } from "../enrich/enrich.ts";
import { readExport } from "./export.ts";

export interface InputMessage {
  /** Line of the input on which it begins, from 1. */
  line: number;
  bytes: Buffer;
}

export type VerdictLine = { line: number } & (
  | { to: "dlq"; reason: string; path: string; message: string }
  | ({ to: "enriched"; device_id: string; device_type: string } & Detection & {
        grade: Grade;
        completeness: number;
        findings: readonly Finding[];
      })
);

/** Newline-delimited JSON when lines are objects of their own, else one message, however it is laid out. */
export function splitInput(input: Buffer): InputMessage[] {
  const lines: InputMessage[] = [];
  for (let start = 0, line = 1; start <= input.length; line++) {
    const newline = input.indexOf(0x0a, start);
    const end = newline < 0 ? input.length : newline;
    lines.push({ line, bytes: input.subarray(start, end) });
    start = end + 1;
  }
  const filled = lines.filter(({ bytes }) => bytes.toString("latin1").trim() !== "");
  const whole = filled.filter(({ bytes }) => /^\s*\{.*\}\s*$/.test(bytes.toString("latin1")));
  const first = filled[0];
  if (first === undefined || whole.length * 2 > filled.length) return filled;
  return [{ line: first.line, bytes: input }];
}

/** A line of the dashboard's export is judged as the record that it was. Else the record timestamp is the message's own time, or `now`; the key is `key`, else the message's own id, else "explain". */
export function judgeInput(
  bytes: Buffer,
  key: string | undefined,
  enrich: Enrich,
  now: number,
): EnrichedMessage | DeadLetterMessage {
  const exported = readExport(bytes);
  const value = exported?.value ?? bytes;
  const text = bytesToText(value);
  const asRecord = (recordKey: string | null, timestamp: number) =>
    enrich(text, { key: recordKey, timestamp, bytes: value.length }, now);
  if (exported !== undefined) return asRecord(key ?? exported.key, exported.timestamp);
  const withoutKey = asRecord(key ?? null, now);
  const probe =
    withoutKey.to === "dlq" && withoutKey.reason === "schema" ? asRecord(key ?? "explain", now) : withoutKey;
  if (probe.to === "dlq") return probe;
  return asRecord(key ?? probe.verdict.device_id, probe.verdict.timestamp ?? now);
}

export function verdictLine(line: number, result: EnrichedMessage | DeadLetterMessage): VerdictLine {
  if (result.to === "dlq")
    return { line, to: "dlq", reason: result.reason, path: result.path, message: result.message };
  const { device_id, device_type, detection, grade, completeness, findings } = result.verdict;
  return { line, to: "enriched", device_id, device_type, ...detection, grade, completeness, findings };
}

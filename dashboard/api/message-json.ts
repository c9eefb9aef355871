/** A message as the API and an export give it. Shape: schemas/api.ts. */
import type { ApiMessage } from "../../schemas/api.ts";
import { iso } from "../format.ts";
import { factsOf, type Row, textOf } from "../model/row.ts";

/** The value goes in as it was sent: parsing it would change its numbers. */
export function messageJson(row: Row): string {
  const facts = factsOf(row);
  const judged = row.topic === "enriched";
  const head: Omit<ApiMessage, "value" | "value_base64"> = {
    topic: row.topic,
    partition: row.partition,
    offset: row.offset,
    timestamp: iso(row.timestamp),
    key: row.key,
    bytes: row.bytes,
    device_id: facts.device,
    device_type: facts.type,
    event_type: facts.event,
    source_offset: row.source,
    method: facts.method,
    grade: facts.grade,
    findings: judged ? facts.findings : undefined,
    reason: row.reason,
    path: row.path,
    message: row.message,
  };
  const text = textOf(row);
  const rest = isJson(row, text)
    ? `"value":${text}`
    : `"value":null${row.value === null ? "" : `,"value_base64":"${row.value.toString("base64")}"`}`;
  return `${JSON.stringify(head).slice(0, -1)},${rest}}`;
}

function isJson(row: Row, text: string): boolean {
  // Bytes that are no UTF-8 were replaced in the text: it is not what was sent.
  if (row.value === null || text.includes("\ufffd")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

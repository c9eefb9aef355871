/** A message as the API and an export give it. Shape: schemas/api.ts. */
import type { ApiMessage } from "../../schemas/api.ts";
import { iso } from "../format.ts";
import { factsOf, type Row, textOf } from "../model/row.ts";

/** The value goes in as it was sent: parsing it would change its numbers. */
export function messageJson(row: Row): string {
  const facts = factsOf(row);
  const judged = row.topic === "enriched";
  const head: Omit<ApiMessage, "value" | "value_base64" | "value_text"> = {
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
    ? isDeep(text)
      ? `"value":null,"value_text":${JSON.stringify(text)}`
      : `"value":${text}`
    : `"value":null${row.value === null ? "" : `,"value_base64":"${row.value.toString("base64")}"`}`;
  return `${JSON.stringify(head).slice(0, -1)},${rest}}`;
}

/** Python's parser ends at some 1,000 levels, older versions of jq at 256, of which the answer around it has a few. */
const MAX_DEPTH = 200;

function isDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (isInString) {
      if (char === BACKSLASH) at++;
      else if (char === QUOTE) isInString = false;
    } else if (char === QUOTE) isInString = true;
    else if (char === BRACKET || char === BRACE) {
      if (++depth > MAX_DEPTH) return true;
    } else if (char === BRACKET + 2 || char === BRACE + 2) depth--;
  }
  return false;
}
const [QUOTE, BACKSLASH, BRACKET, BRACE] = [34, 92, 91, 123];

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

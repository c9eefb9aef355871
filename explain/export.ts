/**
 * A line of the dashboard's NDJSON export: the record that it wraps. Pure.
 *
 * In: a line. Out: the record's key, timestamp and value, or undefined for anything else. A device's own message is never
 * taken for one: all members of the export must be there, no other, each as the export writes it, the size as well.
 * An enriched message stands for the raw one: what was appended is taken off.
 * Source: schemas/api.ts (ApiMessage), dashboard/api/message-json.ts.
 */
import { parseIso } from "../judge/time.ts";
import { isRecord } from "../judge/values.ts";
import { API_TOPICS, ApiMessage } from "../schemas/api.ts";
import { RESERVED_MEMBERS } from "../schemas/enriched.ts";

export interface Exported {
  /** `raw[0]@42` */
  place: string;
  key: string | null;
  timestamp: number;
  value: Buffer;
}

export function readExport(line: Buffer): Exported | undefined {
  // A quick look: every line of traffic comes by.
  const text = line.toString("utf8");
  if (!/^\s*\{\s*"topic"\s*:/.test(text)) return undefined;
  const wrapper = parseObject(text);
  if (wrapper === undefined || !isWrapper(wrapper)) return undefined;
  const value = valueBytes(wrapper, text);
  if (value === undefined) return undefined;
  return {
    place: `${wrapper.topic}[${wrapper.partition}]@${wrapper.offset}`,
    key: wrapper.key,
    timestamp: parseIso(wrapper.timestamp),
    value,
  };
}

function isWrapper(found: Record<string, unknown>): found is ApiMessage {
  const names = Object.keys(found);
  const { topic, partition, offset, bytes, timestamp, key, device_id, device_type, event_type } = found;
  return (
    names.every((name) => name in ApiMessage.properties) &&
    (ApiMessage.required ?? []).every((name) => names.includes(name)) &&
    API_TOPICS.some((name) => name === topic) &&
    [partition, offset, bytes].every((number) => Number.isSafeInteger(number) && Number(number) >= 0) &&
    typeof timestamp === "string" &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(timestamp) &&
    !Number.isNaN(parseIso(timestamp)) &&
    [key, device_id, device_type, event_type].every((name) => name === null || typeof name === "string")
  );
}

/** The value's bytes as they were sent, but for line breaks between its tokens; undefined where its size contradicts. */
function valueBytes(wrapper: ApiMessage, text: string): Buffer | undefined {
  if (wrapper.value_base64 !== undefined) {
    const value = Buffer.from(wrapper.value_base64, "base64");
    return wrapper.value === null && value.length === wrapper.bytes ? value : undefined;
  }
  // Inside a string its quotes would be escaped, and no member before it has one of this name.
  const start = /,\s*"value"\s*:\s*/.exec(text);
  if (start === null) return undefined;
  const value = Buffer.from(text.slice(start.index + start[0].length, text.lastIndexOf("}")).trimEnd());
  // A tombstone is written as null.
  if (wrapper.bytes === 0) return wrapper.value === null ? Buffer.alloc(0) : undefined;
  if (value.length > wrapper.bytes) return undefined;
  return wrapper.topic === "enriched" ? rawOf(wrapper.value) : value;
}

function rawOf(enriched: unknown): Buffer | undefined {
  if (typeof enriched !== "object" || enriched === null) return undefined;
  const raw: Record<string, unknown> = { ...enriched };
  for (const name of RESERVED_MEMBERS) delete raw[name];
  return Buffer.from(JSON.stringify(raw));
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

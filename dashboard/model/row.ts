/**
 * One message as the pages show it: the record, and what can be read from it. Nothing here trusts the content.
 *
 * In: a record of raw, enriched or dlq. Out: a Row, and by `factsOf` who sent it, what it was judged to be, how good it is.
 * Errors: none: what is not there or of another type reads as absent.
 */
import { isUtf8 } from "node:buffer";
import type { InMessage } from "../../kafka/message.ts";
import { parseDuration, parseIso, parseUnix } from "../../judge/time.ts";
import { isRecord } from "../../judge/values.ts";
import type { ApiTopic } from "../../schemas/api.ts";
import {
  type Finding,
  GRADES,
  type Grade,
  METHODS,
  type Method,
  SEVERITIES,
} from "../../schemas/enriched.ts";
import { HEADERS } from "../../schemas/topics.ts";

export interface Row {
  /** A number in the order of arrival at this process; it tells what a page has not seen yet. */
  serial: number;
  topic: ApiTopic;
  partition: number;
  offset: number;
  /** Record timestamp, ms. */
  timestamp: number;
  /** The same, but never in the future: a wrong clock must not stay on top for ever. */
  time: number;
  key: string | null;
  value: Buffer | null;
  bytes: number;
  /** Offset of the raw message, from the header. */
  source?: number;
  /** Which of the topics that were called iot.raw one after the other it came from, by the header; absent = 0. */
  epoch?: number;
  registry?: string;
  reason?: string;
  path?: string;
  message?: string;
  facts?: Facts;
}

export interface Facts {
  /** The value is a JSON object. */
  json: boolean;
  device: string | null;
  type: string | null;
  typeName?: string;
  category?: string;
  capabilities: string[];
  method?: Method;
  score?: number;
  runnerUp?: string;
  reasons: string[];
  event: string | null;
  grade?: Grade;
  completeness?: number;
  findings: Finding[];
  /** The device's claim, ms; undefined without one that can be read. */
  measured?: number;
  enrichedAt?: number;
  /** How often the type sends, ms. */
  everyMs?: number;
}

export type Json = Record<string, unknown>;

/** The offset of the raw message, as its header tells it. */
export const sourceOf = (message: InMessage): number | undefined =>
  headerNumber(message, HEADERS.sourceOffset);
export const epochOf = (message: InMessage): number | undefined => headerNumber(message, HEADERS.sourceEpoch);

function headerNumber(message: InMessage, name: string): number | undefined {
  const text = headerText(message, name);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export function toRow(topic: ApiTopic, partition: number, from: InMessage, now: number, serial: number): Row {
  const row: Row = {
    serial,
    topic,
    partition,
    offset: from.offset,
    timestamp: from.timestamp,
    time: Math.min(from.timestamp, now),
    key: from.key === null ? null : from.key.toString(),
    // A copy: the original is a slice that would keep the whole fetched batch in memory.
    value: from.value === null ? null : Buffer.from(from.value),
    bytes: from.value?.length ?? 0,
  };
  // The headers of a raw message are its producer's and decide nothing: a dead letter that is sent again keeps ours.
  if (topic === "raw") return row;
  const source = sourceOf(from);
  if (source !== undefined) row.source = source;
  const epoch = epochOf(from);
  if (epoch !== undefined) row.epoch = epoch;
  row.registry = headerText(from, HEADERS.registry);
  if (topic === "dlq") {
    row.reason = headerText(from, HEADERS.reason) ?? "unnamed";
    row.path = headerText(from, HEADERS.path);
    row.message = headerText(from, HEADERS.message);
  }
  return row;
}

const headerText = (from: InMessage, name: string): string | undefined =>
  Object.hasOwn(from.headers, name) ? from.headers[name]?.toString() : undefined;

export const textOf = (row: Row): string => row.value?.toString() ?? "";

/** The value as a JSON object; undefined for anything else, also for bytes that only look like one where they are no text. */
export function objectOf(row: Row): Json | undefined {
  if (row.value === null || !isUtf8(row.value)) return undefined;
  try {
    return asObject(JSON.parse(textOf(row)));
  } catch {
    return undefined;
  }
}

/** Read once for each row, and only when something asks. */
export function factsOf(row: Row): Facts {
  row.facts ??= readFacts(row, contentOf(row));
  return row.facts;
}

/** Reads the value as `objectOf` does, but without the registry's definitions in an enriched message: a quarter of the text. */
export const contentOf = (row: Row): Json | undefined =>
  (row.topic === "enriched" ? withoutDefinitions(row) : undefined) ?? objectOf(row);

const DEFINITIONS = ',"measurement_metadata":{';
const INFO = ',"enrichment_info":{';
const NORMALIZED = ',"normalized":{"device_id":';

/**
 * An enriched message without its `measurement_metadata`: three quarters of the text, and the same in every message of a
 * type. What enrichment appends stands last and in this order, so the last place of each is ours.
 */
function withoutDefinitions(row: Row): Json | undefined {
  const text = textOf(row);
  const info = text.lastIndexOf(INFO);
  const from = text.lastIndexOf(DEFINITIONS, info);
  if (info < 0 || from < 0) return undefined;
  const normalized = text.lastIndexOf(NORMALIZED, info);
  const to = normalized > from ? normalized : info;
  try {
    return asObject(JSON.parse(text.slice(0, from) + text.slice(to)));
  } catch {
    return undefined;
  }
}

function readFacts(row: Row, value: Json | undefined): Facts {
  const metadata = member(value, "device_metadata");
  const info = member(value, "enrichment_info");
  const detection = member(info, "detection");
  const quality = member(value, "data_quality");
  const normalized = member(value, "normalized");
  const enriched = row.topic === "enriched";
  return {
    json: value !== undefined,
    device: text(normalized?.device_id) ?? text(value?.device_id) ?? row.key,
    type: text(enriched ? metadata?.device_type : value?.device_type) ?? null,
    typeName: text(metadata?.device_type_name),
    category: text(metadata?.device_category),
    capabilities: list(metadata?.capabilities).filter((entry) => typeof entry === "string"),
    method: METHODS.find((method) => method === detection?.method),
    score: number(detection?.score),
    runnerUp: text(detection?.runner_up),
    reasons: list(detection?.reasons).filter((reason) => typeof reason === "string"),
    event: text(value?.event_type) ?? null,
    grade: GRADES.find((grade) => grade === quality?.grade),
    completeness: number(quality?.completeness),
    findings: list(quality?.findings).flatMap(readFinding),
    measured: readTime(normalized?.timestamp ?? value?.timestamp),
    enrichedAt: readTime(info?.enriched_at),
    everyMs: readInterval(metadata?.update_frequency),
  };
}

function readFinding(value: unknown): Finding[] {
  const finding = asObject(value);
  const code = text(finding?.code);
  const severity = SEVERITIES.find((entry) => entry === finding?.severity);
  if (code === undefined || severity === undefined) return [];
  return [{ code, path: text(finding?.path) ?? "", expected: text(finding?.expected), severity }];
}

function readTime(value: unknown): number | undefined {
  const ms =
    typeof value === "string" ? parseIso(value) : typeof value === "number" ? parseUnix(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

const INTERVAL_MS: Record<string, number> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** ms of `5_seconds`, `1_minute` (the original's form) or `PT5S`. */
export function readInterval(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const [, amount, unit] = /^(\d{1,6})_(second|minute|hour|day)s?$/.exec(value) ?? [];
  const ms = unit === undefined ? parseDuration(value) : Number(amount) * (INTERVAL_MS[unit] ?? 0);
  return ms > 0 ? ms : undefined;
}

export const asObject = (value: unknown): Json | undefined => (isRecord(value) ? (value as Json) : undefined);
/** An own member that is an object. */
export const member = (of: Json | undefined, name: string): Json | undefined =>
  of !== undefined && Object.hasOwn(of, name) ? asObject(of[name]) : undefined;
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const number = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

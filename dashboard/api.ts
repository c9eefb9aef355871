/** The JSON API: the same numbers and messages as the pages. Shapes: schemas/api.ts. */
import { Hono } from "hono";
import type { ApiHealth, ApiMessage, ApiMessages } from "../schemas/api.ts";
import { total, type ViewModel } from "./view.ts";
import { iso } from "./format.ts";
import { problem } from "./problem.ts";
import { factsOf, type Row, textOf } from "./row.ts";
import { readFilters, search } from "./search.ts";
import { statsOf } from "./stats.ts";

export interface ApiDeps {
  view: ViewModel;
  now(): number;
  /** Why the service is not ready; empty when it is. */
  health(): string[];
  version: string;
}

const DEFAULT_LIMIT = 50;

export function createApi({ view, now, health, version }: ApiDeps): Hono {
  const api = new Hono();

  api.get("/stats", (c) => c.json(statsOf(view, now())));

  api.get("/messages", (c) => {
    const read = readFilters(c.req.query(), DEFAULT_LIMIT);
    if (!read.ok) return problem(c, 400, read.detail, read.parameter);
    const { topic } = read.filters;
    const { rows, matched, kept } = search(view, read.filters);
    const head: Omit<ApiMessages, "messages"> = { topic, matched, kept, total: total(view, topic) };
    return json(`${JSON.stringify(head).slice(0, -1)},"messages":[${rows.map(messageJson).join(",")}]}`);
  });

  api.get("/health", (c) => {
    const reasons = health();
    const body: ApiHealth = {
      status: reasons.length === 0 ? "ok" : "degraded",
      reasons,
      kafka_connected: view.kafka.connected,
      kafka_connected_since: iso(view.kafka.since),
      covers_from: view.coveredFrom === undefined ? null : iso(view.coveredFrom),
      registry_version: view.judgedBy ?? null,
      repeats: view.repeats,
      version,
    };
    return c.json(body);
  });

  api.all("*", (c) => problem(c, 404, `no ${c.req.method} ${c.req.path}`));
  return api;
}

const json = (text: string): Response =>
  new Response(text, { headers: { "content-type": "application/json", "cache-control": "no-store" } });

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

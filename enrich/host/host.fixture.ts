/** A host whose producer writes into a list, and batches for it. */
import type { Batch, InMessage } from "../../kafka/consume.ts";
import { type OutMessage, wholeValue } from "../../kafka/producer.ts";
import { createAccounting } from "./accounting.ts";
import { CASE_TIME } from "../enrich.case.ts";
import { type Chunk, createHandler, type HostOptions } from "./host.ts";
import { pinnedPlan } from "../../registry/pinned.fixture.ts";

export const plan = pinnedPlan;
export const topics = { enriched: "iot.enriched", dlq: "iot.raw.dlq" };
export const NOW = CASE_TIME + 5_000;

export interface Sent {
  topic: string;
  message: OutMessage;
}

/** A host whose producer writes into a list. */
export function host(overrides: Partial<HostOptions> = {}) {
  const sent: Sent[] = [];
  const chunks: Chunk[] = [];
  const errors: string[] = [];
  const accounting = createAccounting();
  const handle = createHandler({
    topics,
    producer: {
      async send(topic, messages) {
        sent.push(...messages.map((message) => ({ topic, message: asSent(message) })));
        return messages.length;
      },
      stop: async () => {},
    },
    plan: () => plan,
    now: () => NOW,
    accounting,
    observe: (chunk) => chunks.push(chunk),
    log: { info() {}, error: (message) => errors.push(message) },
    ...overrides,
  });
  return { handle, sent, chunks, errors, accounting };
}

/** An enriched value as one text. */
export const asSent = (message: OutMessage): OutMessage =>
  Array.isArray(message.value) ? { ...message, value: wholeValue(message)?.toString() ?? null } : message;

export const raw = (
  offset: number,
  value: string | Buffer | null,
  more: Partial<InMessage> = {},
): InMessage => ({
  offset,
  key: Buffer.from("breaker-001"),
  value: typeof value === "string" ? Buffer.from(value) : value,
  timestamp: CASE_TIME + offset,
  headers: {},
  ...more,
});
export const batchOf = (messages: InMessage[]): Batch => ({
  topic: "iot.raw",
  partition: 3,
  first: messages[0]?.offset ?? 0,
  next: (messages.at(-1)?.offset ?? -1) + 1,
  messages,
  empty: (messages.at(-1)?.offset ?? -1) + 1 - (messages[0]?.offset ?? 0) - messages.length,
  highWatermark: 1_000,
});

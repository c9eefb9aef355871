/**
 * What the Bun host does with a batch of one partition: enrich each message, send the outputs, wait until all are acknowledged.
 *
 * In: a batch of `iot.raw`. Out: `iot.enriched` and `iot.raw.dlq`, the same partition number and record timestamp; when the
 *   promise resolves the caller may commit. Errors: of the infrastructure, to the consume loop, which tries the batch again;
 *   a message that the brokers refuse for its size becomes a dead letter. Nothing is forwarded from the raw headers.
 */
import type { Batch, InMessage } from "../kafka/consume.ts";
import { MessageTooLarge } from "../kafka/errors.ts";
import type { OutMessage, Producer } from "../kafka/producer.ts";
import type { Plan } from "../registry/plan.ts";
import type { DeadLetterReason } from "../schemas/dead-letter.ts";
import { HEADERS } from "../schemas/topics.ts";
import type { Accounting } from "./accounting.ts";
import { bytesToText, keyToText } from "./bytes-to-text.ts";
import type { OutputsEnd } from "./host-outputs.ts";
import { type DeadLetterMessage, enrichInPieces, type EnrichedPieces } from "./enrich.ts";
import { valueBytes } from "./host-value.ts";

export interface HostOptions {
  topics: { enriched: string; dlq: string };
  producer: Producer;
  /** Asked once for each batch: a new registry counts from the next batch on. */
  plan: () => Plan;
  now: () => number;
  accounting: Accounting;
  /** Asked at the first batch of a partition after a join. Absent: nothing is known about what was before. */
  outputsEnd?: OutputsEnd;
  /** Where the raw partition begins now; asked when messages are missing before a batch. Absent: nothing is known of it. */
  logStart?: (partition: number) => Promise<number | undefined>;
  /** Counts what was sent. */
  observe: (chunk: Chunk) => void;
  log: { error(message: string, fields?: object): void };
}

/** What became of some messages of a batch, once the brokers have it. */
export interface Chunk {
  outputs: Output[];
  /** Time that `enrich()` took for all of them, s. */
  enrichSeconds: number;
  /** From the record timestamp to the acknowledgement, s: of the first and the last message. */
  latencySeconds: [number, number];
}

export interface Output {
  raw: InMessage;
  result: EnrichedBytes | DeadLetterMessage;
}

/** The enriched text as the bytes of its parts, one behind the other. */
export interface EnrichedBytes extends Pick<EnrichedPieces, "to" | "verdict"> {
  value: (Buffer | string)[];
}

/** Bounds the memory of a large batch, and how long the event loop is busy at a time. */
export const CHUNK_MESSAGES = 400;

export function createHandler(options: HostOptions): (batch: Batch) => Promise<void> {
  const plans = new WeakMap<Batch, Plan>();
  return async (batch) => {
    // A batch that is tried again is judged as it was: some of its outputs may stand already, and must not stand in the other topic too.
    const plan = plans.get(batch) ?? options.plan();
    plans.set(batch, plan);
    if (options.accounting.next(batch.topic, batch.partition) === undefined) await resume(options, batch);
    await bookDeleted(options, batch);
    for (let start = 0; start < batch.messages.length; start += CHUNK_MESSAGES) {
      await handleChunk(options, plan, batch, batch.messages.slice(start, start + CHUNK_MESSAGES));
    }
  };
}

async function resume({ accounting, outputsEnd }: HostOptions, batch: Batch): Promise<void> {
  const { topic, partition, messages } = batch;
  const next = await outputsEnd?.(partition, messages[0]?.offset ?? 0);
  if (next !== undefined) accounting.resume(topic, partition, next);
}

/** What retention deleted before we came to it is lost, but not by us: it is said once and counted for itself. */
async function bookDeleted({ accounting, logStart, log }: HostOptions, batch: Batch): Promise<void> {
  const { topic, partition, messages } = batch;
  const first = messages[0]?.offset ?? 0;
  const next = accounting.next(topic, partition) ?? first;
  if (next >= first) return;
  const start = Math.min(first, (await logStart?.(partition)) ?? 0);
  const lost = accounting.deleted(topic, partition, start);
  if (lost === 0) return;
  const range = `${topic}[${partition}]@${next}..${start - 1}`;
  log.error(`${range}: ${lost} messages were deleted before they were read: see the topic's retention.ms`);
}

async function handleChunk(
  options: HostOptions,
  plan: Plan,
  batch: Batch,
  messages: InMessage[],
): Promise<void> {
  const { topic, partition } = batch;
  const began = performance.now();
  const outputs = messages.map((raw) => ({ raw, result: enrichMessage(raw, plan, options.now()) }));
  const enrichSeconds = (performance.now() - began) / 1000;
  reportBugs(options.log, batch, outputs);

  const { sent, acknowledged } = await send(options, plan.version, batch, outputs);

  const first = messages[0];
  const last = messages.at(-1);
  if (!first || !last) return;
  const now = options.now();
  const since = ({ timestamp }: InMessage) => Math.max(0, (now - timestamp) / 1000);
  options.observe({ outputs: sent, enrichSeconds, latencySeconds: [since(first), since(last)] });
  const hole = options.accounting.settle({
    topic,
    partition,
    first: first.offset,
    last: last.offset,
    outputs: acknowledged,
  });
  if (hole !== undefined) options.log.error(hole);
}

const NO_BYTES = Buffer.alloc(0);

function enrichMessage(raw: InMessage, plan: Plan, now: number): EnrichedBytes | DeadLetterMessage {
  const key = raw.key === null ? null : keyToText(raw.key);
  const bytes = raw.value ?? NO_BYTES;
  const text = bytesToText(bytes);
  const result = enrichInPieces(text, { key, timestamp: raw.timestamp, bytes: bytes.length }, plan, now);
  if (result.to === "dlq") return result;
  return { to: "enriched", value: valueBytes(bytes, text, result.pieces), verdict: result.verdict };
}

type Place = Pick<Batch, "topic" | "partition">;

/** What became of the outputs, and how many the producer has an acknowledgement for: accounting believes the latter. */
interface Settlement {
  sent: Output[];
  acknowledged: number;
}

/**
 * Sends what is enriched, and then the dead letters: one that is refused for its size is one of these, and must not stand behind a
 * later one, which readers would take for a repeat. A dead letter that is refused too has no place left: the service ends and names
 * it, and its offset is not committed.
 */
async function send(
  { producer, topics }: HostOptions,
  version: string,
  place: Place,
  outputs: Output[],
): Promise<Settlement> {
  const isDead = ({ result }: Output): boolean => result.to === "dlq";
  const message = (output: Output): OutMessage => outMessage(output, version, place.partition);
  const refused = new Set<Output>();
  const enriched = outputs.filter((output) => !isDead(output));
  const some = await sendAll(producer, topics.enriched, enriched, message, (output) => refused.add(output));
  const sent = outputs.map((output) =>
    refused.has(output) ? { raw: output.raw, result: refusal(topics.enriched) } : output,
  );
  const others = await sendAll(producer, topics.dlq, sent.filter(isDead), message, ({ raw }, error) => {
    const at = `${place.topic}[${place.partition}]@${raw.offset}`;
    throw new MessageTooLarge(`${at}: its dead letter fits nowhere: ${error.message}`);
  });
  return { sent, acknowledged: some + others };
}

/** All at once, and one by one in a topic with a limit below ours. What was sent before comes again; readers drop it. */
async function sendAll(
  producer: Producer,
  topic: string,
  outputs: Output[],
  message: (output: Output) => OutMessage,
  onRefused: (output: Output, error: MessageTooLarge) => void,
): Promise<number> {
  try {
    return await producer.send(topic, outputs.map(message));
  } catch (error) {
    if (!(error instanceof MessageTooLarge)) throw error;
  }
  let acknowledged = 0;
  for (const output of outputs) {
    try {
      acknowledged += await producer.send(topic, [message(output)]);
    } catch (error) {
      if (!(error instanceof MessageTooLarge)) throw error;
      onRefused(output, error);
    }
  }
  return acknowledged;
}

function refusal(topic: string): DeadLetterMessage {
  const reason: DeadLetterReason = "output_too_large";
  return {
    to: "dlq",
    reason,
    path: "",
    message: `${topic} refuses it for its size: see the topic's max.message.bytes`,
  };
}

function outMessage({ raw, result }: Output, version: string, partition: number): OutMessage {
  const headers = { [HEADERS.sourceOffset]: String(raw.offset), [HEADERS.registry]: version };
  if (result.to === "enriched")
    return {
      key: result.verdict.device_id,
      value: result.value,
      headers,
      partition,
      timestamp: raw.exactTimestamp ?? raw.timestamp,
    };
  const { reason, path, message } = result;
  return {
    key: raw.key,
    value: raw.value,
    headers: { ...headers, [HEADERS.reason]: reason, [HEADERS.path]: path, [HEADERS.message]: message },
    partition,
    timestamp: raw.exactTimestamp ?? raw.timestamp,
  };
}

/** The one thing that is logged for a message: it is our fault and needs a person. */
function reportBugs(log: HostOptions["log"], { topic, partition }: Batch, outputs: Output[]): void {
  for (const { raw, result } of outputs) {
    if (result.to !== "dlq" || result.bug === undefined) continue;
    const { bug } = result;
    const stack = bug instanceof Error ? bug.stack : String(bug);
    log.error(`${topic}[${partition}]@${raw.offset}: a bug in enrich(), the message is a dead letter`, {
      stack,
    });
  }
}

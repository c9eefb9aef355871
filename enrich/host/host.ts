/**
 * What the Bun host does with a batch of one partition: enrich each message, send the outputs, wait until all are acknowledged.
 *
 * In: a batch of `iot.raw`. Out: `iot.enriched` and `iot.raw.dlq`, the same partition number and record timestamp; when the
 *   promise resolves the caller may commit. What stood in the outputs before, from a process that ended between write and commit,
 *   is not judged again: the registry may have changed since.
 * Errors: of the infrastructure, to the consume loop, which tries the batch again; a message that the brokers refuse for its size
 *   becomes a dead letter. Nothing is forwarded from the raw headers.
 */
import type { Batch, InMessage, Undecodable } from "../../kafka/consume.ts";
import { OutputRefused, StartOver } from "../../kafka/errors.ts";
import type { Producer } from "../../kafka/producer.ts";
import type { Plan } from "../../judge/plan.ts";
import type { Accounting } from "./accounting.ts";
import { bytesToText, keyToText } from "../bytes-to-text.ts";
import { isOther, markText, type RawTopic } from "./raw.ts";
import type { Resume, Resumed } from "./resume.ts";
import { createEnrichInPieces, deadLetter, type DeadLetterMessage, type EnrichInPieces } from "../enrich.ts";
import { type Output, type Partition, send } from "./send.ts";
import { type EnrichedBytes, valueBytes } from "./value.ts";

export type { Output } from "./send.ts";

export interface HostOptions {
  topics: { enriched: string; dlq: string };
  producer: Producer;
  /** Asked once for each batch: a new registry counts from the next batch on. */
  plan: () => Plan;
  now: () => number;
  accounting: Accounting;
  /** Asked at the first batch of a partition after a join. Absent: nothing is known about what was before. */
  resume?: Resume;
  /** Asked when messages are missing before a batch. Absent: all that is missing is. */
  raw?: RawTopic;
  /** So often it is looked whether iot.raw is the one that it was; default 5 s. */
  lookEveryMs?: number;
  /** Counts what was sent. */
  observe: (chunk: Chunk) => void;
  log: { info(message: string): void; error(message: string, fields?: object): void };
}

/** What became of some messages of a batch, once the brokers have it. */
export interface Chunk {
  outputs: Output[];
  /** Time that `enrich()` took for all of them, s. */
  enrichSeconds: number;
  /** From the record timestamp to the acknowledgement, s: of the first and the last message. */
  latencySeconds: [number, number];
}

/** Bounds the memory of a large batch, and how long the event loop is busy at a time. */
export const CHUNK_MESSAGES = 400;

/** A consumer that slept, or was cut off, may not be told that its topic was made anew. */
const LOOK_EVERY_MS = 5_000;

/** Gives what is to be stored with the commit. */
export function createHandler(options: HostOptions): (batch: Batch) => Promise<string | undefined> {
  const { accounting, log, lookEveryMs = LOOK_EVERY_MS } = options;
  const rules = new WeakMap<Batch, Rules>();
  let newest: Rules | undefined;
  const partitions = new Map<number, Partition>();

  return async (batch) => {
    const { topic, partition, first, next } = batch;
    // A batch that is tried again is judged as it was: some of its outputs may stand already, and must not stand in the other topic too.
    const byThese = rules.get(batch) ?? rulesOf(options.plan());
    rules.set(batch, byThese);
    let known = partitions.get(partition);
    // Behind a join, and where offsets begin again: iot.raw may be another one.
    const expected = accounting.next(topic, partition);
    if (known === undefined || expected === undefined || expected > first) {
      known = await resumed(batch);
      partitions.set(partition, known);
    }
    await look(batch, known);
    await bookGap(options, batch);
    const outputs = await deliverBatch(options, byThese, batch, known).catch((error) => {
      // The batch comes again as another one, perhaps under another registry: the outputs are asked what stands in them.
      if (options.resume && error instanceof OutputRefused) partitions.delete(partition);
      throw error;
    });
    const hole = accounting.settle({ topic, partition, first, next, empty: batch.empty, outputs });
    if (hole !== undefined) log.error(hole);
    for (const offset of known.written) if (offset < next) known.written.delete(offset);
    return known.mark && markText(known.mark);
  };

  /** Errors: StartOver, where iot.raw is another one than before. */
  async function look({ topic, partition }: Batch, known: Partition): Promise<void> {
    if (performance.now() - known.lookedAt < lookEveryMs && known.mark !== undefined) return;
    known.lookedAt = performance.now();
    const mark = await options.raw?.mark(partition);
    if (mark === undefined) return;
    if (known.mark !== undefined && isOther(known.mark, mark)) {
      partitions.delete(partition);
      throw new StartOver(`${topic} was deleted and created again`, mark.offset);
    }
    known.mark = mark;
  }

  function rulesOf(plan: Plan): Rules {
    if (newest?.plan !== plan) newest = { plan, enrich: createEnrichInPieces(plan) };
    return newest;
  }

  async function resumed(batch: Batch): Promise<Partition> {
    const { topic, partition, first } = batch;
    const nothing: Resumed = { next: undefined, written: new Set(), epoch: 0 };
    const { next, written, epoch, mark } = (await options.resume?.(partition, first)) ?? nothing;
    // The batch was fetched before: what was found must be of the same topic.
    const [message] = batch.messages;
    if (message && (await options.raw?.holds(partition, message)) === false)
      throw new StartOver(
        `${topic} was deleted and created again`,
        (await options.raw?.start(partition)) ?? 0,
      );
    accounting.resume(topic, partition, Math.min(next ?? first, first));
    if (epoch > 0 && next === undefined)
      log.info(
        `${topic}[${partition}] is not the topic that the outputs came from: its outputs have epoch ${epoch}`,
      );
    if (written.size > 0)
      log.info(
        `${topic}[${partition}]@${first}: ${written.size} outputs are already written beyond the commit; they are kept`,
      );
    return { written, epoch, mark, lookedAt: performance.now() };
  }
}

/** What is missing between what the outputs let expect and a batch: retention took it, which is said once, or it held messages. */
async function bookGap({ accounting, raw, log }: HostOptions, batch: Batch): Promise<void> {
  const { topic, partition, first } = batch;
  const next = accounting.next(topic, partition) ?? first;
  if (next >= first) return;
  const start = Math.min(first, (await raw?.start(partition)) ?? 0);
  const lost = accounting.deleted(topic, partition, start);
  const range = `${topic}[${partition}]@${next}..${start - 1}`;
  if (lost > 0)
    log.error(`${range}: ${lost} messages were deleted before they were read: see the topic's retention.ms`);
  const from = Math.max(next, start);
  if (from >= first) return;
  const hole = accounting.skip(
    topic,
    partition,
    first,
    (await raw?.count(partition, from, first)) ?? first - from,
  );
  if (hole !== undefined) log.error(hole);
}

/** What a batch is judged by. */
interface Rules {
  plan: Plan;
  enrich: EnrichInPieces;
}

/** Sees to it that every message has its output; gives how many are acknowledged, now or before. */
async function deliverBatch(
  options: HostOptions,
  rules: Rules,
  batch: Batch,
  known: Partition,
): Promise<number> {
  const { topic, partition } = batch;
  const { written } = known;
  const sources = sourcesOf(batch);
  const left = written.size === 0 ? sources : sources.filter((source) => !written.has(offsetOf(source)));
  let outputs = sources.length - left.length;
  let start = 0;
  try {
    for (; start < left.length; start += CHUNK_MESSAGES)
      outputs += await deliver(options, rules, batch, known, left.slice(start, start + CHUNK_MESSAGES));
  } catch (error) {
    for (const source of left.slice(0, start)) written.add(offsetOf(source));
    throw error;
  }
  for (const { first, last, cause } of batch.undecodable ?? [])
    options.log.error(
      `${topic}[${partition}]@${first}..${last} cannot be read and becomes a dead letter: ${cause}`,
    );
  return outputs;
}

/** What needs an output: a message, or a batch of records that cannot be read. */
type Source = InMessage | Undecodable;

const offsetOf = (source: Source): number => ("offset" in source ? source.offset : source.first);

/** The messages in the order of their offsets. */
function sourcesOf({ messages, undecodable = [] }: Batch): Source[] {
  if (undecodable.length === 0) return messages;
  return [...messages, ...undecodable].sort((one, other) => offsetOf(one) - offsetOf(other));
}

/** Enriches, sends, and counts; gives how many outputs are acknowledged. */
async function deliver(
  options: HostOptions,
  { plan, enrich }: Rules,
  batch: Batch,
  known: Partition,
  sources: Source[],
): Promise<number> {
  const began = performance.now();
  const outputs = sources.map((source) => outputOf(source, enrich, options.now()));
  const enrichSeconds = (performance.now() - began) / 1000;
  reportBugs(options.log, batch, outputs);

  const { sent, acknowledged } = await send(options, plan.version, batch, known, outputs);

  const [first, last] = [outputs[0], outputs.at(-1)];
  if (!first || !last) return acknowledged;
  const now = options.now();
  const since = ({ raw }: Output) => Math.max(0, (now - raw.timestamp) / 1000);
  options.observe({ outputs: sent, enrichSeconds, latencySeconds: [since(first), since(last)] });
  return acknowledged;
}

function outputOf(source: Source, enrich: EnrichInPieces, now: number): Output {
  if ("offset" in source) return { raw: source, result: enrichMessage(source, enrich, now) };
  const { first, last, cause } = source;
  const raw = { offset: first, key: null, value: NO_BYTES, timestamp: now, headers: {} };
  const result = deadLetter({
    reason: "undecodable",
    path: "",
    message: `offsets ${first} to ${last} cannot be read: ${cause}`,
  });
  return { raw, result, lastOffset: last };
}

const NO_BYTES = Buffer.alloc(0);

function enrichMessage(
  raw: InMessage,
  enrich: EnrichInPieces,
  now: number,
): EnrichedBytes | DeadLetterMessage {
  const key = raw.key === null ? null : keyToText(raw.key);
  const bytes = raw.value ?? NO_BYTES;
  const text = bytesToText(bytes);
  const result = enrich(text, { key, timestamp: raw.timestamp, bytes: bytes.length }, now);
  if (result.to === "dlq") return result;
  return { to: "enriched", value: valueBytes(bytes, text, result.pieces), verdict: result.verdict };
}

/** The one thing that is logged for a message: it is our fault and needs a person. */
function reportBugs(log: HostOptions["log"], { topic, partition }: Batch, outputs: Output[]): void {
  for (const { raw, result } of outputs) {
    if (result.to !== "dlq" || result.bug === undefined) continue;
    const { bug } = result;
    const stack = bug instanceof Error ? bug.stack : String(bug);
    log.error(`${topic}[${partition}]@${raw.offset}: a bug in enrich(); the message becomes a dead letter`, {
      stack,
    });
  }
}

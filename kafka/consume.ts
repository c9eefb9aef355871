/**
 * The one consume loop: every program that reads Kafka reads through it.
 *
 * In: a group, topics, and `handle`, which gets the messages of one partition, in order, and resolves when all that they cause is
 *   acknowledged. Out: the offset is committed after that, and only then: a crash repeats at most a batch and loses nothing.
 * Errors: of the infrastructure (isOutage): the partition waits and the same batch is tried again, so order is kept. What an output
 *   refuses until somebody puts it right (OutputRefused): the partition steps aside, and the others are read on. What was read of a
 *   topic that is gone (StartOver): the partition is read from another offset on. Any other
 *   error of `handle`, or of kafkajs itself: onCrash, and the process is to end; a bad message is not an error of `handle`.
 * Partitions are handled at the same time, each of them one batch after another. Source: design.md section 4.
 * Over 250 lines: a third is the contract with the callers; joining and watching stand in member.ts and watch.ts.
 */

import type { Consumer as KafkajsConsumer, EachBatchPayload } from "kafkajs";
import { endOffsets, offsetsAt } from "./admin.ts";
import { backoff, sleep } from "./backoff.ts";
import type { Kafka } from "./client.ts";
import { isOutage, mustRejoin, OutputRefused, reasonOf, StartOver } from "./errors.ts";
import { readFetched, type Undecodable } from "./fetched.ts";
import { createMember } from "./member.ts";
import type { InMessage } from "./message.ts";
import type { KafkaLog } from "./outages.ts";
import { createPace } from "./pace.ts";
import { watchOffsets } from "./watch.ts";
import { type TopicPartition, createWatchdog } from "./watchdog.ts";

export type { Undecodable } from "./fetched.ts";
export type { InMessage } from "./message.ts";

export interface Batch {
  topic: string;
  partition: number;
  /** Up to here everything was settled before. */
  first: number;
  /** Up to here everything is settled by this. */
  next: number;
  /** Offsets in between that hold no message: markers, what was aborted or compacted, and all but the first that cannot be read. */
  empty: number;
  /** The messages in the order of their offsets; may be empty. */
  messages: InMessage[];
  /** Offsets among those of the messages that cannot be read by anybody, in order. */
  undecodable?: Undecodable[];
  /** The offset after the partition's last message. */
  highWatermark: number;
}

export interface ConsumeOptions {
  groupId: string;
  topics: string[];
  /** Where to begin when the group has committed nothing; a time needs `commit: false`. */
  from: "earliest" | "latest" | { timestampMs: number };
  /** False: nothing is stored, each start begins at `from`; within a run the place is kept. */
  commit: boolean;
  /** May give a text that is stored beside the offset that is committed. */
  handle: (batch: Batch) => Promise<unknown>;
  log: KafkaLog;
  /** Called at each join: in between another member may have handled batches of the same partitions. */
  onJoin?: () => void;
  /** Called once, when only a new process helps. Default: log it and exit with 1. */
  onCrash?: (error: Error) => void;
  /** Which errors of `handle` pass by waiting, beside Kafka's own: a database's, say. */
  isOutage?: (error: unknown) => boolean;
  /** Compressed bytes of one fetch for a partition; decoded they may be ten times as many. */
  maxBytesPerPartition?: number;
  partitionsAtOnce?: number;
  /** Largest batch that `handle` gets; a fetch that holds more is handed over, and committed, in pieces. */
  maxMessages?: number;
  /** The group gives our partitions to another member after this long without a sign of life. */
  sessionMs?: number;
  /** How long a rebalance waits for a member that has a batch in hand. */
  rebalanceMs?: number;
  /** How often the brokers are asked whether messages wait. */
  watchMs?: number;
  now?: () => number;
}

export interface Consumer {
  /** Finishes the batches in hand, commits them, leaves the group; at most 2 s, then the batch will come again. */
  stop(): Promise<void>;
  /** What is wrong, in words; [] = joined and moving. */
  health(): string[];
  assignment(): TopicPartition[];
}

const SESSION_MS = 6_000;
const REBALANCE_MS = 10_000;
const STOP_MS = 1_800;

/** Returns at once: connecting and joining go on in the background, and `health` tells how far they are. */
export async function consume(kafka: Kafka, options: ConsumeOptions): Promise<Consumer> {
  const { groupId, topics, from, commit, log } = options;
  if (commit && typeof from === "object")
    throw new Error(`group ${groupId}: a start by time needs commit: false`);
  const {
    sessionMs = SESSION_MS,
    rebalanceMs = REBALANCE_MS,
    watchMs = 5_000,
    maxMessages = 1_000,
  } = options;
  const name = `group ${groupId}`;
  const fromBeginning = from !== "latest";
  const stopping = new AbortController();
  const stop = stopping.signal;
  const watchdog = createWatchdog(options.now);
  const watch = watchOffsets(kafka, watchdog, {
    groupId,
    topics,
    fromBeginning,
    commit,
    everyMs: watchMs,
    stop,
  });
  /** Partitions that wait for the infrastructure: place -> why. */
  const blocked = new Map<string, string>();
  /** The next offset of each partition: where to go on when nothing is committed. */
  const positions = new Map<string, number>();
  /** Partitions that stepped aside: place -> how often. */
  const aside = new Map<string, number>();
  let assigned: TopicPartition[] = [];
  let joinedAs: KafkajsConsumer | undefined;
  let inHand = 0;
  const pace = createPace(maxMessages);

  const { maxBytesPerPartition, partitionsAtOnce } = options;
  const member = createMember(kafka, {
    ...{
      groupId,
      topics,
      fromBeginning,
      maxBytesPerPartition,
      partitionsAtOnce,
      sessionMs,
      rebalanceMs,
      stop,
      log,
    },
    prepare: findStart,
    onJoin: joined,
    eachBatch,
  });

  /** Handle, then commit, then go on. Whatever returns early leaves the offset where it was. */
  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { isRunning, isStale, resolveOffset } = payload;
    const began = member.generation();
    const isOurs = (): boolean => member.generation() === began && !isStale();
    if (!isRunning() || !isOurs()) return;

    const heartbeats = keepBeating(payload.heartbeat, sessionMs / 6);
    inHand++;
    try {
      for (const batch of pieces(payload, kafka.maxBatchBytes, pace.size)) {
        const started = performance.now();
        const goOn = (): boolean => isRunning() && isOurs() && !heartbeats.lost();
        const handled = await handleInPlace(batch, goOn, payload.pause);
        if (!handled) throw heartbeats.lost() ?? new GivenUp();
        if (!isOurs()) return;
        const { next } = batch;
        if (commit) await commitInPlace(payload, { offset: String(next), metadata: handled.note }, isOurs);
        if (!isOurs()) return;
        resolveOffset(String(next - 1));
        positions.set(placeOf(batch), next);
        watchdog.moved(batch.topic, batch.partition, next);
        pace.took(performance.now() - started);
      }
    } catch (error) {
      if (error instanceof GivenUp) return; // stopping, or the partition is no longer ours
      if (error instanceof HandlerFailed) return member.fail(error);
      throw error; // kafkajs joins again, or ends and is replaced
    } finally {
      inHand--;
      heartbeats.end();
    }
  }

  /** What `handle` has given; undefined when there was nothing left to wait for. */
  async function handleInPlace(
    batch: Batch,
    goOn: () => boolean,
    pause: EachBatchPayload["pause"],
  ): Promise<{ note: string | undefined } | undefined> {
    const place = placeOf(batch);
    const at = `${place}@${batch.first}`;
    for (let attempt = 0; goOn(); attempt++) {
      try {
        const given = await options.handle(batch);
        const note = typeof given === "string" ? given : undefined;
        aside.delete(place);
        if (blocked.delete(place)) log.info(`${at}: continues`);
        return { note };
      } catch (error) {
        if (error instanceof StartOver) {
          seek(batch, error);
          return undefined;
        }
        const reason = reasonOf(error);
        if (!isOutage(error) && !options.isOutage?.(error))
          throw new HandlerFailed(`${at}, ${batch.messages.length} messages: the handler failed: ${reason}`, {
            cause: error,
          });
        if (!blocked.has(place))
          log.warn(`${at} is held up: ${reason}; the same batch is retried until it succeeds`);
        blocked.set(place, `${at} waits: ${reason}`);
        if (error instanceof OutputRefused) {
          stepAside(place, pause);
          return undefined;
        }
        await backoff(attempt, stop);
      }
    }
    blocked.delete(place);
    return undefined;
  }

  function seek({ topic, partition, first }: Batch, { message, offset }: StartOver): void {
    log.warn(`${placeOf({ topic, partition })}@${first}: ${message}; reading resumes at ${offset}`);
    joinedAs?.seek({ topic, partition, offset: String(offset) });
    positions.set(placeOf({ topic, partition }), offset);
  }

  /** kafkajs fetches again only when all that it fetched is handled: what waits for a person must not be in its hands. */
  function stepAside(place: string, pause: EachBatchPayload["pause"]): void {
    const attempt = aside.get(place) ?? 0;
    aside.set(place, attempt + 1);
    const resume = pause();
    void backoff(attempt, stop).then(resume);
  }

  async function commitInPlace(
    payload: EachBatchPayload,
    commit: { offset: string; metadata: string | undefined },
    isOurs: () => boolean,
  ): Promise<void> {
    const { topic, partition } = payload.batch;
    const offsets = { topics: [{ topic, partitions: [{ partition, ...commit }] }] };
    for (let attempt = 0; ; attempt++) {
      try {
        return await payload.commitOffsetsIfNecessary(offsets);
      } catch (error) {
        if (mustRejoin(error) || !isOutage(error) || !isOurs() || attempt >= 5) throw error;
        await backoff(attempt, stop);
      }
    }
  }

  function joined(consumer: KafkajsConsumer, assignment: Record<string, number[]>): void {
    assigned = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    joinedAs = consumer;
    watchdog.assign(assigned);
    blocked.clear();
    options.onJoin?.();
    for (const { topic, partition } of commit ? [] : assigned) {
      const offset = positions.get(placeOf({ topic, partition }));
      if (offset === undefined) continue;
      consumer.seek({ topic, partition, offset: String(offset) });
      watchdog.moved(topic, partition, offset);
    }
    log.info(`${name}: joined`, { assignment });
  }

  /** Fixes the start, where nothing is committed, once and before the first join, so that an outage neither skips nor repeats. */
  async function findStart(): Promise<void> {
    if (commit || from === "earliest") return;
    for (const topic of topics) {
      const starts =
        from === "latest"
          ? (await endOffsets(kafka, topic)).map(({ partition, high }) => ({ partition, offset: high }))
          : await offsetsAt(kafka, topic, from.timestampMs);
      for (const { partition, offset } of starts) {
        const place = placeOf({ topic, partition });
        if (!positions.has(place)) positions.set(place, offset);
      }
    }
  }

  function crash(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    log.error(`${name}: ended by an error: ${failure.message}`, { error: failure });
    if (options.onCrash) options.onCrash(failure);
    else process.exit(1);
  }

  const membership = member.run().then((error) => {
    if (error !== undefined) crash(error);
  });
  const running = Promise.all([membership, watch.run()]);

  return {
    async stop() {
      stopping.abort();
      const end = await Promise.race([running, sleep(STOP_MS).then(() => "late" as const)]);
      if (end !== "late") return;
      const what =
        inHand > 0 ? "in the middle of a batch, which will be read again" : "without leaving the group";
      log.warn(`${name}: stopped ${what}`);
    },
    health() {
      const outside = stop.aborted ? "stopped" : member.outside();
      if (outside !== undefined) return [`${name} has not joined: ${outside}`];
      return [watch.reason() ?? [], ...blocked.values(), ...watchdog.reasons()].flat();
    },
    assignment: () => (member.outside() === undefined ? assigned : []),
  };
}

class GivenUp extends Error {}
class HandlerFailed extends Error {}

/** Heartbeats while a batch is in hand, so that a long one costs no rebalance; remembers that the group left us. */
function keepBeating(heartbeat: () => Promise<void>, everyMs: number): { lost(): unknown; end(): void } {
  let lost: unknown;
  const beat = (): void => {
    heartbeat().catch((error) => {
      if (mustRejoin(error)) lost = error;
    });
  };
  const timer = setInterval(beat, everyMs);
  return { lost: () => lost, end: () => clearInterval(timer) };
}

/** What was fetched, in batches of our own size: a compressed fetch may hold ten thousand messages. */
function* pieces({ batch }: EachBatchPayload, maxBatchBytes: number, size: () => number): Generator<Batch> {
  const { topic, partition, bytes, lastStableOffset, abortedTransactions } = batch;
  const place = { topic, partition, highWatermark: Number(batch.highWatermark) };
  let first = Number(batch.fetchedOffset);
  let next = first;
  let messages: InMessage[] = [];
  let undecodable: Undecodable[] = [];
  let empty = 0;
  const spans = readFetched({
    bytes,
    from: first,
    stableEnd: Number(lastStableOffset),
    aborted: abortedTransactions,
    maxBatchBytes,
  });
  for (const { undecodable: unread, ...span } of spans) {
    if (unread) undecodable.push(unread);
    messages = messages.length === 0 ? span.messages : messages.concat(span.messages);
    empty += span.empty;
    next = span.next;
    for (let most = size(); messages.length > most; most = size()) {
      const rest = messages.slice(most);
      const cut = rest[0]?.offset ?? next;
      // What cannot be read stands before the newest span's messages, and each range of it is settled by one output.
      const before = undecodable.filter(({ first: at }) => at < cut);
      const emptyBefore = cut - first - most - before.length;
      yield {
        ...place,
        first,
        next: cut,
        messages: messages.slice(0, most),
        empty: emptyBefore,
        undecodable: before,
      };
      undecodable = undecodable.slice(before.length);
      empty -= emptyBefore;
      first = cut;
      messages = rest;
    }
  }
  if (next > first) yield { ...place, first, next, messages, empty, undecodable };
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`;
}

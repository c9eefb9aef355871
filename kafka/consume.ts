/**
 * The one consume loop: every program that reads Kafka reads through it.
 *
 * In: a group, topics, and `handle`, which gets the messages of one partition, in order, and resolves when all that they cause is
 *   acknowledged. Out: the offset is committed after that, and only then: a crash repeats at most a batch and loses nothing.
 * Errors: of the infrastructure (isOutage): the partition waits and the same batch is tried again, so order is kept. Any other
 *   error of `handle`, or of kafkajs itself: onCrash, and the process is to end; a bad message is not an error of `handle`.
 * Partitions are handled at the same time, each of them one batch after another. Source: design.md section 4.
 */

import type { Consumer as KafkajsConsumer, EachBatchPayload, Kafka } from "kafkajs";
import { endOffsets, offsetsAt } from "./admin.ts";
import { backoff, sleep } from "./backoff.ts";
import { isOutage, mustRejoin, reasonOf } from "./errors.ts";
import { committedOffsets } from "./lag.ts";
import { type InMessage, toInMessage } from "./message.ts";
import type { KafkaLog } from "./outages.ts";
import { type Place, createWatchdog } from "./watchdog.ts";

export type { InMessage } from "./message.ts";

export interface Batch {
  topic: string;
  partition: number;
  /** In the order of their offsets; never empty. */
  messages: InMessage[];
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
  handle: (batch: Batch) => Promise<void>;
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
  /** Without a sign of life for so long the group gives our partitions to another. */
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
  assignment(): Place[];
}

const SESSION_MS = 6_000;
const REBALANCE_MS = 10_000;
const STOP_MS = 1_800;

/** Returns at once: connecting and joining go on in the background, and `health` tells how far they are. */
export async function consume(kafka: Kafka, options: ConsumeOptions): Promise<Consumer> {
  const { groupId, topics, from, commit, log, now = Date.now } = options;
  if (commit && typeof from === "object")
    throw new Error(`group ${groupId}: a start by time needs commit: false`);
  const waits = (error: unknown): boolean => isOutage(error) || options.isOutage?.(error) === true;
  const name = `group ${groupId}`;
  const { sessionMs = SESSION_MS, rebalanceMs = REBALANCE_MS } = options;
  const stopping = new AbortController();
  const watchdog = createWatchdog(now);
  /** Partitions that wait for the infrastructure: place -> why. */
  const blocked = new Map<string, string>();
  /** The next offset of each partition: where to go on when nothing is committed. */
  const positions = new Map<string, number>();
  let assigned: Place[] = [];
  /** Why we are not a member of the group; undefined: we are. */
  let outside: string | undefined = "connecting";
  let unreachable: string | undefined;
  /** Counts the joins: a batch that was begun under another number is not ours any more. */
  let generation = 0;

  /** One kafkajs consumer after another, until stop or crash: a new one is the surest way out of an outage. */
  async function run(): Promise<void> {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      const before = generation;
      const error = await runOnce().catch((thrown) => thrown as unknown);
      if (stopping.signal.aborted) return;
      if (!isOutage(error)) return crash(error);
      outside = reasonOf(error);
      if (generation > before) attempt = 0;
      await backoff(attempt, stopping.signal);
    }
  }

  /** Resolves with the error that ended the consumer, or with undefined after a stop. */
  async function runOnce(): Promise<unknown> {
    const consumer = kafka.consumer({
      groupId,
      allowAutoTopicCreation: false,
      sessionTimeout: sessionMs,
      heartbeatInterval: sessionMs / 3,
      rebalanceTimeout: rebalanceMs,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 262_144,
      maxWaitTimeInMs: 500, // a stop waits for the fetch that is under way
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 8, restartOnFailure: async () => false },
    });
    const ended = Promise.withResolvers<unknown>();
    const { CRASH, GROUP_JOIN, REBALANCING, END_BATCH_PROCESS } = consumer.events;
    consumer.on(CRASH, ({ payload }) => ended.resolve(payload.error));
    consumer.on(GROUP_JOIN, ({ payload }) => joined(consumer, payload.memberAssignment));
    consumer.on(REBALANCING, () => {
      outside = "the group is rebalancing";
    });
    consumer.on(END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
      // Only markers of transactions: kafkajs skips them without asking us.
      if (batchSize === 0) watchdog.moved(topic, partition, Number(lastOffset) + 1);
    });
    stopping.signal.addEventListener("abort", () => ended.resolve(undefined), { once: true });
    try {
      await consumer.connect();
      await findStart();
      await consumer.subscribe({ topics, fromBeginning: from !== "latest" });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: options.partitionsAtOnce ?? 16,
        eachBatch: (payload) => eachBatch(payload, ended.resolve),
      });
      return await ended.promise;
    } finally {
      outside ??= "disconnected";
      await consumer.disconnect().catch(() => {});
    }
  }

  /** Without commits the start is fixed once, before the first join, so that an outage neither skips nor repeats. */
  async function findStart(): Promise<void> {
    if (commit || from === "earliest") return;
    for (const topic of topics) {
      const starts =
        from === "latest"
          ? (await endOffsets(kafka, topic)).map(({ partition, high }) => ({ partition, offset: high }))
          : await offsetsAt(kafka, topic, from.timestampMs);
      for (const { partition, offset } of starts) {
        const place = `${topic}[${partition}]`;
        if (!positions.has(place)) positions.set(place, offset);
      }
    }
  }

  function joined(consumer: KafkajsConsumer, memberAssignment: Record<string, number[]>): void {
    generation++;
    outside = undefined;
    assigned = Object.entries(memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    watchdog.assign(assigned);
    options.onJoin?.();
    for (const { topic, partition } of commit ? [] : assigned) {
      const offset = positions.get(`${topic}[${partition}]`);
      if (offset === undefined) continue;
      consumer.seek({ topic, partition, offset: String(offset) });
      watchdog.moved(topic, partition, offset);
    }
    log.info(`${name}: joined`, { assignment: memberAssignment });
  }

  /** The heart: handle, then commit, then go on. Whatever returns early leaves the offset where it was. */
  async function eachBatch(payload: EachBatchPayload, fail: (error: unknown) => void): Promise<void> {
    const { isRunning, isStale, resolveOffset } = payload;
    const began = generation;
    const isOurs = (): boolean => generation === began && !isStale();
    if (!isRunning() || !isOurs()) return;

    const heartbeats = keepBeating(payload.heartbeat, sessionMs / 6);
    try {
      for (const batch of pieces(payload, options.maxMessages ?? 1_000)) {
        const goOn = (): boolean => isRunning() && isOurs() && !heartbeats.lost();
        const handled = await handleInPlace(batch, goOn);
        if (!handled) throw heartbeats.lost() ?? new GivenUp();
        if (!isOurs()) return;
        const last = batch.messages.at(-1)?.offset ?? 0;
        if (commit) await commitInPlace(payload, last + 1, isOurs);
        if (!isOurs()) return;
        resolveOffset(String(last));
        positions.set(placeOf(batch), last + 1);
        watchdog.moved(batch.topic, batch.partition, last + 1);
      }
    } catch (error) {
      if (error instanceof GivenUp) return; // stopping, or the partition is no longer ours
      if (error instanceof HandlerFailed) return fail(error);
      throw error; // kafkajs joins again, or ends and is replaced
    } finally {
      heartbeats.end();
    }
  }

  /** True when handled; false when there was nothing left to wait for. */
  async function handleInPlace(batch: Batch, goOn: () => boolean): Promise<boolean> {
    const place = placeOf(batch);
    const offset = batch.messages[0]?.offset;
    for (let attempt = 0; goOn(); attempt++) {
      try {
        await options.handle(batch);
        if (blocked.delete(place)) log.info(`${place}@${offset}: goes on`);
        return true;
      } catch (error) {
        if (!waits(error)) {
          const count = batch.messages.length;
          throw new HandlerFailed(
            `${place}@${offset}, ${count} messages: the handler failed: ${reasonOf(error)}`,
            { cause: error },
          );
        }
        const why = `${place}@${offset} waits: ${reasonOf(error)}`;
        if (!blocked.has(place)) log.warn(`${why}; the same batch is tried again until it passes`);
        blocked.set(place, why);
        await backoff(attempt, stopping.signal);
      }
    }
    blocked.delete(place);
    return false;
  }

  async function commitInPlace(
    payload: EachBatchPayload,
    next: number,
    isOurs: () => boolean,
  ): Promise<void> {
    const { topic, partition } = payload.batch;
    for (let attempt = 0; ; attempt++) {
      try {
        return await payload.commitOffsetsIfNecessary({
          topics: [{ topic, partitions: [{ partition, offset: String(next) }] }],
        });
      } catch (error) {
        if (mustRejoin(error) || !isOutage(error) || !isOurs() || attempt >= 5) throw error;
        await backoff(attempt, stopping.signal);
      }
    }
  }

  function crash(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    outside = `ended by an error: ${reasonOf(failure)}`;
    log.error(`${name}: ended by an error: ${failure.message}`, { error: failure });
    if (options.onCrash) options.onCrash(failure);
    else process.exit(1);
  }

  /** Asks the brokers, on a connection of its own, whether messages wait. */
  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(options.watchMs ?? 5_000, stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        for (const topic of topics) await compareOffsets(topic);
        unreachable = undefined;
      } catch (error) {
        unreachable = `${name}: the brokers do not tell their offsets: ${reasonOf(error)}`;
      }
    }
  }

  async function compareOffsets(topic: string): Promise<void> {
    const unknown = watchdog.unknown().filter((place) => place.topic === topic);
    const committed =
      commit && unknown.length > 0
        ? await committedOffsets(kafka, groupId, topic)
        : new Map<number, number>();
    for (const { partition, low, high } of await endOffsets(kafka, topic)) {
      const start = committed.get(partition) ?? (from === "latest" ? high : low);
      if (unknown.some((place) => place.partition === partition)) watchdog.moved(topic, partition, start);
      watchdog.ends(topic, partition, high);
    }
  }

  const running = run();
  const watching = watch();

  return {
    async stop() {
      stopping.abort();
      const late = sleep(STOP_MS).then(() => "late");
      if ((await Promise.race([Promise.all([running, watching]), late])) === "late")
        log.warn(`${name}: stopped in the middle of a batch, which will come again`);
      outside = "stopped";
    },
    health() {
      if (outside !== undefined) return [`${name} has not joined: ${outside}`];
      return [...(unreachable ? [unreachable] : []), ...blocked.values(), ...watchdog.reasons()];
    },
    assignment: () => (outside === undefined ? assigned : []),
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
function* pieces({ batch }: EachBatchPayload, size: number): Generator<Batch> {
  const { topic, partition, messages } = batch;
  const highWatermark = Number(batch.highWatermark);
  for (let at = 0; at < messages.length; at += size)
    yield { topic, partition, messages: messages.slice(at, at + size).map(toInMessage), highWatermark };
}

function placeOf({ topic, partition }: Place): string {
  return `${topic}[${partition}]`;
}

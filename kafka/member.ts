/**
 * Keeps us a member of a consumer group: one kafkajs consumer after another, until stop or crash.
 *
 * In: what kafkajs needs, and what to do at a join and with a batch. Out: a promise that ends with the membership.
 * Errors: an outage costs the consumer, and a new one joins after a back-off, the surest way out of a bad state of kafkajs; any
 *   other error ends `run` with it. kafkajs's own restart is off: it meets the same error for ever, or stays up reading nothing.
 */

import type { Consumer as KafkajsConsumer, EachBatchPayload, Kafka } from "kafkajs";
import { backoff } from "./backoff.ts";
import { METADATA_MAX_AGE_MS } from "./client.ts";
import { isGroupHeld, isOutage, protocolType, reasonOf } from "./errors.ts";
import type { KafkaLog } from "./outages.ts";

export interface MemberOptions {
  groupId: string;
  topics: string[];
  fromBeginning: boolean;
  maxBytesPerPartition?: number;
  partitionsAtOnce?: number;
  sessionMs: number;
  rebalanceMs: number;
  stop: AbortSignal;
  log: KafkaLog;
  /** Before each join. */
  prepare: () => Promise<void>;
  onJoin: (consumer: KafkajsConsumer, assignment: Record<string, number[]>) => void;
  eachBatch: (payload: EachBatchPayload) => Promise<void>;
}

const HELD = "the group is held by members of another protocol: it joins when they have left";

export function createMember(kafka: Kafka, options: MemberOptions) {
  const { groupId, topics, stop, log } = options;
  /** Why we are not a member; undefined: we are. */
  let outside: string | undefined = "connecting";
  let joins = 0;
  let end: (error: unknown) => void = () => {};

  /** Resolves with undefined after a stop, with the error after a crash. */
  async function run(): Promise<unknown> {
    for (let attempt = 0; !stop.aborted; attempt++) {
      const before = joins;
      const error = await runOnce().catch((thrown) => thrown as unknown);
      if (stop.aborted) break;
      const reason = reasonInWords(error);
      if (isGroupHeld(error) && outside !== reason) log.warn(`group ${groupId} waits: ${reason}`);
      outside = isOutage(error) ? reason : `ended by an error: ${reason}`;
      if (!isOutage(error)) return error;
      if (joins > before) attempt = 0;
      await backoff(attempt, stop);
    }
    outside = "stopped";
    return undefined;
  }

  function reasonInWords(error: unknown): string {
    if (isGroupHeld(error)) return HELD;
    // kafkajs's "does not host this topic-partition" names none.
    return protocolType(error) ? `${topics.join(", ")}: ${reasonOf(error)}` : reasonOf(error);
  }

  async function runOnce(): Promise<unknown> {
    const consumer = kafka.consumer({
      groupId,
      allowAutoTopicCreation: false,
      sessionTimeout: options.sessionMs,
      // A rebalance is learned of at a heartbeat: a hand-over waits for the next one.
      heartbeatInterval: Math.min(options.sessionMs / 3, 500),
      rebalanceTimeout: options.rebalanceMs,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 262_144,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      maxWaitTimeInMs: 500, // a stop waits for the fetch that is under way
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 8, restartOnFailure: async () => false },
    });
    const ended = Promise.withResolvers<unknown>();
    end = ended.resolve;
    stop.addEventListener("abort", ended.resolve, { once: true });
    follow(consumer);
    try {
      await consumer.connect();
      await options.prepare();
      await consumer.subscribe({ topics, fromBeginning: options.fromBeginning });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        batchesAsBytes: true,
        partitionsConsumedConcurrently: options.partitionsAtOnce ?? 16,
        eachBatch: options.eachBatch,
      });
      return await ended.promise;
    } finally {
      stop.removeEventListener("abort", ended.resolve);
      outside ??= "disconnected";
      await consumer.disconnect().catch(() => {});
    }
  }

  function follow(consumer: KafkajsConsumer): void {
    const { CRASH, GROUP_JOIN, REBALANCING } = consumer.events;
    consumer.on(CRASH, ({ payload }) => end(payload.error));
    consumer.on(GROUP_JOIN, ({ payload }) => {
      joins++;
      outside = undefined;
      options.onJoin(consumer, payload.memberAssignment);
    });
    consumer.on(REBALANCING, () => {
      outside = "the group is rebalancing";
    });
  }

  return {
    run,
    /** Ends the consumer with an error that only a new process mends. */
    fail: (error: unknown): void => end(error),
    outside: (): string | undefined => outside,
    /** Counts the joins: a batch that was begun under another number is not ours any more. */
    generation: (): number => joins,
  };
}

/**
 * Fetch: whole batches from the one that holds the offset, waiting for them if need be.
 *
 * A partition with an error answers at once. The first batch comes even when it is larger than asked for.
 * Wakes on append and on deletion of a topic. Not done: fetch sessions (id 0 always), followers, isolation levels.
 */
import type { Partition } from "../log.ts";
import { lengthOf } from "../protocol/codec.ts";
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, type Broker, eachPartition } from "./api.ts";

const MOST_BYTES = 57_671_680; // Kafka's own default for an answer

const wantedPartition = {
  index: t.int32,
  currentLeaderEpoch: t.unused(t.int32, -1, 9),
  fetchOffset: t.int64,
  logStartOffset: t.unused(t.int64, -1, 5),
  maxBytes: t.int32,
};
type Wanted = t.ValueOf<typeof wantedPartition>;

export const fetch = api(1, "Fetch", [4, 11], {
  request: {
    replicaId: t.unused(t.int32, -1),
    maxWaitMs: t.int32,
    minBytes: t.int32,
    maxBytes: t.int32,
    isolationLevel: t.unused(t.int8, 0),
    sessionId: t.unused(t.int32, 0, 7),
    sessionEpoch: t.unused(t.int32, -1, 7),
    topics: t.topicsOf(wantedPartition),
    forgottenTopics: t.unused(t.arrayOf({ name: t.string, partitions: t.array(t.int32) }), [], 7),
    rackId: t.unused(t.string, "", 11),
  },
  response: {
    throttleTimeMs: t.throttleTimeMs(),
    errorCode: t.unused(t.int16, ERROR.NONE, 7),
    sessionId: t.unused(t.int32, 0, 7),
    topics: t.topicsOf({
      index: t.int32,
      errorCode: t.int16,
      highWatermark: t.int64,
      lastStableOffset: t.int64,
      logStartOffset: t.since(5, t.int64, -1),
      abortedTransactions: t.unused(t.nullableArrayOf({ producerId: t.int64, firstOffset: t.int64 }), null),
      preferredReadReplica: t.unused(t.int32, -1, 11),
      records: t.bytesInParts,
    }),
  },
  async handle(broker, { topics, minBytes, maxBytes, maxWaitMs }, { signal }) {
    const first = readAll(broker, topics, maxBytes);
    const missing = minBytes - first.bytes;
    if (first.failed || missing <= 0 || maxWaitMs <= 0) return first;
    const known = topics.flatMap(({ name, partitions }) =>
      partitions.flatMap(({ index }) => broker.topics.partition(name, index) ?? []),
    );
    await moreBytes(known, missing, maxWaitMs, signal);
    return signal.aborted ? undefined : readAll(broker, topics, maxBytes);
  },
});

function readAll(broker: Broker, wanted: { name: string; partitions: Wanted[] }[], maxBytes: number) {
  const most = Math.min(maxBytes, MOST_BYTES);
  let bytes = 0;
  let failed = false;
  const topics = eachPartition(wanted, (topic, it) => {
    const answer = readOne(broker, broker.topics.partition(topic, it.index), it, most - bytes);
    bytes += lengthOf(answer.records);
    failed ||= answer.errorCode !== ERROR.NONE;
    return answer;
  });
  return { topics, bytes, failed };
}

function readOne(broker: Broker, partition: Partition | undefined, wanted: Wanted, budget: number) {
  const { logStart, end } = partition ?? { logStart: -1, end: -1 };
  const { fetchOffset, maxBytes } = wanted;
  const marks = { highWatermark: end, lastStableOffset: end, logStartOffset: logStart };
  const answer = (errorCode: number, records: Buffer[] = []) => ({ errorCode, ...marks, records });
  if (!partition) return answer(ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  if (fetchOffset < logStart || fetchOffset > end) return answer(ERROR.OFFSET_OUT_OF_RANGE);
  if (budget <= 0) return answer(ERROR.NONE);
  const { batches, damaged } = broker.log.read(partition, fetchOffset, Math.min(maxBytes, budget));
  return answer(damaged && batches.length === 0 ? ERROR.CORRUPT_MESSAGE : ERROR.NONE, batches);
}

/** Resolves when `missing` bytes have come, after `maxWaitMs`, or when the client is gone. */
function moreBytes(partitions: Partition[], missing: number, maxWaitMs: number, gone: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let left = missing;
  const wake = (bytes: number) => {
    left -= bytes;
    if (left <= 0) resolve(undefined);
  };
  const timer = setTimeout(resolve, maxWaitMs, undefined).unref();
  gone.addEventListener("abort", resolve);
  for (const { waiters } of partitions) waiters.add(wake);
  return promise.finally(() => {
    clearTimeout(timer);
    gone.removeEventListener("abort", resolve);
    for (const { waiters } of partitions) waiters.delete(wake);
  });
}

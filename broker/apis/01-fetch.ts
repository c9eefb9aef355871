/**
 * Fetch: whole batches from the one that holds the offset, waiting for them if need be.
 *
 * A partition with an error answers at once. The first batch comes even when it is larger than asked for.
 * Wakes on append and on deletion of a topic. Not done: fetch sessions (id 0 always), followers, isolation levels.
 */
import type { Partition } from "../log.ts";
import { ERROR } from "../protocol/errors.ts";
import {
  arrayOf,
  batches,
  int8,
  int16,
  int32,
  int64,
  nullableArrayOf,
  since,
  string,
  throttleTimeMs,
  unused,
  array,
} from "../protocol/fields.ts";
import { api, type Broker, type Call } from "./api.ts";

interface Wanted {
  partition: Partition | undefined;
  index: number;
  fetchOffset: number;
  maxBytes: number;
}

interface WantedTopic {
  name: string;
  partitions: Wanted[];
}

export const fetch = api({
  key: 1,
  name: "Fetch",
  versions: [4, 11],
  request: {
    replicaId: unused(int32, -1),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32,
    isolationLevel: unused(int8, 0),
    sessionId: unused(int32, 0, 7),
    sessionEpoch: unused(int32, -1, 7),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({
        index: int32,
        currentLeaderEpoch: unused(int32, -1, 9),
        fetchOffset: int64,
        logStartOffset: unused(int64, -1, 5),
        maxBytes: int32,
      }),
    }),
    forgottenTopics: unused(arrayOf({ name: string, partitions: array(int32) }), [], 7),
    rackId: unused(string, "", 11),
  },
  response: {
    throttleTimeMs: throttleTimeMs(),
    errorCode: unused(int16, ERROR.NONE, 7),
    sessionId: unused(int32, 0, 7),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({
        index: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: int64,
        logStartOffset: since(5, int64, -1),
        abortedTransactions: unused(nullableArrayOf({ producerId: int64, firstOffset: int64 }), null),
        preferredReadReplica: unused(int32, -1, 11),
        records: batches,
      }),
    }),
  },
  async handle(broker, request, call) {
    const { maxBytes, minBytes } = request;
    const wanted = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((it) => ({ ...it, partition: broker.topics.partition(name, it.index) })),
    }));
    const first = readAll(broker, wanted, maxBytes);
    const missing = minBytes - first.bytes;
    if (first.failed || missing <= 0 || request.maxWaitMs <= 0) return first;
    const waitedOn = wanted.flatMap(({ partitions }) => partitions.flatMap((it) => it.partition ?? []));
    await moreBytes(waitedOn, missing, request.maxWaitMs, call);
    return call.signal.aborted ? undefined : readAll(broker, wanted, maxBytes);
  },
});

function readAll(broker: Broker, wanted: WantedTopic[], maxBytes: number) {
  let bytes = 0;
  let failed = false;
  const topics = wanted.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((it) => {
      // A deleted topic's partitions are no longer those that the broker has.
      const isThere = it.partition && broker.topics.partition(name, it.index) === it.partition;
      const answer = readOne(broker, isThere ? it.partition : undefined, it, maxBytes - bytes);
      bytes += answer.records.reduce((sum, batch) => sum + batch.length, 0);
      failed ||= answer.errorCode !== ERROR.NONE;
      return answer;
    }),
  }));
  return { topics, bytes, failed };
}

function readOne(broker: Broker, partition: Partition | undefined, wanted: Wanted, budget: number) {
  const { index, fetchOffset } = wanted;
  const high = partition?.end ?? -1;
  const answer = {
    index,
    errorCode: ERROR.NONE as number,
    highWatermark: high,
    lastStableOffset: high,
    logStartOffset: partition?.logStart ?? -1,
    records: [] as Buffer[],
  };
  if (!partition) return { ...answer, errorCode: ERROR.UNKNOWN_TOPIC_OR_PARTITION };
  if (fetchOffset < partition.logStart || fetchOffset > partition.end) {
    return { ...answer, errorCode: ERROR.OFFSET_OUT_OF_RANGE };
  }
  if (budget <= 0) return answer;
  const { batches: records, damaged } = broker.log.read(
    partition,
    fetchOffset,
    Math.min(wanted.maxBytes, budget),
  );
  const stuck = damaged && records.length === 0;
  return { ...answer, records, errorCode: stuck ? ERROR.CORRUPT_MESSAGE : ERROR.NONE };
}

/** Resolves when `missing` bytes have come, after `maxWaitMs`, or when the client is gone. */
function moreBytes(partitions: Partition[], missing: number, maxWaitMs: number, call: Call): Promise<void> {
  return new Promise((resolve) => {
    let left = missing;
    const done = () => {
      clearTimeout(timer);
      call.signal.removeEventListener("abort", done);
      for (const { waiters } of partitions) waiters.delete(wake);
      resolve();
    };
    const wake = (bytes: number) => {
      left -= bytes;
      if (left <= 0) done();
    };
    const timer = setTimeout(done, maxWaitMs).unref();
    call.signal.addEventListener("abort", done);
    for (const { waiters } of partitions) waiters.add(wake);
  });
}

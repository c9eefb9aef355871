/**
 * ListOffsets: the log's start (-2), its end (-1), or the first message at or after a time.
 *
 * Walks into the batch, up to a bound for each request; behind it the batch's first offset is the answer.
 * Not done: the largest timestamp (-3, from version 7).
 */
import type { Partition } from "../log.ts";
import type { Budget } from "../protocol/batch.ts";
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, type Broker, eachPartition, LEADER_EPOCH } from "./api.ts";

const END = -1;
const START = -2;
/** The most bytes of unpacked records that one request may cost. */
const MOST_BYTES = 67_108_864;

export const listOffsets = api(2, "ListOffsets", [1, 4], {
  request: {
    replicaId: t.unused(t.int32, -1),
    isolationLevel: t.unused(t.int8, 0, 2),
    topics: t.topicsOf({ index: t.int32, currentLeaderEpoch: t.unused(t.int32, -1, 4), timestamp: t.int64 }),
  },
  response: {
    throttleTimeMs: t.throttleTimeMs(2),
    topics: t.topicsOf({
      index: t.int32,
      errorCode: t.int16,
      timestamp: t.int64,
      offset: t.int64,
      leaderEpoch: t.since(4, t.int32, -1),
    }),
  },
  handle(broker, { topics: wanted }) {
    const budget = { bytes: MOST_BYTES };
    const topics = eachPartition(wanted, (topic, { index, timestamp }) => {
      const partition = broker.topics.partition(topic, index);
      const errorCode = partition ? ERROR.NONE : ERROR.UNKNOWN_TOPIC_OR_PARTITION;
      const found = partition && find(broker, partition, timestamp, budget);
      if (!found) return { errorCode, timestamp: -1, offset: -1, leaderEpoch: -1 };
      return { errorCode, ...found, leaderEpoch: LEADER_EPOCH };
    });
    return { topics };
  },
});

function find(broker: Broker, partition: Partition, timestamp: number, budget: Budget) {
  if (timestamp === END) return { timestamp: -1, offset: partition.end };
  if (timestamp === START) return { timestamp: -1, offset: partition.logStart };
  return broker.log.firstSince(partition, timestamp, budget);
}

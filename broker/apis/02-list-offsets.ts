/**
 * ListOffsets: the log's start (-2), its end (-1), or the first message at or after a time.
 *
 * Walks into a batch without compression, with gzip or zstd; snappy and lz4 give the batch's first offset.
 * Not done: the largest timestamp (-3, from version 7).
 */
import type { Partition } from "../log.ts";
import { ERROR } from "../protocol/errors.ts";
import {
  arrayOf,
  int8,
  int16,
  int32,
  int64,
  since,
  string,
  throttleTimeMs,
  unused,
} from "../protocol/fields.ts";
import { api, type Broker, LEADER_EPOCH } from "./api.ts";

const END = -1;
const START = -2;

export const listOffsets = api({
  key: 2,
  name: "ListOffsets",
  versions: [1, 4],
  request: {
    replicaId: unused(int32, -1),
    isolationLevel: unused(int8, 0, 2),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({ index: int32, currentLeaderEpoch: unused(int32, -1, 4), timestamp: int64 }),
    }),
  },
  response: {
    throttleTimeMs: throttleTimeMs(2),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({
        index: int32,
        errorCode: int16,
        timestamp: int64,
        offset: int64,
        leaderEpoch: since(4, int32, -1),
      }),
    }),
  },
  handle: (broker, { topics }) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, timestamp }) => {
        const partition = broker.topics.partition(name, index);
        const errorCode = partition ? ERROR.NONE : ERROR.UNKNOWN_TOPIC_OR_PARTITION;
        const found = partition && find(broker, partition, timestamp);
        const nothing = { timestamp: -1, offset: -1 };
        return { index, errorCode, leaderEpoch: found ? LEADER_EPOCH : -1, ...(found ?? nothing) };
      }),
    })),
  }),
});

function find(broker: Broker, partition: Partition, timestamp: number) {
  if (timestamp === END) return { timestamp: -1, offset: partition.end };
  if (timestamp === START) return { timestamp: -1, offset: partition.logStart };
  return broker.log.firstSince(partition, timestamp);
}

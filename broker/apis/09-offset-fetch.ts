/** OffsetFetch: what a group has committed; -1 where it has nothing. A null list (from version 2) means all. */
import { ERROR } from "../protocol/errors.ts";
import {
  array,
  arrayOf,
  int16,
  int32,
  int64,
  nullableArrayOf,
  nullableString,
  since,
  string,
  throttleTimeMs,
  unused,
} from "../protocol/fields.ts";
import { api } from "./api.ts";

export const offsetFetch = api({
  key: 9,
  name: "OffsetFetch",
  versions: [1, 5],
  request: {
    groupId: string,
    topics: nullableArrayOf({ name: string, partitionIndexes: array(int32) }),
  },
  response: {
    throttleTimeMs: throttleTimeMs(3),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: since(5, int32, -1),
        metadata: nullableString,
        errorCode: unused(int16, ERROR.NONE),
      }),
    }),
    errorCode: unused(int16, ERROR.NONE, 2),
  },
  handle(broker, { groupId, topics }) {
    const byTopic = Map.groupBy(broker.groups.committed.of(groupId), ({ topic }) => topic);
    const all = [...byTopic].map(([name, offsets]) => ({
      name,
      partitionIndexes: offsets.map(({ partition }) => partition),
    }));
    return {
      topics: (topics ?? all).map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          const offset = byTopic.get(name)?.find(({ partition }) => partition === partitionIndex);
          return {
            partitionIndex,
            committedOffset: offset?.committed_offset ?? -1,
            committedLeaderEpoch: offset?.leader_epoch ?? -1,
            metadata: offset?.metadata ?? "",
          };
        }),
      })),
    };
  },
});

/** OffsetFetch: what a group has committed; -1 where it has nothing. A null list (from version 2) means all. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

export const offsetFetch = api(9, "OffsetFetch", [1, 5], {
  request: {
    groupId: t.string,
    topics: t.nullableArrayOf({ name: t.string, indexes: t.array(t.int32) }),
  },
  response: {
    throttleTimeMs: t.throttleTimeMs(3),
    topics: t.topicsOf({
      index: t.int32,
      offset: t.int64,
      leaderEpoch: t.since(5, t.int32, -1),
      metadata: t.nullableString,
      errorCode: t.unused(t.int16, ERROR.NONE),
    }),
    errorCode: t.unused(t.int16, ERROR.NONE, 2),
  },
  handle(broker, { groupId, topics }) {
    const byTopic = Map.groupBy(broker.groups.committed(groupId), ({ topic }) => topic);
    const all = [...byTopic].map(([name, offsets]) => ({ name, indexes: offsets.map((it) => it.partition) }));
    const answer = (name: string, index: number) => {
      const found = byTopic.get(name)?.find(({ partition }) => partition === index);
      return { index, ...(found ?? { offset: -1, leaderEpoch: -1, metadata: "" }) };
    };
    return {
      topics: (topics ?? all).map(({ name, indexes }) => ({
        name,
        partitions: indexes.map((index) => answer(name, index)),
      })),
    };
  },
});

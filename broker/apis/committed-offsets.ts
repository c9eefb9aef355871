/**
 * OffsetCommit and OffsetFetch: what a group has handled, kept over a restart.
 *
 * Committed by a member of the current generation, or by anyone (generation -1) while the group has no members.
 * Not done: expiry; the retention time of versions 2 to 4 is passed over.
 */
import type { CommittedOffset } from "../groups.ts";
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, eachPartition } from "./api.ts";

const MAX_METADATA = 4_096;

export const offsetCommit = api(8, "OffsetCommit", [1, 7], {
  request: {
    groupId: t.string,
    generationId: t.int32,
    memberId: t.string,
    groupInstanceId: t.since(7, t.nullableString, null),
    retentionTimeMs: t.unused(t.int64, -1, 2, 4),
    topics: t.topicsOf({
      index: t.int32,
      offset: t.int64,
      leaderEpoch: t.since(6, t.int32, -1),
      commitTimestamp: t.unused(t.int64, -1, 1, 1),
      metadata: t.nullableString,
    }),
  },
  response: {
    throttleTimeMs: t.throttleTimeMs(3),
    topics: t.topicsOf({ index: t.int32, errorCode: t.int16 }),
  },
  handle({ groups, topics: known }, { groupId, generationId, topics, ...who }) {
    const stranger = generationId < 0 ? ERROR.NONE : ERROR.UNKNOWN_MEMBER_ID;
    const groupFault = groups.byId.get(groupId)?.commitFault(who, generationId) ?? stranger;
    const accepted: CommittedOffset[] = [];
    const answer = eachPartition(topics, (topic, { index, offset, leaderEpoch, metadata }) => {
      if (groupFault !== ERROR.NONE) return { errorCode: groupFault };
      if (!known.partition(topic, index)) return { errorCode: ERROR.UNKNOWN_TOPIC_OR_PARTITION };
      if ((metadata ?? "").length > MAX_METADATA) return { errorCode: ERROR.OFFSET_METADATA_TOO_LARGE };
      accepted.push({ topic, index, offset, leaderEpoch, metadata: metadata ?? "" });
      return { errorCode: ERROR.NONE };
    });
    groups.commit(groupId, accepted);
    return { topics: answer };
  },
});

/** -1 where the group has nothing. A null list (from version 2) means all. */
export const offsetFetch = api(9, "OffsetFetch", [1, 5], {
  request: { groupId: t.string, topics: t.nullableArrayOf({ name: t.string, indexes: t.array(t.int32) }) },
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
  handle({ groups }, { groupId, topics }) {
    const byTopic = Map.groupBy(groups.committed(groupId), ({ topic }) => topic);
    const all = [...byTopic].map(([name, partitions]) => ({ name, partitions }));
    const nothing = { offset: -1, leaderEpoch: -1, metadata: "" };
    const wanted = topics?.map(({ name, indexes }) => {
      const known = new Map(byTopic.get(name)?.map((it) => [it.index, it]));
      return { name, partitions: indexes.map((index) => ({ index, ...(known.get(index) ?? nothing) })) };
    });
    return { topics: wanted ?? all };
  },
});

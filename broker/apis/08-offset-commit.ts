/**
 * OffsetCommit: what a group has handled, kept over a restart.
 *
 * From a member of the current generation, or from anyone (generation -1) while the group has no members.
 * Not done: expiry; the retention time of versions 2 to 4 is passed over.
 */
import type { CommittedOffset } from "../committed.ts";
import { ERROR } from "../protocol/errors.ts";
import {
  arrayOf,
  int32,
  int64,
  nullableString,
  since,
  string,
  throttleTimeMs,
  unused,
} from "../protocol/fields.ts";
import { api, partitionErrors } from "./api.ts";

const MAX_METADATA = 4_096;

export const offsetCommit = api({
  key: 8,
  name: "OffsetCommit",
  versions: [1, 7],
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(7, nullableString, null),
    retentionTimeMs: unused(int64, -1, 2, 4),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: since(6, int32, -1),
        commitTimestamp: unused(int64, -1, 1, 1),
        committedMetadata: nullableString,
      }),
    }),
  },
  response: { throttleTimeMs: throttleTimeMs(3), topics: partitionErrors },
  handle(broker, request) {
    const { groupId, generationId } = request;
    const group = broker.groups.find(groupId);
    const absent = generationId < 0 ? ERROR.NONE : ERROR.UNKNOWN_MEMBER_ID;
    const groupFault = group ? group.commitFault(request, generationId) : absent;
    const accepted: CommittedOffset[] = [];
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((it) => {
        const errorCode = groupFault || partitionFault(broker.topics.partition(name, it.partitionIndex), it);
        if (errorCode === ERROR.NONE) {
          accepted.push({
            topic: name,
            partition: it.partitionIndex,
            committed_offset: it.committedOffset,
            leader_epoch: it.committedLeaderEpoch,
            metadata: it.committedMetadata ?? "",
          });
        }
        return { partitionIndex: it.partitionIndex, errorCode };
      }),
    }));
    if (accepted.length > 0) broker.groups.committed.commit(groupId, accepted);
    return { topics };
  },
});

function partitionFault(partition: object | undefined, it: { committedMetadata: string | null }): number {
  if (!partition) return ERROR.UNKNOWN_TOPIC_OR_PARTITION;
  return (it.committedMetadata ?? "").length > MAX_METADATA ? ERROR.OFFSET_METADATA_TOO_LARGE : ERROR.NONE;
}

/** SyncGroup: the leader brings what each member gets; every member is answered with its own part. */
import { ERROR } from "../protocol/errors.ts";
import {
  arrayOf,
  bytes,
  int16,
  int32,
  nullableString,
  since,
  string,
  throttleTimeMs,
} from "../protocol/fields.ts";
import { api } from "./api.ts";

export const syncGroup = api({
  key: 14,
  name: "SyncGroup",
  versions: [0, 3],
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
    assignments: arrayOf({ memberId: string, assignment: bytes }),
  },
  response: { throttleTimeMs: throttleTimeMs(1), errorCode: int16, assignment: bytes },
  handle(broker, request) {
    const group = broker.groups.find(request.groupId);
    if (!group) return { errorCode: ERROR.UNKNOWN_MEMBER_ID, assignment: Buffer.alloc(0) };
    return group.sync(request, request.generationId, request.assignments);
  },
});

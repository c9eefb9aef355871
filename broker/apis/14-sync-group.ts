/** SyncGroup: the leader brings what each member gets; every member is answered with its own part. */
import { refusedSync } from "../member.ts";
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

export const syncGroup = api(14, "SyncGroup", [0, 3], {
  request: {
    groupId: t.string,
    generationId: t.int32,
    memberId: t.string,
    groupInstanceId: t.since(3, t.nullableString, null),
    assignments: t.arrayOf({ memberId: t.string, assignment: t.bytes }),
  },
  response: { throttleTimeMs: t.throttleTimeMs(1), errorCode: t.int16, assignment: t.bytes },
  handle(broker, { groupId, generationId, assignments, ...who }) {
    const group = broker.groups.find(groupId);
    return group?.sync(who, generationId, assignments) ?? refusedSync(ERROR.UNKNOWN_MEMBER_ID);
  },
});

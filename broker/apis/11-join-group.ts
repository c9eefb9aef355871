/** JoinGroup: answers when all members have joined. From version 4 a new member first gets its id. */
import { refusedJoin } from "../member.ts";
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

export const joinGroup = api(11, "JoinGroup", [0, 5], {
  request: {
    groupId: t.string,
    sessionTimeoutMs: t.int32,
    rebalanceTimeoutMs: t.since(1, t.int32, -1),
    memberId: t.string,
    groupInstanceId: t.since(5, t.nullableString, null),
    protocolType: t.string,
    protocols: t.arrayOf({ name: t.string, metadata: t.bytes }),
  },
  response: {
    throttleTimeMs: t.throttleTimeMs(2),
    errorCode: t.int16,
    generationId: t.int32,
    protocolName: t.string,
    leader: t.string,
    memberId: t.string,
    members: t.arrayOf({
      memberId: t.string,
      groupInstanceId: t.since(5, t.nullableString, null),
      metadata: t.bytes,
    }),
  },
  handle(broker, { groupId, ...request }, { version, clientId, clientHost }) {
    if (groupId === "") return refusedJoin(ERROR.INVALID_GROUP_ID, request.memberId);
    // Version 0 has one timeout for both.
    const rebalanceTimeoutMs = version === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs;
    const idFirst = version >= 4;
    return broker.groups
      .obtain(groupId)
      .join({ ...request, rebalanceTimeoutMs, clientId, clientHost, idFirst });
  },
});

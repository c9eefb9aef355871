/** JoinGroup: answers when all members have joined. From version 4 a new member first gets its id. */
import { refusedJoin } from "../member.ts";
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

const member = { memberId: t.string, groupInstanceId: t.since(5, t.nullableString, null) };

const request = {
  groupId: t.string,
  sessionTimeoutMs: t.int32,
  rebalanceTimeoutMs: t.since(1, t.int32, -1),
  ...member,
  protocolType: t.string,
  protocols: t.arrayOf({ name: t.string, metadata: t.bytes }),
};

const response = {
  throttleTimeMs: t.throttleTimeMs(2),
  errorCode: t.int16,
  generationId: t.int32,
  protocolName: t.string,
  leader: t.string,
  memberId: t.string,
  members: t.arrayOf({ ...member, metadata: t.bytes }),
};

export type JoinRequest = t.ValueOf<typeof request>;
export type JoinResult = t.ValueOf<typeof response>;

export const joinGroup = api(11, "JoinGroup", [0, 5], {
  request,
  response,
  handle(broker, asked, { version, clientId, clientHost }) {
    if (asked.groupId === "") return refusedJoin(ERROR.INVALID_GROUP_ID, asked.memberId);
    // Version 0 has one timeout for both.
    const rebalanceTimeoutMs = version === 0 ? asked.sessionTimeoutMs : asked.rebalanceTimeoutMs;
    const joining = { ...asked, rebalanceTimeoutMs, clientId, clientHost, isIdFirst: version >= 4 };
    return broker.groups.obtain(asked.groupId).join(joining);
  },
});

/** LeaveGroup: one member, or from version 3 several, a static one also by its instance id alone. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

const identity = { memberId: t.string, groupInstanceId: t.nullableString };

export const leaveGroup = api(13, "LeaveGroup", [0, 3], {
  request: {
    groupId: t.string,
    memberId: t.between(0, 2, t.string, ""),
    members: t.since(3, t.arrayOf(identity), []),
  },
  response: {
    throttleTimeMs: t.throttleTimeMs(1),
    errorCode: t.int16,
    members: t.since(3, t.arrayOf({ ...identity, errorCode: t.int16 }), []),
  },
  handle(broker, { groupId, memberId, members }, { version }) {
    const group = broker.groups.find(groupId);
    const who = version < 3 ? [{ memberId, groupInstanceId: null }] : members;
    const left = who.map((it) => ({ ...it, errorCode: group?.leave(it) ?? ERROR.UNKNOWN_MEMBER_ID }));
    return { errorCode: version < 3 ? (left[0]?.errorCode ?? ERROR.NONE) : ERROR.NONE, members: left };
  },
});

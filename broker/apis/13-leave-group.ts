/** LeaveGroup: one member, or from version 3 several, a static one also by its instance id alone. */
import { ERROR } from "../protocol/errors.ts";
import {
  arrayOf,
  between,
  int16,
  nullableString,
  since,
  string,
  throttleTimeMs,
} from "../protocol/fields.ts";
import { api } from "./api.ts";

const identity = { memberId: string, groupInstanceId: nullableString };

export const leaveGroup = api({
  key: 13,
  name: "LeaveGroup",
  versions: [0, 3],
  request: { groupId: string, memberId: between(0, 2, string, ""), members: since(3, arrayOf(identity), []) },
  response: {
    throttleTimeMs: throttleTimeMs(1),
    errorCode: int16,
    members: since(3, arrayOf({ ...identity, errorCode: int16 }), []),
  },
  handle(broker, { groupId, memberId, members }, { version }) {
    const group = broker.groups.find(groupId);
    const who = version < 3 ? [{ memberId, groupInstanceId: null }] : members;
    const left = who.map((it) => ({ ...it, errorCode: group?.leave(it) ?? ERROR.UNKNOWN_MEMBER_ID }));
    return { errorCode: version < 3 ? (left[0]?.errorCode ?? ERROR.NONE) : ERROR.NONE, members: left };
  },
});

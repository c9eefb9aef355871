/** JoinGroup: answers when all members have joined. From version 4 a new member first gets its id. */
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

export const joinGroup = api({
  key: 11,
  name: "JoinGroup",
  versions: [0, 5],
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: since(1, int32, -1),
    memberId: string,
    groupInstanceId: since(5, nullableString, null),
    protocolType: string,
    protocols: arrayOf({ name: string, metadata: bytes }),
  },
  response: {
    throttleTimeMs: throttleTimeMs(2),
    errorCode: int16,
    generationId: int32,
    protocolName: string,
    leader: string,
    memberId: string,
    members: arrayOf({ memberId: string, groupInstanceId: since(5, nullableString, null), metadata: bytes }),
  },
  handle(broker, request, { version, clientId, clientHost }) {
    const { groupId, memberId, sessionTimeoutMs } = request;
    if (groupId === "") {
      const errorCode = ERROR.INVALID_GROUP_ID;
      return { errorCode, generationId: -1, protocolName: "", leader: "", memberId, members: [] };
    }
    // Version 0 has one timeout for both.
    const rebalanceTimeoutMs = version === 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs;
    const idFirst = version >= 4;
    return broker.groups
      .obtain(groupId)
      .join({ ...request, rebalanceTimeoutMs, clientId, clientHost, idFirst });
  },
});

/** FindCoordinator, JoinGroup, SyncGroup, Heartbeat, LeaveGroup: the classic protocol of consumer groups. */
import { refusedJoin, refusedSync } from "../member.ts";
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, NODE_ID } from "./api.ts";

const GROUP = 0;

/** Always this node; for a transaction there is none. */
export const findCoordinator = api(10, "FindCoordinator", [0, 2], {
  request: { key: t.string, keyType: t.since(1, t.int8, GROUP) },
  response: {
    throttleTimeMs: t.throttleTimeMs(1),
    errorCode: t.int16,
    errorMessage: t.since(1, t.nullableString, null),
    nodeId: t.int32,
    host: t.string,
    port: t.int32,
  },
  handle({ host, port }, { keyType }) {
    if (keyType === GROUP) return { errorCode: ERROR.NONE, errorMessage: null, nodeId: NODE_ID, host, port };
    const errorMessage = "transactions are not supported";
    return { errorCode: ERROR.INVALID_REQUEST, errorMessage, nodeId: -1, host: "", port: -1 };
  },
});

const groupInstanceId = t.since(5, t.nullableString, null);
const joinRequest = {
  groupId: t.string,
  sessionTimeoutMs: t.int32,
  rebalanceTimeoutMs: t.since(1, t.int32, -1),
  memberId: t.string,
  groupInstanceId,
  protocolType: t.string,
  protocols: t.arrayOf({ name: t.string, metadata: t.bytes }),
};
const joinResponse = {
  throttleTimeMs: t.throttleTimeMs(2),
  errorCode: t.int16,
  generationId: t.int32,
  protocolName: t.string,
  leader: t.string,
  memberId: t.string,
  members: t.arrayOf({ memberId: t.string, groupInstanceId, metadata: t.bytes }),
};
export type JoinRequest = t.ValueOf<typeof joinRequest>;
export type JoinResult = t.ValueOf<typeof joinResponse>;

/** Answers when all members have joined. From version 4 on a new member first gets its id. */
export const joinGroup = api(11, "JoinGroup", [0, 5], {
  request: joinRequest,
  response: joinResponse,
  handle({ groups }, request, { version, clientId, clientHost }) {
    if (request.groupId === "") return refusedJoin(ERROR.INVALID_GROUP_ID, request.memberId);
    // Version 0 has one timeout for both.
    const rebalanceTimeoutMs = version === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs;
    const joining = { ...request, rebalanceTimeoutMs, clientId, clientHost, isIdFirst: version >= 4 };
    return groups.obtain(request.groupId).join(joining);
  },
});

const memberRequest = {
  groupId: t.string,
  generationId: t.int32,
  memberId: t.string,
  groupInstanceId: t.since(3, t.nullableString, null),
};

/** Keeps a member in its group, and tells it to join again while a rebalance is on. */
export const heartbeat = api(12, "Heartbeat", [0, 3], {
  request: memberRequest,
  response: { throttleTimeMs: t.throttleTimeMs(1), errorCode: t.int16 },
  handle({ groups }, { groupId, generationId, ...who }) {
    return { errorCode: groups.byId.get(groupId)?.heartbeat(who, generationId) ?? ERROR.UNKNOWN_MEMBER_ID };
  },
});

/** The leader brings what each member gets; every member is answered with its own part. */
export const syncGroup = api(14, "SyncGroup", [0, 3], {
  request: { ...memberRequest, assignments: t.arrayOf({ memberId: t.string, assignment: t.bytes }) },
  response: { throttleTimeMs: t.throttleTimeMs(1), errorCode: t.int16, assignment: t.bytes },
  handle({ groups }, { groupId, generationId, assignments, ...who }) {
    const result = groups.byId.get(groupId)?.sync(who, generationId, assignments);
    return result ?? refusedSync(ERROR.UNKNOWN_MEMBER_ID);
  },
});

const identity = { memberId: t.string, groupInstanceId: t.nullableString };

/** One member, or from version 3 on several, a static one also by its instance id alone. */
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
  handle({ groups }, { groupId, memberId, members }, { version }) {
    const group = groups.byId.get(groupId);
    const who = version < 3 ? [{ memberId, groupInstanceId: null }] : members;
    const left = who.map((it) => ({ ...it, errorCode: group?.leave(it) ?? ERROR.UNKNOWN_MEMBER_ID }));
    return { errorCode: version < 3 ? (left[0]?.errorCode ?? ERROR.NONE) : ERROR.NONE, members: left };
  },
});

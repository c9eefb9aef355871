/** DescribeGroups, ListGroups, DeleteGroups: groups with members, and those that only have offsets. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, type Broker, NO_OPERATIONS } from "./api.ts";

export const describeGroups = api(15, "DescribeGroups", [0, 4], {
  request: { groupIds: t.array(t.string), includeAuthorizedOperations: t.unused(t.bool, false, 3) },
  response: {
    throttleTimeMs: t.throttleTimeMs(1),
    groups: t.arrayOf({
      errorCode: t.unused(t.int16, ERROR.NONE),
      groupId: t.string,
      state: t.string,
      protocolType: t.string,
      protocolName: t.string,
      members: t.arrayOf({
        memberId: t.string,
        groupInstanceId: t.since(4, t.nullableString, null),
        clientId: t.string,
        clientHost: t.string,
        metadata: t.bytes,
        assignment: t.bytes,
      }),
      authorizedOperations: t.unused(t.int32, NO_OPERATIONS, 3),
    }),
  },
  handle: (broker, { groupIds }) => ({ groups: groupIds.map((groupId) => describe(broker, groupId)) }),
});

function describe({ groups }: Broker, groupId: string) {
  const group = groups.byId.get(groupId);
  if (!group || group.members.size === 0) {
    const state = groups.committed(groupId).length > 0 ? "Empty" : "Dead";
    return { groupId, state, protocolType: "consumer", protocolName: "", members: [] };
  }
  const { state, protocolType, protocolName } = group;
  return { groupId, state, protocolType, protocolName, members: group.withMetadata() };
}

export const listGroups = api(16, "ListGroups", [0, 2], {
  request: {},
  response: {
    throttleTimeMs: t.throttleTimeMs(1),
    errorCode: t.unused(t.int16, ERROR.NONE),
    groups: t.arrayOf({ groupId: t.string, protocolType: t.string }),
  },
  handle({ groups }) {
    const typeOf = (groupId: string) => groups.byId.get(groupId)?.protocolType || "consumer";
    return { groups: groups.ids().map((groupId) => ({ groupId, protocolType: typeOf(groupId) })) };
  },
});

/** Deletes groups that have no members, with their offsets. */
export const deleteGroups = api(42, "DeleteGroups", [0, 1], {
  request: { groupIds: t.array(t.string) },
  response: {
    throttleTimeMs: t.throttleTimeMs(),
    results: t.arrayOf({ groupId: t.string, errorCode: t.int16 }),
  },
  handle: ({ groups }, { groupIds }) => ({
    results: groupIds.map((groupId) => {
      if (groups.byId.get(groupId)?.members.size) return { groupId, errorCode: ERROR.NON_EMPTY_GROUP };
      return { groupId, errorCode: groups.delete(groupId) ? ERROR.NONE : ERROR.GROUP_ID_NOT_FOUND };
    }),
  }),
});

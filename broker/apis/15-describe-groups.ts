/** DescribeGroups: a group's state and members. One that only has offsets is Empty, an unknown one is Dead. */
import { metadataOf } from "../member.ts";
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, type Broker, NO_OPERATIONS } from "./api.ts";

export const describeGroups = api(15, "DescribeGroups", [0, 4], {
  request: { groups: t.array(t.string), includeAuthorizedOperations: t.unused(t.bool, false, 3) },
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
  handle: (broker, { groups }) => ({ groups: groups.map((groupId) => describe(broker, groupId)) }),
});

function describe({ groups }: Broker, groupId: string) {
  const group = groups.find(groupId);
  if (!group || group.members.size === 0) {
    const state = groups.committed(groupId).length > 0 ? "Empty" : "Dead";
    return { groupId, state, protocolType: "consumer", protocolName: "", members: [] };
  }
  const { state, protocolType, protocolName } = group;
  const members = [...group.members.values()].map((it) => ({
    ...it,
    metadata: metadataOf(it, protocolName),
  }));
  return { groupId, state, protocolType, protocolName, members };
}

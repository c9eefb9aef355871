/** Heartbeat: keeps a member in its group, and tells it to join again while a rebalance is on. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

export const heartbeat = api(12, "Heartbeat", [0, 3], {
  request: {
    groupId: t.string,
    generationId: t.int32,
    memberId: t.string,
    groupInstanceId: t.since(3, t.nullableString, null),
  },
  response: { throttleTimeMs: t.throttleTimeMs(1), errorCode: t.int16 },
  handle(broker, { groupId, generationId, ...who }) {
    return {
      errorCode: broker.groups.find(groupId)?.heartbeat(who, generationId) ?? ERROR.UNKNOWN_MEMBER_ID,
    };
  },
});

/** Heartbeat: keeps a member in its group, and tells it to join again while a rebalance is on. */
import { ERROR } from "../protocol/errors.ts";
import { int16, int32, nullableString, since, string, throttleTimeMs } from "../protocol/fields.ts";
import { api } from "./api.ts";

export const heartbeat = api({
  key: 12,
  name: "Heartbeat",
  versions: [0, 3],
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
  },
  response: { throttleTimeMs: throttleTimeMs(1), errorCode: int16 },
  handle(broker, request) {
    const group = broker.groups.find(request.groupId);
    return { errorCode: group?.heartbeat(request, request.generationId) ?? ERROR.UNKNOWN_MEMBER_ID };
  },
});

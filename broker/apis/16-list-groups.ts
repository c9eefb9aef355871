/** ListGroups: those with members and those that have only offsets. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

export const listGroups = api(16, "ListGroups", [0, 2], {
  request: {},
  response: {
    throttleTimeMs: t.throttleTimeMs(1),
    errorCode: t.unused(t.int16, ERROR.NONE),
    groups: t.arrayOf({ groupId: t.string, protocolType: t.string }),
  },
  handle({ groups }) {
    const typeOf = (groupId: string) => groups.find(groupId)?.protocolType || "consumer";
    return { groups: groups.ids().map((groupId) => ({ groupId, protocolType: typeOf(groupId) })) };
  },
});

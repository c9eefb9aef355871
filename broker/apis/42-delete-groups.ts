/** DeleteGroups: groups without members, with their offsets. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

export const deleteGroups = api(42, "DeleteGroups", [0, 1], {
  request: { groupIds: t.array(t.string) },
  response: {
    throttleTimeMs: t.throttleTimeMs(),
    results: t.arrayOf({ groupId: t.string, errorCode: t.int16 }),
  },
  handle: ({ groups }, { groupIds }) => ({
    results: groupIds.map((groupId) => {
      if (groups.find(groupId)?.members.size) return { groupId, errorCode: ERROR.NON_EMPTY_GROUP };
      return { groupId, errorCode: groups.delete(groupId) ? ERROR.NONE : ERROR.GROUP_ID_NOT_FOUND };
    }),
  }),
});

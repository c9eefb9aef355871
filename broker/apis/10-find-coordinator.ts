/** FindCoordinator: always this node; of a transaction there is none. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, NODE_ID } from "./api.ts";

const GROUP = 0;

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

/** FindCoordinator: always this node; of a transaction there is none. */
import { ERROR } from "../protocol/errors.ts";
import { int8, int16, int32, nullableString, since, string, throttleTimeMs } from "../protocol/fields.ts";
import { api, NODE_ID } from "./api.ts";

const GROUP = 0;

export const findCoordinator = api({
  key: 10,
  name: "FindCoordinator",
  versions: [0, 2],
  request: { key: string, keyType: since(1, int8, GROUP) },
  response: {
    throttleTimeMs: throttleTimeMs(1),
    errorCode: int16,
    errorMessage: since(1, nullableString, null),
    nodeId: int32,
    host: string,
    port: int32,
  },
  handle({ host, port }, { keyType }) {
    if (keyType === GROUP) return { errorCode: ERROR.NONE, errorMessage: null, nodeId: NODE_ID, host, port };
    const errorMessage = "transactions are not supported";
    return { errorCode: ERROR.INVALID_REQUEST, errorMessage, nodeId: -1, host: "", port: -1 };
  },
});

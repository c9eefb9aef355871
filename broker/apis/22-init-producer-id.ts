/** InitProducerId: an id that no producer of this data folder had before. Not done: transactions. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

export const initProducerId = api(22, "InitProducerId", [0, 1], {
  request: { transactionalId: t.nullableString, transactionTimeoutMs: t.unused(t.int32, 60_000) },
  response: {
    throttleTimeMs: t.throttleTimeMs(),
    errorCode: t.int16,
    producerId: t.int64,
    producerEpoch: t.int16,
  },
  handle(broker, { transactionalId }) {
    if (transactionalId !== null) {
      return { errorCode: ERROR.INVALID_REQUEST, producerId: -1, producerEpoch: -1 };
    }
    return { errorCode: ERROR.NONE, producerId: broker.nextProducerId(), producerEpoch: 0 };
  },
});

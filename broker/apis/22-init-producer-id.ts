/** InitProducerId: an id that no producer of this data folder had before. Not done: transactions. */
import { ERROR } from "../protocol/errors.ts";
import { int16, int32, int64, nullableString, throttleTimeMs, unused } from "../protocol/fields.ts";
import { api } from "./api.ts";

export const initProducerId = api({
  key: 22,
  name: "InitProducerId",
  versions: [0, 1],
  request: { transactionalId: nullableString, transactionTimeoutMs: unused(int32, 60_000) },
  response: { throttleTimeMs: throttleTimeMs(), errorCode: int16, producerId: int64, producerEpoch: int16 },
  handle(broker, { transactionalId }) {
    if (transactionalId !== null) {
      return { errorCode: ERROR.INVALID_REQUEST, producerId: -1, producerEpoch: -1 };
    }
    return { errorCode: ERROR.NONE, producerId: broker.nextProducerId(), producerEpoch: 0 };
  },
});

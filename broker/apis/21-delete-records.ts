/** DeleteRecords: moves the log's start up to an offset (-1: the end); batches before it go as a whole. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, eachPartition } from "./api.ts";

export const deleteRecords = api(21, "DeleteRecords", [0, 1], {
  request: { topics: t.topicsOf({ index: t.int32, offset: t.int64 }), timeoutMs: t.unused(t.int32, 30_000) },
  response: {
    throttleTimeMs: t.throttleTimeMs(),
    topics: t.topicsOf({ index: t.int32, lowWatermark: t.int64, errorCode: t.int16 }),
  },
  handle: (broker, { topics }) => ({
    topics: eachPartition(topics, (topic, { index, offset }) => {
      const partition = broker.topics.partition(topic, index);
      if (!partition) return { lowWatermark: -1, errorCode: ERROR.UNKNOWN_TOPIC_OR_PARTITION };
      const start = offset === -1 ? partition.end : offset;
      if (start < 0 || start > partition.end)
        return { lowWatermark: -1, errorCode: ERROR.OFFSET_OUT_OF_RANGE };
      if (start > partition.logStart) broker.log.trim(partition, start);
      return { lowWatermark: partition.logStart, errorCode: ERROR.NONE };
    }),
  }),
});

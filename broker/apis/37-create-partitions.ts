/** CreatePartitions: more of them for a topic. Messages stay where they are. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { MAX_PARTITIONS } from "../topics.ts";
import { api } from "./api.ts";

export const createPartitions = api(37, "CreatePartitions", [0, 1], {
  request: {
    topics: t.arrayOf({
      name: t.string,
      count: t.int32,
      assignments: t.unused(t.nullableArrayOf({ brokerIds: t.array(t.int32) }), null),
    }),
    timeoutMs: t.unused(t.int32, 30_000),
    validateOnly: t.bool,
  },
  response: {
    throttleTimeMs: t.throttleTimeMs(),
    results: t.arrayOf({ name: t.string, errorCode: t.int16, errorMessage: t.nullableString }),
  },
  handle: (broker, { topics, validateOnly }) => ({
    results: topics.map(({ name, count }) => {
      const topic = broker.topics.get(name);
      if (!topic) return { name, errorCode: ERROR.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null };
      const least = topic.partitions.length + 1;
      if (count < least || count > MAX_PARTITIONS) {
        const errorMessage = `${name}: expected ${least} to ${MAX_PARTITIONS} partitions, got ${count}`;
        return { name, errorCode: ERROR.INVALID_PARTITIONS, errorMessage };
      }
      if (!validateOnly) broker.topics.grow(topic, count);
      return { name, errorCode: ERROR.NONE, errorMessage: null };
    }),
  }),
});

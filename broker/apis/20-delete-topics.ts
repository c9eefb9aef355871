/** DeleteTopics: with messages and with the offsets that groups committed on them. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

export const deleteTopics = api(20, "DeleteTopics", [0, 3], {
  request: { names: t.array(t.string), timeoutMs: t.unused(t.int32, 30_000) },
  response: {
    throttleTimeMs: t.throttleTimeMs(1),
    topics: t.arrayOf({ name: t.string, errorCode: t.int16 }),
  },
  handle: (broker, { names }) => ({
    topics: names.map((name) => {
      const topic = broker.topics.get(name);
      if (topic) broker.topics.delete(topic);
      return { name, errorCode: topic ? ERROR.NONE : ERROR.UNKNOWN_TOPIC_OR_PARTITION };
    }),
  }),
});

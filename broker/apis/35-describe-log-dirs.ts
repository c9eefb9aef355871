/** DescribeLogDirs: the bytes of each partition, before SQLite's own. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api } from "./api.ts";

export const describeLogDirs = api(35, "DescribeLogDirs", [0, 1], {
  request: { topics: t.nullableArrayOf({ name: t.string, indexes: t.array(t.int32) }) },
  response: {
    throttleTimeMs: t.throttleTimeMs(),
    results: t.arrayOf({
      errorCode: t.unused(t.int16, ERROR.NONE),
      logDir: t.string,
      topics: t.topicsOf({
        index: t.int32,
        bytes: t.int64,
        offsetLag: t.unused(t.int64, 0),
        isFutureKey: t.unused(t.bool, false),
      }),
    }),
  },
  handle({ logDir, topics }, request) {
    const wanted = request.topics?.map(({ name, indexes }) => ({
      name,
      partitions: topics.get(name)?.partitions.filter(({ index }) => indexes.includes(index)) ?? [],
    }));
    return { results: [{ logDir, topics: wanted ?? topics.all() }] };
  },
});

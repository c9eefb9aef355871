/** DeleteTopics, CreatePartitions, DeleteRecords, DescribeLogDirs: what becomes of topics that exist. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { MAX_PARTITIONS } from "../topic-store.ts";
import { api, eachPartition } from "./api.ts";

/** Deletes topics with their messages and with the offsets that groups committed on them. */
export const deleteTopics = api(20, "DeleteTopics", [0, 3], {
  request: { names: t.array(t.string), timeoutMs: t.unused(t.int32, 30_000) },
  response: {
    throttleTimeMs: t.throttleTimeMs(1),
    topics: t.arrayOf({ name: t.string, errorCode: t.int16 }),
  },
  handle: (broker, { names }) => ({
    topics: names.map((name) => {
      const topic = broker.topics.byName.get(name);
      if (topic) broker.topics.delete(topic);
      return { name, errorCode: topic ? ERROR.NONE : ERROR.UNKNOWN_TOPIC_OR_PARTITION };
    }),
  }),
});

/** Messages stay where they are. */
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
      const topic = broker.topics.byName.get(name);
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

/** Moves the log's start up to an offset (-1: the end); batches before it go as a whole. */
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

/** The bytes of each partition's batches, without SQLite's own. */
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
    const wanted = request.topics?.map(({ name, indexes }) => {
      const asked = new Set(indexes);
      return {
        name,
        partitions: topics.byName.get(name)?.partitions.filter((it) => asked.has(it.index)) ?? [],
      };
    });
    return { results: [{ logDir, topics: wanted ?? topics.all() }] };
  },
});

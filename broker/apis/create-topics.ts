/**
 * CreateTopics: with partitions and configurations, each topic for itself.
 *
 * -1 takes the broker's default. One replica, on this node. Not done: topics whose names differ only in . and _.
 */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { configFault } from "../topic-configs.ts";
import { DEFAULT_PARTITIONS, isTopicName, MAX_PARTITIONS } from "../topic-store.ts";
import { api, type Broker, NODE_ID } from "./api.ts";

const newTopic = {
  name: t.string,
  numPartitions: t.int32,
  replicationFactor: t.int16,
  assignments: t.arrayOf({ index: t.int32, brokerIds: t.array(t.int32) }),
  configs: t.arrayOf({ name: t.string, value: t.nullableString }),
};
type NewTopic = t.ValueOf<typeof newTopic>;

export const createTopics = api(19, "CreateTopics", [0, 4], {
  request: {
    topics: t.arrayOf(newTopic),
    timeoutMs: t.unused(t.int32, 30_000),
    validateOnly: t.since(1, t.bool, false),
  },
  response: {
    throttleTimeMs: t.throttleTimeMs(2),
    topics: t.arrayOf({ name: t.string, errorCode: t.int16, message: t.since(1, t.nullableString, null) }),
  },
  handle(broker, { topics: wanted, validateOnly }) {
    const times = new Map<string, number>();
    for (const { name } of wanted) times.set(name, (times.get(name) ?? 0) + 1);
    const topics = wanted.map((topic) => {
      const { name, assignments, numPartitions } = topic;
      const isTwice = (times.get(name) ?? 0) > 1;
      const count = assignments.length || (numPartitions === -1 ? DEFAULT_PARTITIONS : numPartitions);
      const [errorCode, message] = isTwice
        ? [ERROR.INVALID_REQUEST, `${name} appears twice`]
        : (topicFault(broker, topic, count) ?? [ERROR.NONE, null]);
      if (errorCode === ERROR.NONE && !validateOnly) {
        const configs = topic.configs.map((config) => [config.name, config.value ?? ""]);
        broker.topics.create(name, count, Object.fromEntries(configs));
      }
      return { name, errorCode, message };
    });
    return { topics };
  },
});

function topicFault(broker: Broker, topic: NewTopic, count: number): [number, string] | undefined {
  const { name, assignments, replicationFactor } = topic;
  if (!isTopicName(name))
    return [ERROR.INVALID_TOPIC, `${name}: expected 1 to 249 of letters, digits, ".", "_" and "-"`];
  if (broker.topics.byName.get(name)) return [ERROR.TOPIC_ALREADY_EXISTS, `${name} exists`];
  if (count < 1 || count > MAX_PARTITIONS)
    return [ERROR.INVALID_PARTITIONS, `${name}: expected 1 to ${MAX_PARTITIONS} partitions, got ${count}`];
  if (assignments.length === 0 && ![-1, 1].includes(replicationFactor))
    return [ERROR.INVALID_REPLICATION_FACTOR, `${name}: one node has one replica, got ${replicationFactor}`];
  if (!assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === NODE_ID))
    return [ERROR.INVALID_REPLICA_ASSIGNMENT, `${name}: the only node is ${NODE_ID}`];
  const faults = topic.configs.flatMap((config) => configFault(config.name, config.value) ?? []);
  return faults.length > 0 ? [ERROR.INVALID_CONFIG, `${name}: ${faults.join("; ")}`] : undefined;
}

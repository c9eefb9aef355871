/**
 * CreateTopics: with partitions and configurations, each topic for itself.
 *
 * -1 takes the broker's default. One replica, on this node. Not done: topics whose names differ only in . and _.
 */
import { ERROR } from "../protocol/errors.ts";
import {
  array,
  arrayOf,
  bool,
  int16,
  int32,
  nullableString,
  since,
  string,
  throttleTimeMs,
  unused,
} from "../protocol/fields.ts";
import { configFault, type TopicConfigs } from "../topic-configs.ts";
import { isTopicName, MAX_PARTITIONS } from "../topics.ts";
import { api, type Broker, NODE_ID } from "./api.ts";

interface NewTopic {
  name: string;
  numPartitions: number;
  replicationFactor: number;
  assignments: { partitionIndex: number; brokerIds: number[] }[];
  configs: { name: string; value: string | null }[];
}

type Fault = [errorCode: number, errorMessage: string];

export const createTopics = api({
  key: 19,
  name: "CreateTopics",
  versions: [0, 4],
  request: {
    topics: arrayOf({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: arrayOf({ partitionIndex: int32, brokerIds: array(int32) }),
      configs: arrayOf({ name: string, value: nullableString }),
    }),
    timeoutMs: unused(int32, 30_000),
    validateOnly: since(1, bool, false),
  },
  response: {
    throttleTimeMs: throttleTimeMs(2),
    topics: arrayOf({ name: string, errorCode: int16, errorMessage: since(1, nullableString, null) }),
  },
  handle: (broker, { topics, validateOnly }) => ({
    topics: topics.map((topic) => {
      const { name, assignments, numPartitions } = topic;
      const twice = topics.filter((it) => it.name === name).length > 1;
      const count = assignments.length || (numPartitions === -1 ? broker.defaultPartitions : numPartitions);
      const fault: Fault | undefined = twice
        ? [ERROR.INVALID_REQUEST, `${name} is there twice`]
        : topicFault(broker, topic, count);
      if (!fault && !validateOnly) broker.topics.create(name, count, configsOf(topic));
      return { name, errorCode: fault?.[0] ?? ERROR.NONE, errorMessage: fault?.[1] ?? null };
    }),
  }),
});

function configsOf({ configs }: NewTopic): TopicConfigs {
  return Object.fromEntries(configs.map(({ name, value }) => [name, value ?? ""]));
}

function topicFault(broker: Broker, topic: NewTopic, count: number): Fault | undefined {
  const { name, assignments, replicationFactor } = topic;
  if (!isTopicName(name)) {
    return [ERROR.INVALID_TOPIC, `${name}: expected 1 to 249 of letters, digits, ".", "_" and "-"`];
  }
  if (broker.topics.get(name)) return [ERROR.TOPIC_ALREADY_EXISTS, `${name} exists`];
  if (count < 1 || count > MAX_PARTITIONS) {
    return [ERROR.INVALID_PARTITIONS, `${name}: expected 1 to ${MAX_PARTITIONS} partitions, got ${count}`];
  }
  if (assignments.length === 0 && ![-1, 1].includes(replicationFactor)) {
    return [ERROR.INVALID_REPLICATION_FACTOR, `${name}: one node has one replica, got ${replicationFactor}`];
  }
  if (!assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === NODE_ID)) {
    return [ERROR.INVALID_REPLICA_ASSIGNMENT, `${name}: the only node is ${NODE_ID}`];
  }
  const faults = topic.configs.flatMap((config) => configFault(config.name, config.value) ?? []);
  return faults.length > 0 ? [ERROR.INVALID_CONFIG, `${name}: ${faults.join("; ")}`] : undefined;
}

/**
 * Metadata: the one node, and the topics with their partitions.
 *
 * A null list means all topics (in version 0 an empty one). Topics come into being here only with
 * `autoCreateTopics`, off by default, and when the client allows it.
 */
import { ERROR } from "../protocol/errors.ts";
import {
  array,
  arrayOf,
  bool,
  int16,
  int32,
  nullableArrayOf,
  nullableString,
  since,
  string,
  throttleTimeMs,
  unused,
} from "../protocol/fields.ts";
import { isTopicName } from "../topics.ts";
import { api, type Broker, LEADER_EPOCH, NO_OPERATIONS, NODE_ID } from "./api.ts";

export const metadata = api({
  key: 3,
  name: "Metadata",
  versions: [0, 8],
  request: {
    topics: nullableArrayOf({ name: string }),
    allowAutoTopicCreation: since(4, bool, true),
    includeClusterAuthorizedOperations: unused(bool, false, 8),
    includeTopicAuthorizedOperations: unused(bool, false, 8),
  },
  response: {
    throttleTimeMs: throttleTimeMs(3),
    brokers: arrayOf({ nodeId: int32, host: string, port: int32, rack: unused(nullableString, null, 1) }),
    clusterId: since(2, nullableString, null),
    controllerId: since(1, int32, -1),
    topics: arrayOf({
      errorCode: int16,
      name: string,
      isInternal: unused(bool, false, 1),
      partitions: arrayOf({
        errorCode: unused(int16, ERROR.NONE),
        index: int32,
        leaderId: unused(int32, NODE_ID),
        leaderEpoch: unused(int32, LEADER_EPOCH, 7),
        replicaNodes: unused(array(int32), [NODE_ID]),
        isrNodes: unused(array(int32), [NODE_ID]),
        offlineReplicas: unused(array(int32), [], 5),
      }),
      authorizedOperations: unused(int32, NO_OPERATIONS, 8),
    }),
    clusterAuthorizedOperations: unused(int32, NO_OPERATIONS, 8),
  },
  handle(broker, { topics, allowAutoTopicCreation }, { version }) {
    const all = topics === null || (version === 0 && topics.length === 0);
    const names = all ? broker.topics.all().map(({ name }) => name) : topics.map(({ name }) => name);
    return {
      brokers: [{ nodeId: NODE_ID, host: broker.host, port: broker.port }],
      clusterId: broker.clusterId,
      controllerId: NODE_ID,
      topics: names.map((name) => describe(broker, name, allowAutoTopicCreation && broker.autoCreateTopics)),
    };
  },
});

function describe(broker: Broker, name: string, mayCreate: boolean) {
  if (!isTopicName(name)) return { errorCode: ERROR.INVALID_TOPIC, name, partitions: [] };
  const create = () => (mayCreate ? broker.topics.create(name, broker.defaultPartitions, {}) : undefined);
  const topic = broker.topics.get(name) ?? create();
  if (!topic) return { errorCode: ERROR.UNKNOWN_TOPIC_OR_PARTITION, name, partitions: [] };
  return { errorCode: ERROR.NONE, name, partitions: topic.partitions.map(({ index }) => ({ index })) };
}

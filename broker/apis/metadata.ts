/**
 * Metadata: the one node, and the topics with their partitions. A null list means all (in version 0 an empty one).
 *
 * Topics come into being here only with `autoCreateTopics`, off by default, and when the client allows it.
 */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { DEFAULT_PARTITIONS, isTopicName } from "../topic-store.ts";
import { api, type Broker, LEADER_EPOCH, NO_OPERATIONS, NODE_ID } from "./api.ts";

export const metadata = api(3, "Metadata", [0, 8], {
  request: {
    topics: t.nullableArrayOf({ name: t.string }),
    allowAutoTopicCreation: t.since(4, t.bool, true),
    includeClusterAuthorizedOperations: t.unused(t.bool, false, 8),
    includeTopicAuthorizedOperations: t.unused(t.bool, false, 8),
  },
  response: {
    throttleTimeMs: t.throttleTimeMs(3),
    brokers: t.arrayOf({
      nodeId: t.int32,
      host: t.string,
      port: t.int32,
      rack: t.unused(t.nullableString, null, 1),
    }),
    clusterId: t.since(2, t.nullableString, null),
    controllerId: t.unused(t.int32, NODE_ID, 1),
    topics: t.arrayOf({
      errorCode: t.int16,
      name: t.string,
      isInternal: t.unused(t.bool, false, 1),
      partitions: t.arrayOf({
        errorCode: t.unused(t.int16, ERROR.NONE),
        index: t.int32,
        leaderId: t.unused(t.int32, NODE_ID),
        leaderEpoch: t.unused(t.int32, LEADER_EPOCH, 7),
        replicaNodes: t.unused(t.array(t.int32), [NODE_ID]),
        isrNodes: t.unused(t.array(t.int32), [NODE_ID]),
        offlineReplicas: t.unused(t.array(t.int32), [], 5),
      }),
      authorizedOperations: t.unused(t.int32, NO_OPERATIONS, 8),
    }),
    clusterAuthorizedOperations: t.unused(t.int32, NO_OPERATIONS, 8),
  },
  handle(broker, { topics, allowAutoTopicCreation }, { version }) {
    const all = topics === null || (version === 0 && topics.length === 0);
    const mayCreate = allowAutoTopicCreation && broker.autoCreateTopics;
    return {
      brokers: [{ nodeId: NODE_ID, host: broker.host, port: broker.port }],
      clusterId: broker.clusterId,
      topics: (all ? broker.topics.all() : topics).map(({ name }) => describe(broker, name, mayCreate)),
    };
  },
});

function describe(broker: Broker, name: string, mayCreate: boolean) {
  if (!isTopicName(name)) return { errorCode: ERROR.INVALID_TOPIC, name, partitions: [] };
  const create = () => (mayCreate ? broker.topics.create(name, DEFAULT_PARTITIONS, {}) : undefined);
  const topic = broker.topics.byName.get(name) ?? create();
  if (!topic) return { errorCode: ERROR.UNKNOWN_TOPIC_OR_PARTITION, name, partitions: [] };
  return { errorCode: ERROR.NONE, name, partitions: topic.partitions };
}

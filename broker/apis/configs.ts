/** DescribeConfigs: of a topic, all that is understood; of the broker, how topics come about. Not done: synonyms. */
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { TOPIC_CONFIGS } from "../topic-configs.ts";
import { DEFAULT_PARTITIONS } from "../topic-store.ts";
import { api, type Broker, NODE_ID } from "./api.ts";

const RESOURCE = { topic: 2, broker: 4 };
const SOURCE = { topic: 1, broker: 4, default: 5 };
const STRING = 2;

const config = {
  name: t.string,
  value: t.nullableString,
  readOnly: t.bool,
  isDefault: t.between(0, 0, t.bool, false),
  source: t.since(1, t.int8, -1),
  isSensitive: t.unused(t.bool, false),
  synonyms: t.unused(t.arrayOf({ name: t.string, value: t.nullableString, source: t.int8 }), [], 1),
  type: t.since(3, t.int8, 0),
  documentation: t.unused(t.nullableString, null, 3),
};

export const describeConfigs = api(32, "DescribeConfigs", [0, 3], {
  request: {
    resources: t.arrayOf({ type: t.int8, name: t.string, keys: t.nullableStrings }),
    includeSynonyms: t.unused(t.bool, false, 1),
    includeDocumentation: t.unused(t.bool, false, 3),
  },
  response: {
    throttleTimeMs: t.throttleTimeMs(),
    results: t.arrayOf({
      errorCode: t.int16,
      errorMessage: t.unused(t.nullableString, null),
      type: t.int8,
      name: t.string,
      configs: t.arrayOf(config),
    }),
  },
  handle: (broker, { resources }) => ({
    results: resources.map(({ type, name, keys }) => {
      const all = type === RESOURCE.topic ? ofTopic(broker, name) : ofBroker(broker, type, name);
      const missing = type === RESOURCE.topic ? ERROR.UNKNOWN_TOPIC_OR_PARTITION : ERROR.INVALID_REQUEST;
      const configs = all?.filter((it) => keys?.includes(it.name) ?? true) ?? [];
      return { errorCode: all ? ERROR.NONE : missing, type, name, configs };
    }),
  }),
});

function ofTopic({ topics }: Broker, topicName: string) {
  const topic = topics.byName.get(topicName);
  if (!topic) return undefined;
  return Object.entries(TOPIC_CONFIGS).map(([name, { default: usual, type }]) => {
    const own = topic.configs[name];
    const source = own === undefined ? SOURCE.default : SOURCE.topic;
    return { name, value: own ?? usual, readOnly: false, isDefault: own === undefined, source, type };
  });
}

function ofBroker(broker: Broker, type: number, id: string) {
  if (type !== RESOURCE.broker || id !== String(NODE_ID)) return undefined;
  const values = {
    "auto.create.topics.enable": broker.autoCreateTopics,
    "default.replication.factor": 1,
    "num.partitions": DEFAULT_PARTITIONS,
  };
  const common = { readOnly: true, isDefault: false, source: SOURCE.broker, type: STRING };
  return Object.entries(values).map(([name, value]) => ({ name, value: String(value), ...common }));
}

/** What an API is: its versions, the wire form of both messages, and what the broker does with a request. */
import type { BrokerLog } from "../broker.ts";
import type { Groups } from "../groups.ts";
import type { Log } from "../log.ts";
import {
  type Field,
  type Fields,
  int16,
  int32,
  arrayOf,
  string,
  struct,
  type ValueOf,
} from "../protocol/fields.ts";
import type { Topics } from "../topics.ts";

/** What every handler works on. */
export interface Broker {
  clusterId: string;
  /** Where clients reach this broker. */
  host: string;
  port: number;
  autoCreateTopics: boolean;
  defaultPartitions: number;
  apis: readonly Api[];
  topics: Topics;
  log: Log;
  groups: Groups;
  nextProducerId(): number;
  report: BrokerLog;
}

/** Who asks, and how. */
export interface Call {
  version: number;
  clientId: string;
  /** In Kafka's form: "/127.0.0.1". */
  clientHost: string;
  /** Aborted when the client is gone or the broker stops. */
  signal: AbortSignal;
}

interface ApiSpec<Q extends Fields, S extends Fields> {
  key: number;
  name: string;
  versions: [least: number, most: number];
  /** Said to clients where it differs from what is answered. */
  advertised?: [least: number, most: number];
  /** From this version on, compact lengths and tags. */
  flexibleFrom?: number;
  request: Q;
  response: S;
  /** No answer (`undefined`) is only for acks=0. */
  handle(
    broker: Broker,
    request: ValueOf<Q>,
    call: Call,
  ): ValueOf<S> | undefined | Promise<ValueOf<S> | undefined>;
}

export interface Api {
  key: number;
  name: string;
  versions: [least: number, most: number];
  advertised: [least: number, most: number];
  flexibleFrom: number;
  request: Field<unknown>;
  response: Field<unknown>;
  handle(broker: Broker, request: unknown, call: Call): unknown;
}

export function api<Q extends Fields, S extends Fields>(spec: ApiSpec<Q, S>): Api {
  const { handle, request, response, ...rest } = spec;
  return {
    advertised: spec.versions,
    flexibleFrom: Number.POSITIVE_INFINITY,
    ...rest,
    request: struct(request),
    response: struct(response),
    handle: (broker, value, call) => handle(broker, value as ValueOf<Q>, call),
  };
}

/** The only node of the cluster. */
export const NODE_ID = 1;
/** There are no other leaders, so there is one epoch. */
export const LEADER_EPOCH = 0;
/** "Not asked for", where a response could list what the client may do. */
export const NO_OPERATIONS = -2_147_483_648;

export const topicErrors = arrayOf({ name: string, errorCode: int16 });
export const partitionErrors = arrayOf({
  name: string,
  partitions: arrayOf({ partitionIndex: int32, errorCode: int16 }),
});

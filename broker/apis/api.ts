/** What an API is: its versions, the wire form of both messages, and what the broker does with a request. */
import type { BrokerLog } from "../broker.ts";
import type { Groups } from "../groups.ts";
import type { Log } from "../log.ts";
import * as t from "../protocol/fields.ts";
import type { Topics } from "../topic-store.ts";

/** What every handler works on. */
export interface Broker {
  clusterId: string;
  /** Where clients reach this broker. */
  host: string;
  port: number;
  autoCreateTopics: boolean;
  /** Whether batches are looked into before they are stored. */
  validate: boolean;
  /** Where the data is, in words. */
  logDir: string;
  apis: readonly Api[];
  topics: Topics;
  log: Log;
  groups: Groups;
  report: BrokerLog;
}

/** Who asks, and how. */
export interface Call {
  version: number;
  clientId: string;
  /** The client's host in Kafka's form: "/127.0.0.1". */
  clientHost: string;
  /** Aborted when the client is gone or the broker stops. */
  signal: AbortSignal;
}

type Versions = [least: number, most: number];
type Answer<T> = T | undefined | Promise<T | undefined>;

interface Messages<Q extends t.Fields, S extends t.Fields> {
  request: Q;
  response: S;
  /** No answer (`undefined`) is only for acks=0. */
  handle(broker: Broker, request: t.ValueOf<Q>, call: Call): Answer<t.ValueOf<S>>;
}

export interface Api {
  key: number;
  name: string;
  versions: Versions;
  request: t.Field<unknown>;
  response: t.Field<unknown>;
  handle(broker: Broker, request: unknown, call: Call): unknown;
}

export function api<Q extends t.Fields, S extends t.Fields>(
  key: number,
  name: string,
  versions: Versions,
  { request, response, handle }: Messages<Q, S>,
): Api {
  return { key, name, versions, request: t.struct(request), response: t.struct(response), handle };
}

/** The only node of the cluster. */
export const NODE_ID = 1;
/** There are no other leaders, so there is one epoch. */
export const LEADER_EPOCH = 0;
/** "Not asked for", where a response could list what the client may do. */
export const NO_OPERATIONS = -2_147_483_648;

/** The `topics` of an answer, made for each partition of a request's `topics`. */
export function eachPartition<P extends { index: number }, A>(
  topics: { name: string; partitions: P[] }[],
  answer: (topic: string, partition: P) => A,
) {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((it) => ({ index: it.index, ...answer(name, it) })),
  }));
}

/** Requests that several tests send. */
import { createTopics } from "./apis/create-topics.ts";
import { fetch } from "./apis/fetch.ts";
import { produce } from "./apis/produce.ts";
import type { RawClient } from "./raw-socket.fixture.ts";

export async function withTopic(
  client: RawClient,
  name: string,
  configs: Record<string, string> = {},
  numPartitions = 1,
): Promise<void> {
  const list = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: list };
  const answer = await client.ask<{ topics: { errorCode: number; message: string | null }[] }>(
    createTopics,
    4,
    { topics: [topic], validateOnly: false },
  );
  if (answer.topics[0]?.errorCode !== 0) throw new Error(`${name}: ${answer.topics[0]?.message}`);
}

export function fetchOf(
  name: string,
  fetchOffset: number,
  maxWaitMs = 0,
  minBytes = 1,
  maxBytes = 1e6,
): unknown {
  const partitions = [{ index: 0, fetchOffset, maxBytes }];
  return { maxWaitMs, minBytes, maxBytes: 1e8, topics: [{ name, partitions }] };
}

export function produceOf(name: string, records: Buffer | null, acks = -1): unknown {
  return { transactionalId: null, acks, topics: [{ name, partitions: [{ index: 0, records }] }] };
}

export interface Produced {
  errorCode: number;
  baseOffset: number;
  logStartOffset: number;
}

export async function send(
  client: RawClient,
  name: string,
  records: Buffer | null,
  acks = -1,
): Promise<Produced> {
  type Answer = { topics: { partitions: Produced[] }[] };
  const { topics } = await client.ask<Answer>(produce, 7, produceOf(name, records, acks));
  const [answer] = topics[0]?.partitions ?? [];
  if (!answer) throw new Error(`${name}: no answer for partition 0`);
  return answer;
}

export interface Fetched {
  errorCode: number;
  highWatermark: number;
  logStartOffset: number;
  records: Buffer;
}

export async function read(client: RawClient, ...wanted: Parameters<typeof fetchOf>): Promise<Fetched> {
  return partitionOf(await client.ask<FetchAnswer>(fetch, 11, fetchOf(...wanted)));
}

type FetchAnswer = { topics: { partitions: (Omit<Fetched, "records"> & { records: Buffer[] })[] }[] };

/** The only one that was asked for. */
export function partitionOf({ topics }: FetchAnswer): Fetched {
  const [answer] = topics[0]?.partitions ?? [];
  if (!answer) throw new Error("no answer for the partition");
  return { ...answer, records: Buffer.concat(answer.records) };
}

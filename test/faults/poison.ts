/**
 * Puts a batch that nobody can read into a topic, past the proxy, and tells which offsets it has taken.
 *
 * In: the broker's own port. Out: the range, or undefined where the broker does not store it. Errors: none; a broker that dies meanwhile
 * is asked again when it is back, since the batch may be there.
 */
import { fetch } from "../../broker/apis/fetch.ts";
import { produce } from "../../broker/apis/produce.ts";
import { type RawClient, rawClient } from "../../broker/raw-socket.fixture.ts";
import type { Range } from "../../audit/read-topic.ts";

const WITHIN_MS = 30_000;
/** What is under the CRC: the broker gives the batch its place before that. */
const SUMMED = 21;

export async function putPoison(
  port: number,
  topic: string,
  partition: number,
  batch: Buffer,
): Promise<Range | undefined> {
  const range = (first: number): Range => ({
    partition,
    first,
    last: first + Math.max(0, batch.readInt32BE(23)),
  });
  const from = await patiently(port, (client) => endOf(client, topic, partition));
  const client = await rawClient(port).catch(() => undefined);
  try {
    const partitions = [{ index: partition, records: batch }];
    const request = { transactionalId: null, acks: -1, topics: [{ name: topic, partitions }] };
    type Answer = { topics: { partitions: { errorCode: number; baseOffset: number }[] }[] };
    const answer = await client?.ask<Answer>(produce, 7, request);
    const [found] = answer?.topics[0]?.partitions ?? [];
    if (found) return found.errorCode === 0 ? range(found.baseOffset) : undefined;
  } catch {
    // The broker has died: the batch is there or not.
  } finally {
    client?.end();
  }
  const first = await patiently(port, (again) => find(again, topic, partition, from, batch));
  return first === undefined ? undefined : range(first);
}

async function patiently<T>(port: number, ask: (client: RawClient) => Promise<T>): Promise<T> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const client = await rawClient(port).catch(() => undefined);
    try {
      if (client) return await ask(client);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    } finally {
      client?.end();
    }
    await Bun.sleep(100);
  }
}

type Partition = { errorCode: number; highWatermark: number; records: Buffer[] };

async function ask(client: RawClient, topic: string, partition: number, offset: number): Promise<Partition> {
  const partitions = [{ index: partition, fetchOffset: offset, maxBytes: 1 }];
  const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 1, topics: [{ name: topic, partitions }] };
  const { topics } = await client.ask<{ topics: { partitions: Partition[] }[] }>(fetch, 11, request);
  const [found] = topics[0]?.partitions ?? [];
  if (!found || found.highWatermark < 0)
    throw new Error(`${topic}[${partition}]: no answer, ${found?.errorCode}`);
  return found;
}

const endOf = async (client: RawClient, topic: string, partition: number): Promise<number> =>
  (await ask(client, topic, partition, 0)).highWatermark;

/** The offset of the batch with these bytes, from an offset on. */
async function find(client: RawClient, topic: string, partition: number, from: number, wanted: Buffer) {
  for (let at = from; at < (await endOf(client, topic, partition));) {
    const batch = Buffer.concat((await ask(client, topic, partition, at)).records);
    if (batch.subarray(SUMMED).equals(wanted.subarray(SUMMED))) return Number(batch.readBigInt64BE(0));
    at = Number(batch.readBigInt64BE(0)) + Math.max(0, batch.readInt32BE(23)) + 1;
  }
  return undefined;
}

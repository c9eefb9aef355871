/**
 * Which source offset must come next in a partition, as the outputs themselves tell: whoever had it before us may have committed more
 * than it had produced.
 *
 * In: a partition, the offset that the group gives us. Out: the offset to expect; undefined when the outputs do not tell (trimmed by
 * retention, or the brokers do not answer in time: accounting must not hold the flow).
 */
import { endOffsets } from "../kafka/admin.ts";
import { sleep } from "../kafka/backoff.ts";
import type { Kafka } from "../kafka/client.ts";
import { fetchFrom } from "../kafka/fetch-one.ts";
import { HEADERS } from "../schemas/topics.ts";

export type OutputsEnd = (partition: number, given: number) => Promise<number | undefined>;

const WITHIN_MS = 4_000;
/** A repetition that came late may stand last, with lower offsets: then as many messages before it are asked as a batch may hold. */
const TAIL_MESSAGES = 2_000;
const FETCH_BYTES = 1_048_576;

export function createOutputsEnd(
  kafka: Kafka,
  topics: { enriched: string; dlq: string },
  withinMs = WITHIN_MS,
): OutputsEnd {
  const both = [topics.enriched, topics.dlq];

  async function expected(partition: number, messages: number): Promise<number | undefined> {
    const ends = await Promise.all(both.map((topic) => nextSource(kafka, topic, partition, messages)));
    return ends.includes(undefined) ? undefined : Math.max(...ends.map((end) => end ?? 0));
  }

  async function ask(partition: number, given: number): Promise<number | undefined> {
    const next = await expected(partition, 1);
    return next === undefined || next >= given ? next : expected(partition, TAIL_MESSAGES);
  }

  return (partition, given) => {
    const asked = ask(partition, given).catch(() => undefined);
    return Promise.race([asked, sleep(withinMs).then(() => undefined)]);
  };
}

/** One more than the highest source offset among the topic's last messages; 0 where there never was one. */
async function nextSource(
  kafka: Kafka,
  topic: string,
  partition: number,
  count: number,
): Promise<number | undefined> {
  const { low = 0, high = 0 } =
    (await endOffsets(kafka, topic)).find((one) => one.partition === partition) ?? {};
  if (high === 0) return 0;
  if (low === high) return undefined;
  let highest: number | undefined;
  for (let at = Math.max(low, high - count); at < high;) {
    const messages = await fetchFrom(kafka, topic, partition, at, FETCH_BYTES);
    if (messages.length === 0) break;
    for (const { headers } of messages) {
      const source = Number(headers[HEADERS.sourceOffset] ?? Number.NaN);
      if (source >= (highest ?? 0)) highest = source;
    }
    at = (messages.at(-1)?.offset ?? high) + 1;
  }
  return highest === undefined ? undefined : highest + 1;
}

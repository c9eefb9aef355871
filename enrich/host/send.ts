/**
 * Sends the outputs of some messages of a batch, enriched ones and dead letters, each with the headers that name its source.
 *
 * Errors: of the infrastructure, passed on; a message that is refused for its size becomes a dead letter, and a dead letter that
 * fits nowhere lets its partition wait. Before an error goes on, what is acknowledged is noted, so that it is not sent again.
 */
import type { Batch, InMessage } from "../../kafka/consume.ts";
import { MessageTooLarge, OutputRefused } from "../../kafka/errors.ts";
import type { OutMessage, Producer } from "../../kafka/producer.ts";
import type { DeadLetterReason } from "../../schemas/dead-letter.ts";
import { HEADERS } from "../../schemas/topics.ts";
import type { DeadLetterMessage } from "../enrich.ts";
import type { Mark } from "./raw.ts";
import type { EnrichedBytes } from "./value.ts";

export interface Output {
  raw: InMessage;
  result: EnrichedBytes | DeadLetterMessage;
  /** The last offset of a batch that cannot be read. */
  lastOffset?: number;
}

/** What is known of a partition since we have it. */
export interface Partition {
  /** Offsets whose output is acknowledged, though the commit is behind them. */
  written: Set<number>;
  /** Which iot.raw this is, of those that had the name one after the other; 0 for the first. */
  epoch: number;
  /** What tells this iot.raw from another; undefined where that is not known. */
  mark?: Mark;
  /** When that was looked at last, `performance.now()`. */
  lookedAt: number;
}

type TopicPartition = Pick<Batch, "topic" | "partition">;

/** What became of the outputs, and how many the producer has an acknowledgement for: accounting believes the latter. */
interface Settlement {
  sent: Output[];
  acknowledged: number;
}

/**
 * Sends what is enriched, and then the dead letters: one that is refused for its size is one of these, and must not stand behind a
 * later one, which readers would take for a repeat. A dead letter that is refused too has no place left: the partition waits for the
 * topic to be put right. What is acknowledged by then is not sent again.
 */
export async function send(
  { producer, topics }: { producer: Producer; topics: { enriched: string; dlq: string } },
  version: string,
  place: TopicPartition,
  { written, epoch }: Partition,
  outputs: Output[],
): Promise<Settlement> {
  const isDead = ({ result }: Output): boolean => result.to === "dlq";
  const message = (output: Output): OutMessage => outMessage(output, version, epoch, place.partition);
  const refused = new Set<Output>();
  const enriched = outputs.filter((output) => !isDead(output));
  const some = await sendAll(producer, topics.enriched, enriched, message, (output) => refused.add(output));
  const sent = outputs.map((output) =>
    refused.has(output) ? { raw: output.raw, result: refusal(topics.enriched) } : output,
  );
  try {
    const others = await sendAll(producer, topics.dlq, sent.filter(isDead), message, ({ raw }, error) => {
      const at = `${place.topic}[${place.partition}]@${raw.offset}`;
      throw new OutputRefused(`${at}: its dead letter does not fit anywhere: ${error.message}`);
    });
    return { sent, acknowledged: some + others };
  } catch (error) {
    for (const output of sent) if (!isDead(output)) written.add(output.raw.offset);
    throw error;
  }
}

/** All at once, and one by one in a topic with a limit below ours. What was sent before comes again; readers drop it. */
async function sendAll(
  producer: Producer,
  topic: string,
  outputs: Output[],
  message: (output: Output) => OutMessage,
  onRefused: (output: Output, error: MessageTooLarge) => void,
): Promise<number> {
  try {
    return await producer.send(topic, outputs.map(message));
  } catch (error) {
    if (!(error instanceof MessageTooLarge)) throw error;
  }
  let acknowledged = 0;
  for (const output of outputs) {
    try {
      acknowledged += await producer.send(topic, [message(output)]);
    } catch (error) {
      if (!(error instanceof MessageTooLarge)) throw error;
      onRefused(output, error);
    }
  }
  return acknowledged;
}

function refusal(topic: string): DeadLetterMessage {
  const reason: DeadLetterReason = "output_too_large";
  return {
    to: "dlq",
    reason,
    path: "",
    message: `${topic} refuses it because of its size: see the topic's max.message.bytes`,
  };
}

function outMessage(
  { raw, result, lastOffset }: Output,
  version: string,
  epoch: number,
  partition: number,
): OutMessage {
  const headers: Record<string, string> = { [HEADERS.sourceOffset]: String(raw.offset) };
  if (lastOffset !== undefined) headers[HEADERS.sourceLastOffset] = String(lastOffset);
  if (epoch > 0) headers[HEADERS.sourceEpoch] = String(epoch);
  headers[HEADERS.registry] = version;
  const timestamp = raw.exactTimestamp ?? raw.timestamp;
  if (result.to === "enriched")
    return { key: result.verdict.device_id, value: result.value, headers, partition, timestamp };
  const { reason, path, message } = result;
  Object.assign(headers, { [HEADERS.reason]: reason, [HEADERS.path]: path, [HEADERS.message]: message });
  return { key: raw.key, value: raw.value, headers, partition, timestamp };
}

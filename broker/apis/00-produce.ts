/**
 * Produce: stores one batch for each partition, all of a request in one transaction.
 *
 * Versions 0-2 are advertised and not answered: without them librdkafka silently drops compression.
 * A batch is checked and stored as it came. Not done: transactions, log append time, several batches a partition.
 */
import type { Write } from "../log.ts";
import { judgeSequence } from "../producers.ts";
import { batchFault, batchHeader } from "../protocol/batch.ts";
import { ProtocolError } from "../protocol/codec.ts";
import { ERROR } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, type Broker, eachPartition } from "./api.ts";

interface Outcome {
  errorCode: number;
  baseOffset: number;
  logStartOffset: number;
}

export const produce = api(0, "Produce", [3, 7], {
  advertised: [0, 7],
  request: {
    transactionalId: t.nullableString,
    acks: t.int16,
    timeoutMs: t.unused(t.int32, 30_000),
    topics: t.topicsOf({ index: t.int32, records: t.nullableBytes }),
  },
  response: {
    topics: t.topicsOf({
      index: t.int32,
      errorCode: t.int16,
      baseOffset: t.int64,
      logAppendTimeMs: t.unused(t.int64, -1),
      logStartOffset: t.since(5, t.int64, -1),
    }),
    throttleTimeMs: t.throttleTimeMs(),
  },
  handle(broker, { acks, topics, transactionalId }) {
    const refused = transactionalId === null ? ERROR.NONE : ERROR.INVALID_TXN_STATE;
    const requestFault = [-1, 0, 1].includes(acks) ? refused : ERROR.INVALID_REQUIRED_ACKS;
    const outcomes: Outcome[] = [];
    const writes: (Write & { outcome: Outcome })[] = [];
    const places = eachPartition(topics, (topic, { index, records }) => {
      const outcome: Outcome = { errorCode: requestFault, baseOffset: -1, logStartOffset: -1 };
      outcomes.push(outcome);
      const write = requestFault === ERROR.NONE ? judge(broker, topic, index, records, outcome) : undefined;
      if (writes.some(({ partition }) => partition === write?.partition)) {
        outcome.errorCode = ERROR.INVALID_REQUEST;
      } else if (write) writes.push({ ...write, outcome });
      return { outcome };
    });
    store(broker, writes);
    if (acks !== 0) {
      return { topics: eachPartition(places, (_, { outcome }) => outcome) };
    }
    // A client that wants no answer learns of a refusal only by losing its connection.
    if (outcomes.some(({ errorCode }) => errorCode !== ERROR.NONE)) {
      throw new ProtocolError("a produce request with acks=0 was refused");
    }
    return undefined;
  },
});

/** What is to be stored; undefined when the outcome is already known. */
function judge(broker: Broker, topic: string, index: number, records: Buffer | null, outcome: Outcome) {
  const partition = broker.topics.partition(topic, index);
  const refuse = (errorCode: number) => {
    outcome.errorCode = errorCode;
    return undefined;
  };
  if (!partition) return refuse(ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  outcome.logStartOffset = partition.logStart;
  const fault = batchFault(records ?? Buffer.alloc(0));
  if (fault || !records) {
    broker.report.warn(`${topic}[${index}]: a batch is refused: ${fault?.problem}`);
    return refuse(fault?.error ?? ERROR.INVALID_RECORD);
  }
  if (records.length > broker.topics.limit(topic, "max.message.bytes"))
    return refuse(ERROR.MESSAGE_TOO_LARGE);
  const header = batchHeader(records);
  const verdict = judgeSequence(partition.producers, header);
  if (verdict.isNew) return { partition, batch: records, header };
  outcome.baseOffset = verdict.baseOffset;
  return refuse(verdict.errorCode);
}

function store(broker: Broker, writes: (Write & { outcome: Outcome })[]): void {
  if (writes.length === 0) return;
  const ends = writes.map(({ partition }) => partition.end);
  const stored = broker.log.append(writes);
  writes.forEach(({ outcome }, at) => {
    // Retriable: nothing of the request is stored.
    if (stored) outcome.baseOffset = ends[at] ?? -1;
    else outcome.errorCode = ERROR.KAFKA_STORAGE_ERROR;
  });
}

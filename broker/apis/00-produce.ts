/**
 * Produce: stores one batch for each partition, all of a request in one transaction.
 *
 * Versions 0-2 are advertised and not answered: without them librdkafka silently drops compression.
 * A batch is checked and stored as it came. Not done: transactions, log append time, several batches a partition.
 */
import type { Partition, Write } from "../log.ts";
import { judgeSequence } from "../producers.ts";
import { batchFault, batchHeader } from "../protocol/batch.ts";
import { ProtocolError } from "../protocol/codec.ts";
import { ERROR } from "../protocol/errors.ts";
import {
  arrayOf,
  int16,
  int32,
  int64,
  nullableBytes,
  nullableString,
  string,
  throttleTimeMs,
  unused,
} from "../protocol/fields.ts";
import { numberOf } from "../topic-configs.ts";
import { api, type Broker } from "./api.ts";

interface Outcome {
  index: number;
  errorCode: number;
  baseOffset: number;
  logStartOffset: number;
}

export const produce = api({
  key: 0,
  name: "Produce",
  versions: [3, 7],
  advertised: [0, 7],
  request: {
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: unused(int32, 30_000),
    topics: arrayOf({ name: string, partitions: arrayOf({ index: int32, records: nullableBytes }) }),
  },
  response: {
    topics: arrayOf({
      name: string,
      partitions: arrayOf({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: unused(int64, -1),
        logStartOffset: int64,
      }),
    }),
    throttleTimeMs: throttleTimeMs(),
  },
  handle(broker, { acks, topics, transactionalId }) {
    const refusal = requestFault(acks, transactionalId);
    const writes = new Map<Outcome, Write>();
    const answer = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, records }) => {
        const outcome: Outcome = { index, errorCode: refusal, baseOffset: -1, logStartOffset: -1 };
        const write = refusal === ERROR.NONE ? judge(broker, name, outcome, records) : undefined;
        const again = [...writes.values()].some(({ partition }) => partition === write?.partition);
        if (again) outcome.errorCode = ERROR.INVALID_REQUEST;
        else if (write) writes.set(outcome, write);
        return outcome;
      }),
    }));
    store(broker, writes);
    if (acks !== 0) return { topics: answer };
    const failed = answer.some(({ partitions }) =>
      partitions.some(({ errorCode }) => errorCode !== ERROR.NONE),
    );
    // A client that wants no answer learns of a refusal only by losing its connection.
    if (failed) throw new ProtocolError("a produce request with acks=0 was refused");
    return undefined;
  },
});

function requestFault(acks: number, transactionalId: string | null): number {
  if (transactionalId !== null) return ERROR.INVALID_TXN_STATE;
  return [-1, 0, 1].includes(acks) ? ERROR.NONE : ERROR.INVALID_REQUIRED_ACKS;
}

/** What is to be stored; undefined when the outcome is already known. */
function judge(broker: Broker, topic: string, outcome: Outcome, records: Buffer | null): Write | undefined {
  const partition = broker.topics.partition(topic, outcome.index);
  if (!partition) return refuse(outcome, ERROR.UNKNOWN_TOPIC_OR_PARTITION);
  outcome.logStartOffset = partition.logStart;
  if (records === null) return refuse(outcome, ERROR.INVALID_RECORD);
  const fault = batchFault(records);
  if (fault) {
    broker.report.warn(`${topic}[${outcome.index}]: a batch is refused: ${fault.problem}`);
    return refuse(outcome, fault.error);
  }
  if (records.length > largestBatch(broker, partition)) return refuse(outcome, ERROR.MESSAGE_TOO_LARGE);
  const header = batchHeader(records);
  const verdict = judgeSequence(partition.producers, header);
  if (verdict.isNew) return { partition, batch: records, header };
  outcome.baseOffset = verdict.baseOffset;
  return refuse(outcome, verdict.error);
}

function refuse(outcome: Outcome, errorCode: number): undefined {
  outcome.errorCode = errorCode;
}

function largestBatch(broker: Broker, { topic }: Partition): number {
  return numberOf(broker.topics.get(topic)?.configs ?? {}, "max.message.bytes");
}

function store(broker: Broker, writes: Map<Outcome, Write>): void {
  if (writes.size === 0) return;
  const outcomes = [...writes.keys()];
  try {
    const offsets = broker.log.append([...writes.values()]);
    outcomes.forEach((outcome, at) => {
      outcome.baseOffset = offsets[at] ?? -1;
    });
  } catch {
    // Said by the log. Retriable: nothing is stored, nothing acknowledged.
    for (const outcome of outcomes) outcome.errorCode = ERROR.KAFKA_STORAGE_ERROR;
  }
}

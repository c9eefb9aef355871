/**
 * Produce and InitProducerId: one batch for each partition, all of a request in one transaction.
 *
 * Versions 0 to 2 are only listed, not answered: without them librdkafka silently drops compression.
 * A batch is checked and stored as it came. Not done: transactions, log append time, several batches a partition.
 */
import { randomInt } from "node:crypto";
import type { Partition, Write } from "../log.ts";
import { judgeSequence } from "../producers.ts";
import { type BatchHeader, batchHeader } from "../../batches/header.ts";
import { checkedHeader, checkFrame } from "../protocol/batch.ts";
import { ProtocolError } from "../protocol/codec.ts";
import { BatchError, ERROR, refusalCode } from "../protocol/errors.ts";
import * as t from "../protocol/fields.ts";
import { api, type Broker, eachPartition } from "./api.ts";

/** `write`: what is still to be stored. */
type Outcome = { errorCode: number; baseOffset: number; logStartOffset: number; write?: Write };

export const produce = api(0, "Produce", [0, 7], {
  request: {
    transactionalId: t.since(3, t.nullableString, null),
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
  handle(broker, { acks, transactionalId, topics: wanted }, { version }) {
    if (version < 3) throw new ProtocolError("expected 3 to 7");
    const taken = new Set<Partition>();
    const topics = eachPartition(wanted, (topic, { index, records }): Outcome => {
      if (transactionalId !== null) return refused(ERROR.INVALID_TXN_STATE);
      if (![-1, 0, 1].includes(acks)) return refused(ERROR.INVALID_REQUIRED_ACKS);
      const partition = broker.topics.partition(topic, index);
      if (!partition) return refused(ERROR.UNKNOWN_TOPIC_OR_PARTITION);
      if (taken.has(partition)) return refused(ERROR.INVALID_REQUEST);
      taken.add(partition);
      return judge(broker, partition, records ?? Buffer.alloc(0));
    });
    const outcomes = topics.flatMap(({ partitions }) => partitions as Outcome[]);
    const toStore = outcomes.filter(({ write }) => write);
    // All or none; when none, retriable.
    if (!broker.log.append(toStore.flatMap(({ write }) => write ?? [])))
      for (const it of toStore) Object.assign(it, refused(ERROR.KAFKA_STORAGE_ERROR));
    if (acks !== 0) return { topics };
    // A client that wants no answer learns of a refusal only by losing its connection.
    if (outcomes.every(({ errorCode }) => errorCode === ERROR.NONE)) return undefined;
    throw new ProtocolError("a produce request with acks=0 was refused");
  },
});

function refused(errorCode: number, logStartOffset = -1): Outcome {
  return { errorCode, baseOffset: -1, logStartOffset };
}

function judge(broker: Broker, partition: Partition, batch: Buffer): Outcome {
  const { topic, index, end: baseOffset, logStart: logStartOffset, producers } = partition;
  let header: BatchHeader;
  try {
    header = headerOf(broker, topic, batch);
  } catch (error) {
    const code = refusalCode(error);
    if (code === undefined) throw error;
    broker.report.warn(`${topic}[${index}]: a batch is refused: ${(error as Error).message}`);
    return refused(code, logStartOffset);
  }
  const known = judgeSequence(producers, header);
  if (known) return { ...known, logStartOffset };
  return { errorCode: ERROR.NONE, baseOffset, logStartOffset, write: { partition, batch, header } };
}

/** Errors: those of a refusal, for what this topic does not take. */
function headerOf({ topics, validate }: Broker, topic: string, batch: Buffer): BatchHeader {
  checkFrame(batch);
  const most = topics.limit(topic, "max.message.bytes");
  if (batch.length > most)
    throw new BatchError(ERROR.MESSAGE_TOO_LARGE, `expected ${most} bytes at most, got ${batch.length}`);
  if (!validate) return batchHeader(batch);
  const now = Date.now();
  const span = (config: string) => {
    const ms = topics.limit(topic, config);
    return ms < 2 ** 63 ? ms : Number.POSITIVE_INFINITY;
  };
  const earliest = now - span("message.timestamp.before.max.ms");
  return checkedHeader(batch, { earliest, latest: now + span("message.timestamp.after.max.ms") });
}

/** An id by chance, of 2^47: nobody has it twice. */
export const initProducerId = api(22, "InitProducerId", [0, 1], {
  request: { transactionalId: t.nullableString, transactionTimeoutMs: t.unused(t.int32, 60_000) },
  response: {
    throttleTimeMs: t.throttleTimeMs(),
    errorCode: t.int16,
    producerId: t.int64,
    producerEpoch: t.int16,
  },
  handle: (_, { transactionalId }) =>
    transactionalId === null
      ? { errorCode: ERROR.NONE, producerId: randomInt(2 ** 47), producerEpoch: 0 }
      : { errorCode: ERROR.INVALID_REQUEST, producerId: -1, producerEpoch: -1 },
});

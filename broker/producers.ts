/**
 * What each idempotent producer wrote last to a partition, so that a retry is not stored twice.
 *
 * In: a batch header. Out: new, a duplicate of what is there, or out of order.
 * Source: https://kafka.apache.org/documentation/#idempotence (KIP-98), five batches in flight at most
 */
import type { BatchHeader } from "./protocol/batch.ts";
import { ERROR } from "./protocol/errors.ts";

interface Written {
  sequence: number;
  count: number;
  baseOffset: number;
}

interface ProducerState {
  epoch: number;
  /** Oldest first. */
  written: Written[];
}

/** By producer id, the one that wrote last at the end. */
export type Producers = Map<number, ProducerState>;

const KEPT_BATCHES = 5;
const KEPT_PRODUCERS = 1_000;

export type SequenceVerdict = { isNew: true } | { isNew: false; errorCode: number; baseOffset: number };

const NEW: SequenceVerdict = { isNew: true };

const refused = (errorCode: number): SequenceVerdict => ({ isNew: false, errorCode, baseOffset: -1 });

/** An unknown producer is taken at any sequence: its state may have gone with a restart or with old batches. */
export function judgeSequence(producers: Producers, header: BatchHeader): SequenceVerdict {
  const state = producers.get(header.producerId);
  if (header.producerId < 0 || !state) return NEW;
  if (header.producerEpoch < state.epoch) return refused(ERROR.INVALID_PRODUCER_EPOCH);
  if (header.producerEpoch > state.epoch) {
    return header.baseSequence === 0 ? NEW : refused(ERROR.OUT_OF_ORDER_SEQUENCE);
  }
  const same = state.written.find((it) => it.sequence === header.baseSequence && it.count === header.count);
  if (same) return { isNew: false, errorCode: ERROR.NONE, baseOffset: same.baseOffset };
  const last = state.written.at(-1);
  // Sequences go from 2^31 - 1 to 0.
  const expected = last ? (last.sequence + last.count) % 2 ** 31 : header.baseSequence;
  return header.baseSequence === expected ? NEW : refused(ERROR.OUT_OF_ORDER_SEQUENCE);
}

export function rememberSequence(producers: Producers, header: BatchHeader, baseOffset: number): void {
  const { producerId, producerEpoch: epoch, baseSequence: sequence, count } = header;
  if (producerId < 0) return;
  const before = producers.get(producerId);
  const written = before?.epoch === epoch ? before.written.slice(1 - KEPT_BATCHES) : [];
  producers.delete(producerId);
  producers.set(producerId, { epoch, written: [...written, { sequence, count, baseOffset }] });
  if (producers.size > KEPT_PRODUCERS) {
    for (const oldest of producers.keys()) {
      producers.delete(oldest);
      break;
    }
  }
}

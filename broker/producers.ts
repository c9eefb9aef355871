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

/** What is to be answered without storing the batch: it is there already, or out of order. Undefined: store it.
 *  An unknown producer is taken at any sequence: its state may have gone with a restart or with old batches. */
export function judgeSequence(producers: Producers, header: BatchHeader) {
  const refused = (errorCode: number) => ({ errorCode, baseOffset: -1 });
  const { producerId, producerEpoch, baseSequence, count } = header;
  const state = producers.get(producerId);
  const last = state?.written.at(-1);
  if (!state || !last) return undefined;
  if (producerEpoch < state.epoch) return refused(ERROR.INVALID_PRODUCER_EPOCH);
  const isNewEpoch = producerEpoch > state.epoch;
  const same = state.written.find((it) => it.sequence === baseSequence && it.count === count);
  if (same && !isNewEpoch) return { errorCode: ERROR.NONE, baseOffset: same.baseOffset };
  // Sequences go from 2^31 - 1 to 0.
  const expected = isNewEpoch ? 0 : (last.sequence + last.count) % 2 ** 31;
  return baseSequence === expected ? undefined : refused(ERROR.OUT_OF_ORDER_SEQUENCE);
}

export function rememberSequence(producers: Producers, header: BatchHeader, baseOffset: number): void {
  const { producerId, producerEpoch: epoch, baseSequence: sequence, count } = header;
  if (producerId < 0) return;
  const before = producers.get(producerId);
  const written = before?.epoch === epoch ? before.written.slice(1 - KEPT_BATCHES) : [];
  producers.delete(producerId);
  producers.set(producerId, { epoch, written: [...written, { sequence, count, baseOffset }] });
  const [oldest] = producers.keys();
  if (producers.size > KEPT_PRODUCERS && oldest !== undefined) producers.delete(oldest);
}

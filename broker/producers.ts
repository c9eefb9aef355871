/** What each idempotent producer wrote last to a partition, so that a retry is not stored twice. Source: KIP-98. */
import type { BatchHeader } from "../batches/header.ts";
import { ERROR } from "./protocol/errors.ts";

/** How many batches of a producer are remembered: as many as it has in flight at most. */
const KEPT_BATCHES = 5;
const KEPT_PRODUCERS = 1_000;

/** Headers of the batches of one epoch, oldest first, by producer id; who wrote last is at the end. */
export type Producers = Map<number, BatchHeader[]>;

/**
 * The answer to a batch that is not to be stored: it is there already, or out of order. Undefined: store it.
 * An unknown producer is taken at any sequence: its state may have gone with a restart or with old batches.
 */
export function judgeSequence(producers: Producers, header: BatchHeader) {
  const { producerId, producerEpoch, baseSequence, count } = header;
  const written = producers.get(producerId) ?? [];
  const last = written.at(-1);
  if (!last) return undefined;
  if (producerEpoch < last.producerEpoch) return { errorCode: ERROR.INVALID_PRODUCER_EPOCH, baseOffset: -1 };
  const isNewEpoch = producerEpoch > last.producerEpoch;
  const same = written.find((it) => it.baseSequence === baseSequence && it.count === count);
  if (same && !isNewEpoch) return { errorCode: ERROR.NONE, baseOffset: same.baseOffset };
  // Sequences go from 2^31 - 1 to 0.
  const expected = isNewEpoch ? 0 : (last.baseSequence + last.count) % 2 ** 31;
  return baseSequence === expected ? undefined : { errorCode: ERROR.OUT_OF_ORDER_SEQUENCE, baseOffset: -1 };
}

export function rememberSequence(producers: Producers, header: BatchHeader): void {
  if (header.producerId < 0) return;
  const before = producers.get(header.producerId) ?? [];
  const sameEpoch = before.filter((it) => it.producerEpoch === header.producerEpoch);
  producers.delete(header.producerId);
  producers.set(header.producerId, [...sameEpoch, header].slice(-KEPT_BATCHES));
  const [oldest] = producers.keys();
  if (producers.size > KEPT_PRODUCERS && oldest !== undefined) producers.delete(oldest);
}

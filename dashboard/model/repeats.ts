/**
 * Which messages of an output repeat one that was seen, and where an output begins anew since iot.raw was made anew.
 *
 * In: the rows of a partition of iot.enriched or iot.raw.dlq, in order. Out: repeat or not; what was seen, changed in place.
 * Source offsets rise within an epoch of iot.raw (the header `iot.source.epoch`; absent = 0). A higher epoch begins anew. An
 * enrichment that sends no epochs shows a new iot.raw by source offsets that fall, to where no repeat can have begun.
 */
import type { Row } from "./row.ts";

export interface Seen {
  epoch: number;
  /** Highest source offset of this epoch; -1 before the first. */
  source: number;
  /** Messages before this offset are of an iot.raw that is gone. */
  begin: number;
}

export const nothingSeen = (): Seen => ({ epoch: 0, source: -1, begin: 0 });

/** More than a batch of an enrichment holds: no repeat begins so far back. */
const MOST_REPEATED = 5_000;

/** `rawEnd`: the next offset of the raw partition, as far as it is known. */
export function isRepeat(seen: Seen, row: Row, rawEnd: number | undefined): boolean {
  const { offset, source, epoch = 0 } = row;
  if (source === undefined) return false;
  if (epoch < seen.epoch) return true;
  const isFallen = epoch === seen.epoch && source <= seen.source;
  if (isFallen && !isOfNewRaw(seen, source, rawEnd)) return true;
  if (isFallen || (epoch > seen.epoch && seen.source >= 0)) seen.begin = offset;
  Object.assign(seen, { epoch, source });
  return false;
}

/** What was seen last is not there any more, or far ahead. */
const isOfNewRaw = (seen: Seen, source: number, rawEnd = Number.POSITIVE_INFINITY): boolean =>
  seen.source >= rawEnd || seen.source - source > MOST_REPEATED;

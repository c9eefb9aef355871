/**
 * What an open page with a filter has found: each message is looked at as it arrives, so that none is missed of a stream
 * of which the common ring keeps only the last moments.
 *
 * In: messages from the fold; what the ring holds, at the start and where the fold left the watch out. Out: the newest
 * that match, bounded, and how many messages were gone before anybody looked.
 * Looking costs: a watch that takes more than its part of the time is left out until its page is next rendered, and so is
 * one too many.
 */
import { createNewest, keep } from "./newest.ts";
import type { Row } from "./row.ts";
import type { Filters, Watch } from "./filters.ts";
import { isFiltered, matcherOf } from "./search.ts";
import type { TopicState, ViewModel } from "./view.ts";

/** Bytes of values that one watch keeps. */
const KEPT_BYTES = 3 << 20;
/** How many watches are told of each message. */
export const MAX_WATCHES = 24;
/** The share of the time that all watches together may take. */
const SHARE = 0.2;
/** What may be used at once, ms: the messages of a second come in one batch. */
const BURST_MS = 250;

export function createWatch(filters: Filters): Watch {
  return {
    filters,
    matches: matcherOf(filters),
    matching: createNewest(filters.limit, KEPT_BYTES),
    matched: 0,
    searched: 0,
    missed: 0,
    isTold: false,
    seen: 0,
    counted: 0,
    isBehind: true,
    credit: BURST_MS,
    at: 0,
  };
}

/** While its page is open: call what is returned when the last client has left. */
export function openWatch(view: ViewModel, watch: Watch, now: number): () => void {
  const topic = view.topics[watch.filters.topic];
  watch.since = topic.newest.rows[0]?.time ?? now;
  // What the ring holds is looked at first; what had left it before is not missed.
  watch.counted = topic.folded - topic.newest.rows.length;
  watch.isTold = isFiltered(watch.filters) && view.watches.size < MAX_WATCHES;
  if (watch.isTold) view.watches.add(watch);
  return () => view.watches.delete(watch);
}

/** Newest first. */
export function foundBy(view: ViewModel, watch: Watch): Row[] {
  if (watch.isBehind) catchUp(view, watch);
  return watch.matching.rows.toReversed();
}

function catchUp(view: ViewModel, watch: Watch): void {
  const { newest, folded } = view.topics[watch.filters.topic];
  const began = performance.now();
  let looked = 0;
  for (const row of newest.rows) {
    if (row.serial <= watch.seen) continue;
    looked++;
    look(watch, row);
  }
  watch.missed += Math.max(0, folded - watch.counted - looked);
  watch.counted = folded;
  watch.seen = view.serial;
  watch.isBehind = !watch.isTold;
  spend(watch, began);
}

/** The fold has these messages of a topic, in order of arrival. */
export function tell(view: ViewModel, topic: TopicState, rows: Row[]): void {
  const last = rows.at(-1)?.serial ?? 0;
  for (const watch of view.watches) {
    if (view.topics[watch.filters.topic] !== topic || watch.isBehind) continue;
    const began = performance.now();
    watch.credit = Math.min(BURST_MS, watch.credit + ((began - watch.at) * SHARE) / view.watches.size);
    watch.at = began;
    if (watch.credit <= 0) {
      watch.isBehind = true;
      continue;
    }
    for (const row of rows) look(watch, row);
    watch.counted += rows.length;
    watch.seen = last;
    spend(watch, began);
  }
}

function look(watch: Watch, row: Row): void {
  watch.searched++;
  if (!watch.matches(row)) return;
  watch.matched++;
  keep(watch.matching, row);
}

function spend(watch: Watch, began: number): void {
  watch.credit -= performance.now() - began;
}

/**
 * How many messages a batch may have, so that it takes a fraction of a second: a stop and a rebalance wait for it.
 *
 * In: how long each took. Out: the size of the next. Small at first, when no code is compiled, and on a busy machine.
 */

const MEANT_MS = { least: 75, most: 250 };
const LEAST_MESSAGES = 25;

export interface Pace {
  size(): number;
  took(ms: number): void;
}

export function createPace(most: number): Pace {
  let size = Math.min(4 * LEAST_MESSAGES, most);
  return {
    size: () => size,
    took(ms) {
      if (ms > MEANT_MS.most) size = Math.max(Math.ceil(size / 2), Math.min(LEAST_MESSAGES, most));
      else if (ms < MEANT_MS.least) size = Math.min(size * 2, most);
    },
  };
}

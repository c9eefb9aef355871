/**
 * Who sends when, without a clock: asked at a time, each schedule answers with what fell due until then.
 *
 * A due time is the planned one, not the moment of asking, so a run can be repeated. What was missed while the caller
 * was busy (Kafka away) is skipped, not made up for: a device that sleeps measures nothing.
 */
export interface Due {
  /** Index of the device. */
  device: number;
  /** Planned time, Unix ms. */
  atMs: number;
}

export interface Schedule {
  due(nowMs: number): Due[];
  /** When something falls due next, Unix ms. */
  nextMs(): number;
}

/**
 * Every device at once at the start, so that a page fills; then each in its own rhythm.
 *
 * `part` (above 0, at most 1) is where in the first interval a device's second message falls: spread evenly over
 * devices of one kind, these never send in one burst again.
 */
export function byInterval(devices: { intervalMs: number; part: number }[], startMs: number): Schedule {
  const dueMs = devices.map(() => startMs);
  const started = devices.map(() => false);
  return {
    due(nowMs) {
      const result: Due[] = [];
      devices.forEach(({ intervalMs, part }, device) => {
        const planned = dueMs[device] ?? nowMs;
        // Further ahead than one interval: the host's clock was set back.
        const atMs = planned > nowMs + intervalMs ? nowMs : planned;
        if (atMs > nowMs) return;
        result.push({ device, atMs });
        const ahead = started[device] ? intervalMs : intervalMs * part;
        const missed = Math.max(0, Math.floor((nowMs - atMs - ahead) / intervalMs) + 1);
        dueMs[device] = atMs + ahead + missed * intervalMs;
        started[device] = true;
      });
      return result;
    },
    nextMs: () => dueMs.reduce((least, atMs) => Math.min(least, atMs), Number.POSITIVE_INFINITY),
  };
}

/** More than this at once makes one send to Kafka slow to answer. */
const MOST_AT_ONCE = 2_000;
/** A rate that is behind by more than this cannot be kept: the arrears are given up, so that the load stays even. */
const ARREARS_MS = 1_000;

/** The devices in turn, so many messages per second in all. */
export function byRate(devices: number, ratePerS: number, startMs: number): Schedule {
  const stepMs = 1000 / ratePerS;
  let turn = 0;
  let fromMs = startMs;
  let sent = 0;
  return {
    due(nowMs) {
      const lateMs = nowMs - (fromMs + sent * stepMs);
      if (lateMs > ARREARS_MS + stepMs || lateMs < -ARREARS_MS - stepMs) {
        fromMs = nowMs;
        sent = 0;
      }
      const result: Due[] = [];
      for (; result.length < MOST_AT_ONCE && fromMs + sent * stepMs <= nowMs && devices > 0; sent += 1) {
        result.push({ device: turn, atMs: fromMs + sent * stepMs });
        turn = (turn + 1) % devices;
      }
      return result;
    },
    nextMs: () => (devices > 0 ? fromMs + sent * stepMs : Number.POSITIVE_INFINITY),
  };
}

/**
 * Looks at the kernel's queues of all clients together, when somebody asks: never twice at once, and for at most a
 * twentieth of the time, however long the list of the machine's connections is.
 *
 * In: who is watched, and a reader of the queues. Out: their backlogs, brought up to date; then `done`.
 */
import { type Backlog, before, learn } from "./backlog.ts";
import type { Queues } from "./kernel-queue.ts";

const REST = 20;
const MAX_REST_MS = 2_000;

export interface Watched {
  /** As the kernel's list names it. */
  peer: string;
  backlog: Backlog;
  /** The socket may hold some of the last piece here, where the kernel does not count it. */
  isHeld(): boolean;
}

export interface QueueWatch {
  ask(): void;
  /** False once the kernel was found to tell nothing. */
  tells(): boolean;
  stop(): void;
}

export interface QueueWatchOptions {
  read(): Promise<Queues | undefined>;
  watched(): Iterable<Watched>;
  now(): number;
  done(): void;
}

export function createQueueWatch({ read, watched, now, done }: QueueWatchOptions): QueueWatch {
  let tells = true;
  let isReading = false;
  let stopped = false;
  let timer: Timer | undefined;
  let restUntil = 0;

  async function look(): Promise<void> {
    timer = undefined;
    isReading = true;
    const began = performance.now();
    const all = Array.from(watched(), (one) => ({ one, earlier: before(one.backlog, one.isHeld()) }));
    const queues = await read().catch(() => undefined);
    for (const { one, earlier } of all) learn(one.backlog, queues?.get(one.peer), earlier, now());
    tells = queues !== undefined;
    if (!tells) for (const { backlog } of watched()) backlog.isListed = false;
    isReading = false;
    const ended = performance.now();
    restUntil = ended + Math.min(REST * (ended - began), MAX_REST_MS);
    if (!stopped) done();
  }

  return {
    ask() {
      if (stopped || !tells || isReading || timer !== undefined) return;
      const wait = restUntil - performance.now();
      // Never at once: what was given in this turn has to reach the socket first.
      timer = setTimeout(look, Math.max(0, wait));
    },
    tells: () => tells,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

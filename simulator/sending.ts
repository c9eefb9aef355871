/**
 * The loop: what falls due is sent, one send in flight.
 *
 * While Kafka is away the send is repeated in place and the devices sleep: nothing piles up, and nothing that was
 * measured is lost before `stop()`.
 */
import { backoff, sleep } from "../kafka/backoff.ts";
import { isOutage } from "../kafka/errors.ts";
import type { RawMessage } from "./faults.ts";
import type { Fleet, Sent } from "./fleet.ts";

export interface SendingOptions {
  fleet: Fleet;
  /** Resolves when Kafka has them all. */
  send(messages: RawMessage[]): Promise<void>;
  /** Called once for each batch that Kafka has. */
  onSent(sent: Sent[]): void;
  onError(error: unknown): void;
  warn(message: string): void;
  /** Unix ms. */
  now?(): number;
}

export interface Sending {
  /** Ends after the send in hand, or after a second without an answer to it. */
  stop(): Promise<void>;
  /** Why messages do not flow; empty when they do. */
  health(): string[];
}

/** Gathers what falls due close together into one send. */
const SHORTEST_PAUSE_MS = 10;
/** Asked at least this often, a schedule notices that the clock was set back. */
const LONGEST_PAUSE_MS = 1_000;
const STUCK_AFTER_MS = 10_000;
const STOP_MS = 1_000;

export function startSending(options: SendingOptions): Sending {
  const { fleet, now = Date.now } = options;
  const stopping = new AbortController();
  /** The send in hand. */
  let waiting: { sinceMs: number; messages: number } | undefined;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const sent = fleet.take(now());
      if (sent.length > 0) await deliver(sent);
      const pauseMs = Math.min(Math.max(fleet.nextMs() - now(), SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
      await sleep(pauseMs, stopping.signal);
    }
  }

  async function deliver(sent: Sent[]): Promise<void> {
    const messages = sent.map(({ message }) => message);
    waiting = { sinceMs: now(), messages: messages.length };
    for (let attempt = 0; !(await accepted(messages)); attempt += 1) {
      await backoff(attempt, stopping.signal);
      if (stopping.signal.aborted) return;
    }
    waiting = undefined;
    options.onSent(sent);
  }

  /** False while Kafka is away. */
  async function accepted(messages: RawMessage[]): Promise<boolean> {
    try {
      await options.send(messages);
      return true;
    } catch (error) {
      if (isOutage(error)) return false;
      throw error;
    }
  }

  const running = run().catch(options.onError);
  return {
    async stop() {
      stopping.abort();
      await Promise.race([running, sleep(STOP_MS)]);
      if (waiting) options.warn(`Kafka is away; messages without an acknowledgement: ${waiting.messages}`);
    },
    health() {
      const waitedMs = waiting === undefined ? 0 : now() - waiting.sinceMs;
      return waitedMs > STUCK_AFTER_MS
        ? [`Kafka has taken no message for ${Math.round(waitedMs / 1000)} s`]
        : [];
    },
  };
}

/** How what the pages show stands to the present, whatever the line to a browser does. */
import { judgedUntil, lastHeard, type ViewModel } from "./view.ts";

export interface Standing {
  /**
   * `away`: the brokers do not answer. `reading`: the past is still read back. `behind`: messages wait for a verdict for
   * longer than `BEHIND_MS`.
   */
  state: "live" | "away" | "reading" | "behind";
  /** Up to when things are known, ms; 0 before anything is. */
  at: number;
}

/** The longest that a message of a healthy flow waits for its verdict, a hand-over between enrichers included. */
const BEHIND_MS = 10_000;

export function standing(view: ViewModel, now: number): Standing {
  const heard = lastHeard(view, now);
  if (heard < now) return { state: "away", at: heard };
  if (!view.caughtUp) return { state: "reading", at: now };
  const at = judgedUntil(view, now);
  return now - at > BEHIND_MS ? { state: "behind", at } : { state: "live", at: now };
}

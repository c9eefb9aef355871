/**
 * What becomes of one raw message: decode -> judge -> splice.
 *
 * In: the text of the record, what is known of the record, the plan (the compiled registry), the time of day.
 * Out: the enriched text with its verdict, or a dead letter with a reason of the closed list.
 * Errors: none thrown; a bug becomes `internal` and is handed to the host in `bug`, for its log.
 * Pure and synchronous, no memory of other messages; `now` appears in `enriched_at` and nowhere else, so the same
 * text, source, plan and `now` give the same bytes in Bun and in Connect. Source: design.md sections 3 and 4.
 */
import { type DeadLetterReason, LIMITS } from "../schemas/dead-letter.ts";
import type { Plan } from "../judge/plan.ts";
import { judge } from "../judge/judge.ts";
import type { DeadLetter, Judged } from "../judge/verdict.ts";
import { decode, type Shortcut } from "./decode.ts";
import { join, type Pieces, splice, textOf } from "./splice.ts";
import { cut, utf8Length } from "./text.ts";

/** What the host knows of the record beside its text. */
export interface Source {
  /** As text; null when the record has none. */
  key: string | null;
  /** The record timestamp, ms since 1970: arrival at the door or producer. */
  timestamp: number;
  /** Size of the value in bytes, as it stands in the topic. */
  bytes: number;
}

export interface EnrichedMessage {
  to: "enriched";
  /** Value for `iot.enriched`; its key is `verdict.device_id`. */
  value: string;
  verdict: Judged;
}

/** As `EnrichedMessage`, its value not put together: for a host that writes bytes. */
export interface EnrichedPieces {
  to: "enriched";
  pieces: Pieces;
  verdict: Judged;
}

/** For `iot.raw.dlq`: the host sends the raw key and bytes, and these as headers. */
export interface DeadLetterMessage {
  to: "dlq";
  reason: DeadLetterReason;
  path: string;
  message: string;
  /** Only with `internal`: what was thrown. */
  bug?: unknown;
}

export function enrich(
  text: string,
  source: Source,
  plan: Plan,
  now: number,
  shortcut?: Shortcut,
): EnrichedMessage | DeadLetterMessage {
  const result = enrichInPieces(text, source, plan, now, shortcut);
  if (result.to === "dlq") return result;
  return { to: "enriched", value: join(text, result.pieces), verdict: result.verdict };
}

/** The same in pieces: `join(text, pieces)` is the value. */
export function enrichInPieces(
  text: string,
  source: Source,
  plan: Plan,
  now: number,
  shortcut?: Shortcut,
): EnrichedPieces | DeadLetterMessage {
  try {
    const decoded = decode(text, source.bytes, shortcut);
    if (!decoded.ok) return deadLetter(decoded);

    const verdict = judge(decoded.message, source, plan);
    if (!verdict.ok) return deadLetter(verdict);

    const pieces = splice(text, verdict, plan.version, now);
    if (!fits(text, pieces)) return deadLetter(TOO_LARGE);
    return { to: "enriched", pieces, verdict };
  } catch (bug) {
    return { ...deadLetter(INTERNAL), bug };
  }
}

const TOO_LARGE: DeadLetter = {
  ok: false,
  reason: "output_too_large",
  path: "",
  message: `with what its type appends the message exceeds ${LIMITS.outputBytes} bytes`,
};
const INTERNAL: DeadLetter = {
  ok: false,
  reason: "internal",
  path: "",
  message: "a bug of the enrichment, not of the message; the service's log says more",
};

/** A UTF-16 unit takes at most three bytes: most texts need no count. */
function fits(text: string, pieces: Pieces): boolean {
  let units = pieces.kept;
  for (let at = 0; at < pieces.added.length; at++) units += textOf(pieces.added[at] ?? "").length;
  return units * 3 <= LIMITS.outputBytes || utf8Length(join(text, pieces)) <= LIMITS.outputBytes;
}

/** Path and message cut to what their headers may hold. */
export function deadLetter({ reason, path, message }: Omit<DeadLetter, "ok">): DeadLetterMessage {
  return { to: "dlq", reason, path: cutPointer(path), message: cut(message, LIMITS.messageHeaderBytes) };
}

/** A `~` at the cut is half an escape: without it the rest is still a JSON Pointer. */
function cutPointer(path: string): string {
  const short = cut(path, LIMITS.pathHeaderBytes);
  return short.length < path.length && short.endsWith("~") ? short.slice(0, -1) : short;
}

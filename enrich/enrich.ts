/**
 * What becomes of one raw message: decode -> judge -> splice.
 *
 * In: the plan (the compiled registry); then the text of each record, what is known of the record, the time of day.
 * Out: the enriched text with its verdict, or a dead letter with a reason of the closed list.
 * Errors: none thrown; a bug becomes `internal` and is handed to the host in `bug`, for its log.
 * Pure and synchronous, no memory of other messages; `now` appears in `enriched_at` and nowhere else, so the same
 * text, source, plan and `now` give the same bytes in Bun and in Connect. Source: design.md sections 3 and 4.
 */
import { type DeadLetterReason, LIMITS } from "../schemas/dead-letter.ts";
import type { Plan } from "../judge/plan.ts";
import { createJudge } from "../judge/judge.ts";
import type { DeadLetter, Judged } from "../judge/verdict.ts";
import { decode } from "./decode.ts";
import { createSplice, join, type Pieces, textOf } from "./splice.ts";
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

/** What of a message becomes of its text, its record's key, timestamp and size, and the clock's ms since 1970. */
export type Enrich = (text: string, source: Source, now: number) => EnrichedMessage | DeadLetterMessage;

export function createEnrich(plan: Plan): Enrich {
  const enrich = createEnrichInPieces(plan);
  return (text, source, now) => {
    const result = enrich(text, source, now);
    if (result.to === "dlq") return result;
    return { to: "enriched", value: join(text, result.pieces), verdict: result.verdict };
  };
}

export type EnrichInPieces = (
  text: string,
  source: Source,
  now: number,
) => EnrichedPieces | DeadLetterMessage;

/** The same in pieces: `join(text, pieces)` is the value. `read` is for a host whose engine is slow at loops. */
export function createEnrichInPieces(plan: Plan, read = decode): EnrichInPieces {
  const judge = createJudge(plan);
  const splice = createSplice(plan.version);
  return (text, source, now) => {
    try {
      const decoded = read(text, source.bytes);
      if (!decoded.ok) return deadLetter(decoded);

      const verdict = judge(decoded.message, source);
      if (!verdict.ok) return deadLetter(verdict);

      const pieces = splice(text, verdict, now);
      if (!fits(text, pieces)) return deadLetter(TOO_LARGE);
      return { to: "enriched", pieces, verdict };
    } catch (bug) {
      return { ...deadLetter(INTERNAL), bug };
    }
  };
}

const TOO_LARGE: Readonly<DeadLetter> = {
  ok: false,
  reason: "output_too_large",
  path: "",
  message: `with what its type appends, the message exceeds ${LIMITS.outputBytes} bytes`,
};
const INTERNAL: Readonly<DeadLetter> = {
  ok: false,
  reason: "internal",
  path: "",
  message: "a bug in the enrichment, not in the message; the service's log says more",
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

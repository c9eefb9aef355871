/**
 * The short way of Connect's host: a usual message has the verdict of an earlier one of its kind.
 *
 * Usual is a message in our own form: what is said of it follows from its type, from what is absent or out of
 * its range (connect/transform/absence.ts), from checks that fail and from how its time stands. The first of each kind goes the long way, through
 * createEnrichInPieces(), and the texts that were appended to it are kept; they follow from the plan alone. What is not surely usual
 * goes the long way too.
 * In: as enrich(). Out: as enrich(); of the verdict the id alone, the rest stands in the value.
 */
import { type Absence, COUNT, createAbsenceFor, saidOf, type Tell, UNUSUAL, withCheck } from "./absence.ts";
import { judgeChecks } from "../../judge/checks.ts";
import { keepAnswer } from "../../judge/kept-answers.ts";
import { createChooseNominal } from "../../judge/nominal.ts";
import type { Nominal, Plan, PlanType } from "../../judge/plan.ts";
import { createParseIso, namesZone } from "../../judge/time.ts";
import { TOLERANCE_MS } from "../../judge/timestamp.ts";
import { isRecord, type Values } from "../../judge/values.ts";
import { LIMITS } from "../../schemas/dead-letter.ts";
import type { Finding } from "../../schemas/enriched.ts";
import { type JsonObject, reserved, tryParse } from "../../enrich/decode.ts";
import {
  createEnrichInPieces,
  type DeadLetterMessage,
  type EnrichedPieces,
  type Source,
} from "../../enrich/enrich.ts";
import { decodePlain } from "./plain.ts";
import { createEnrichedAt, join, textOf } from "../../enrich/splice.ts";
import { REPLACEMENT } from "../../enrich/text.ts";

export interface EnrichedText {
  to: "enriched";
  /** Value for `iot.enriched`. */
  value: string;
  device_id: string;
}

export type Enrich = (text: string, source: Source, now: number) => EnrichedText | DeadLetterMessage;

/** A type, and what was appended to its usual messages. */
interface Kind {
  type: PlanType;
  /** Of the message before; none before the first. */
  nominal: Nominal | undefined;
  absence: Absence | undefined;
  /** What stands before `enriched_at`, by the make that a message names. */
  heads: Map<string, string>;
  /** What stands behind it: by flags, then by what is absent and what is not quiet. */
  ends: Map<number | string, string>[];
}

/** What the texts of a usual message follow from. */
interface Usual {
  kind: Kind;
  make: string;
  flags: number;
  /** What is absent; with what is said of values that are not quiet, and whether a check fails. */
  values: number | string;
  /** What is said of checks that fail, as it stands in the text behind all else that is said. */
  checks: string;
}

/** In the key of what is said: a check fails. */
const CHECKED = " check";
/** Behind the last finding. */
const CLOSING = "]}}";

const UNDECLARED = 1;
const ASSUMED_UTC = 2;
const AHEAD = 4;
const LATE = 8;

/** Of each list; then it is begun anew, so that no sender can fill the memory. */
const MOST_KEPT = 500;
/** What is longer is not kept: with two of these a raw message is never too large. */
const LONGEST_KEPT = 100_000;
const LONGEST_KEY = 500;

/** The second argument is for tests. */
export function createUsualEnrich(plan: Plan, absenceOf = createAbsenceFor()): Enrich {
  const enrich = createEnrichInPieces(plan, (text, bytes) => decodePlain(text, bytes, parsed));
  const chooseNominal = createChooseNominal(plan);
  const parseIso = createParseIso();
  const enrichedAt = createEnrichedAt();
  /** What the text in hand is, where that was asked before. */
  let parsed: unknown;
  /** By what messages declare, and by the groups of those that declare nothing. */
  const declared = new Map<unknown, Kind>();
  const detected = new Map<string, Kind>();
  // Where a shape looks into /measurements, a message in our own form may be a vendor's.
  const ownForm = !Object.hasOwn(plan.shape_index, "measurements");

  let inHand: Kind | undefined;
  /** Of the values of the message in hand that are not quiet. */
  let said = "";
  const tell: Tell = (leaf, value, isBare) => {
    const words = inHand && saidOf(value, leaf, inHand.type, inHand.nominal);
    said += ` ${leaf}${isBare ? " bare" : ""}: ${words}`;
    return words !== undefined;
  };

  return (text, source, now) => {
    parsed = isAscii(text, source.bytes) ? tryParse(text) : undefined;
    const message = ownForm && isRecord(parsed) ? parsed : undefined;
    const usual = message === undefined ? undefined : usualOf(text, message, source);
    if (usual !== undefined) {
      const head = usual.kind.heads.get(usual.make);
      const end = usual.kind.ends[usual.flags]?.get(usual.values);
      if (head !== undefined && end !== undefined) {
        const { checks } = usual;
        const value = text
          .slice(0, text.lastIndexOf("}"))
          .concat(head, enrichedAt(now), end, checks, checks === "" ? "" : CLOSING);
        return { to: "enriched", value, device_id: source.key ?? "" };
      }
    }
    const result = enrich(text, source, now);
    if (result.to === "dlq") return result;
    if (usual !== undefined) keep(usual, result);
    else if (message !== undefined) meet(message, result);
    return { to: "enriched", value: join(text, result.pieces), device_id: result.verdict.device_id };
  };

  /** Undefined: not surely usual. */
  function usualOf(text: string, message: JsonObject, { key, timestamp }: Source): Usual | undefined {
    const { measurements, timestamp: claim } = message;
    if (key === null || key !== message.device_id || !isUsualId(key)) return undefined;
    if (typeof measurements !== "object" || measurements === null) return undefined;
    const sent = measurements as Values;
    const kind =
      message.device_type === undefined ? detected.get(groupsOf(sent)) : declared.get(message.device_type);
    if (kind === undefined) return undefined;

    if (typeof claim !== "string") return undefined;
    const ahead = parseIso(claim) - timestamp;
    if (Number.isNaN(ahead)) return undefined;
    let flags = message.device_type === undefined ? UNDECLARED : 0;
    if (!namesZone(claim)) flags += ASSUMED_UTC;
    if (ahead > TOLERANCE_MS) flags += AHEAD;
    else if (ahead < -TOLERANCE_MS) flags += LATE;

    const nominal = chooseNominal(sent, kind.type, key);
    if (kind.absence === undefined || kind.nominal !== nominal) {
      kind.nominal = nominal;
      kind.absence = absenceOf(kind.type, nominal);
    }
    inHand = kind;
    said = "";
    let absent = kind.absence(sent, tell);
    if (absent === UNUSUAL || said.length > LONGEST_KEY) return undefined;
    let checks = "";
    if (absent < UNUSUAL) {
      absent = withCheck(absent);
      checks = checksText(sent, kind.type);
      if (checks !== "") said += CHECKED;
    }
    // So many commas stand between these members and these leaves if each stands once and there is nothing else: another member,
    // one that stands twice, an empty group, a list, a comma in a text are one more each.
    const leaves = kind.type.leaves.length - (absent % COUNT);
    const more = text.split(",").length - (countMembers(message) + leaves - 1);
    if (more !== 0 && more !== countMore(message)) return undefined;
    const { manufacturer, model } = message;
    const make = manufacturer === undefined && model === undefined ? "" : makeOf(manufacturer, model);
    return { kind, make, flags, values: said === "" ? absent : absent + said, checks };
  }

  /** The type of a message that went the long way: the next like it may be usual. */
  function meet({ measurements }: JsonObject, { verdict }: EnrichedPieces): void {
    const { type, shape, detection } = verdict;
    if (type === undefined || shape !== undefined) return;
    let kind = declared.get(type.key);
    if (kind === undefined) {
      kind = { type, nominal: undefined, absence: undefined, heads: new Map(), ends: [] };
      declared.set(type.key, kind);
    }
    if (detection.method !== "detected" || !isRecord(measurements)) return;
    const groups = groupsOf(measurements);
    if (groups.length <= LONGEST_KEY) keepAnswer(detected, groups, kind, MOST_KEPT);
  }
}

/** By the texts that the long way has appended. */
function keep({ kind, make, flags, values, checks }: Usual, { pieces, verdict }: EnrichedPieces): void {
  if (verdict.type !== kind.type || verdict.shape !== undefined) return;
  const head = textOf(pieces.added[0]);
  let end = textOf(pieces.added[2]);
  if (checks !== "") {
    if (!end.endsWith(checks + CLOSING)) return;
    end = end.slice(0, -checks.length - CLOSING.length);
  }
  if (head.length > LONGEST_KEPT || end.length > LONGEST_KEPT || make.length > LONGEST_KEY) return;
  kind.ends[flags] ??= new Map();
  keepAnswer(kind.heads, make, head, MOST_KEPT);
  keepAnswer(kind.ends[flags], values, end, MOST_KEPT);
}

/** Their numbers differ from message to message, so they are not kept; each is `uncertain`, so the grade is. */
function checksText(measurements: Values, type: PlanType): string {
  const findings: Finding[] = [];
  judgeChecks(measurements, type, undefined, findings);
  let text = "";
  for (let at = 0; at < findings.length; at++) text += (at === 0 ? "" : ",") + JSON.stringify(findings[at]);
  return text;
}

/** Nothing but ASCII and no escape: as many characters as bytes, and none that stands for a bad byte. */
function isAscii(text: string, bytes: number): boolean {
  return (
    text.length === bytes && bytes <= LIMITS.rawBytes && !text.includes(REPLACEMENT) && !text.includes("\\")
  );
}

/** In JSON without an escape there are no other control characters. */
const isUsualId = (id: string) => id.length > 0 && id.length <= 128 && !id.includes("\u007f");

const groupsOf = (measurements: object) => Object.keys(measurements).join();

/** No text of such a message holds a control character. */
function makeOf(manufacturer: unknown, model: unknown): string {
  return `${manufacturer ?? "\t"}\n${model ?? "\t"}`;
}

/** How many members of our own form are there; NaN where one that is not judged is neither text nor whole number. */
function countMembers(message: JsonObject): number {
  const { device_type, manufacturer, model, event_type, boot_id, sequence } = message;
  let members = 3;
  if (device_type !== undefined) members++;
  if (manufacturer !== undefined) members += typeof manufacturer === "string" ? 1 : Number.NaN;
  if (model !== undefined) members += typeof model === "string" ? 1 : Number.NaN;
  if (event_type !== undefined) members += typeof event_type === "string" ? 1 : Number.NaN;
  if (boot_id !== undefined) members += typeof boot_id === "string" ? 1 : Number.NaN;
  if (sequence !== undefined) members += Number.isSafeInteger(sequence) ? 1 : Number.NaN;
  return members;
}

/** Members that are not of our own form, and commas in texts; NaN where one of them holds others or must not be there. */
function countMore(message: JsonObject): number {
  if (reserved(message) !== undefined) return Number.NaN;
  const names = Object.keys(message);
  let more = 0;
  for (let at = 0; at < names.length; at++) {
    const name = names[at] ?? "";
    const value = message[name];
    if (typeof value === "string") more += value.split(",").length - 1;
    if (OWN_FORM.has(name)) continue;
    more +=
      typeof value === "string" || typeof value === "boolean" || Number.isFinite(value) ? 1 : Number.NaN;
  }
  return more;
}

const OWN_FORM: ReadonlySet<string> = new Set(
  "device_id device_type manufacturer model timestamp event_type boot_id sequence measurements".split(" "),
);

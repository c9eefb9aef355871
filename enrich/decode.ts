/**
 * From the text of a raw message to its object, or to the reason why there is none.
 *
 * In: text and the record's size in bytes. Out: the object as `JSON.parse` gives it, or a dead letter.
 * Errors: values, in our words, the same in every engine. Source: design.md section 3, RFC 8259.
 */
import { type DeadLetterReason, LIMITS } from "../schemas/dead-letter.ts";
import type { RESERVED_MEMBERS } from "../schemas/enriched.ts";
import type { DeadLetter } from "../judge/verdict.ts";
import { isRecord } from "../judge/values.ts";
import { characterName } from "../judge/words.ts";
import { findJsonFaults, type FaultPosition } from "./json-faults.ts";
import { type TextFacts, readTextFacts } from "./text-facts.ts";
import { REPLACEMENT, replaceLoneSurrogates, utf8Length } from "./text.ts";

export type JsonObject = Record<string, unknown>;
export type Decoded = { ok: true; message: JsonObject } | DeadLetter;

export function decode(text: string, bytes: number): Decoded {
  if (bytes > LIMITS.rawBytes)
    return dead("too_large", `${bytes} bytes; at most ${LIMITS.rawBytes} are allowed`);
  if (!isUtf8(text, bytes)) return dead("not_utf8", notUtf8(text, bytes));
  const facts = readTextFacts(text);
  const json = facts.escapes ? replaceLoneSurrogates(text) : text;
  const value = parse(json, facts);
  if (value === NOT_JSON) return notJson(json, bytes);
  if (!isRecord(value)) return dead("not_object", `expected an object, found ${kindOf(value)}`);
  const message = value;
  const members = Object.keys(message).length;
  if (members === 0) return dead("empty_object", "an object without members");
  if (facts.depth > LIMITS.depth)
    return deadAt(
      "too_deep",
      findJsonFaults(json, LIMITS.depth).tooDeep,
      `nested more than ${LIMITS.depth} levels deep`,
    );
  if (facts.commas + 1 !== members)
    return deadAt("duplicate_key", findJsonFaults(json, LIMITS.depth).duplicate, "this member appears twice");
  return reserved(message) ?? { ok: true, message };
}

export function reserved(message: JsonObject): DeadLetter | undefined {
  // The names are written out: a loop over the list costs four times as much in Connect's engine. decode.test.ts sends each of them.
  // No such name is on Object.prototype, and nothing in JSON is undefined: what is found was sent.
  if (
    message.device_metadata === undefined &&
    message.measurement_metadata === undefined &&
    message.normalized === undefined &&
    message.enrichment_info === undefined &&
    message.data_quality === undefined
  )
    return undefined;
  const name = RESERVED.find((member) => message[member] !== undefined) ?? "";
  return dead(
    "reserved_member",
    `${name} is appended by the enrichment; a device must not send it`,
    `/${name}`,
  );
}

/**
 * The one rule for UTF-8, in every host: a decoder puts U+FFFD in place of bad bytes, and then the text is longer than
 * the record was. A host must replace each bad byte by one U+FFFD (Go's strings do; Bun's in bytes-to-text.ts).
 */
export function isUtf8(text: string, bytes: number): boolean {
  return !text.includes(REPLACEMENT) || utf8Length(text) === bytes;
}

/** The text has one U+FFFD for each bad byte: where some were sent as such, which of them is a bad byte is not known. */
function notUtf8(text: string, bytes: number): string {
  const first = text.indexOf(REPLACEMENT);
  const at = utf8Length(text.slice(0, first)) + 1;
  const bad = (utf8Length(text) - bytes) / 2;
  let all = 0;
  for (let i = first; i < text.length; i++) if (text.charAt(i) === REPLACEMENT) all++;
  return `the bytes are not UTF-8: byte ${at}${bad === all ? "" : " or a later one"} does not fit`;
}

const NOT_JSON = Symbol("not JSON");

/** A number beyond a double is an error in one engine and Infinity in another: here it is no JSON. */
function parse(json: string, facts: TextFacts): unknown {
  if (facts.hugeNumber && findJsonFaults(json, LIMITS.depth).overflow) return NOT_JSON;
  return tryParse(json);
}

/** Text that is no JSON is no object either. */
export function tryParse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return NOT_JSON;
  }
}

function notJson(json: string, bytes: number): DeadLetter {
  if (bytes === 0 || json === "") return dead("not_json", "empty: no value at all, or a tombstone");
  if (json.startsWith("\ufeff")) return dead("not_json", "a byte order mark (U+FEFF) stands before the JSON");
  const { overflow, syntax } = findJsonFaults(json, LIMITS.depth);
  if (overflow) return deadAt("not_json", overflow, "a number too large for a double");
  if (!syntax) return dead("not_json", "not JSON");
  return deadAt(
    "not_json",
    syntax,
    `not JSON: at character ${syntax.at + 1} expected ${syntax.expected}, ${found(json, syntax)}`,
  );
}

function found(json: string, { at }: FaultPosition): string {
  const code = json.codePointAt(at);
  return code === undefined ? "but the text ends" : `found ${characterName(String.fromCodePoint(code))}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

/** A record, so that the compiler sees when one is missing; TypeBox stays out of this module's imports. */
const RESERVED: readonly string[] = Object.keys({
  device_metadata: true,
  measurement_metadata: true,
  normalized: true,
  enrichment_info: true,
  data_quality: true,
} satisfies Record<(typeof RESERVED_MEMBERS)[number], true>);

function deadAt(reason: DeadLetterReason, place: FaultPosition | undefined, message: string): DeadLetter {
  return dead(reason, message, place?.path ?? "");
}

function dead(reason: DeadLetterReason, message: string, path = ""): DeadLetter {
  return { ok: false, reason, path, message };
}

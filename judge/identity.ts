/** Which device a message is from: the shape's pointer, else the field `device_id`, else the record key. */
import type { PlanShape } from "./plan.ts";
import { readPointer } from "./pointer.ts";
import type { DeadLetter, RecordSource } from "./verdict.ts";
import { codeName } from "./words.ts";

const MAX_LENGTH = 128;

/** The id, or why the message has none that can be used. */
export function identify(
  message: Record<string, unknown>,
  shape: PlanShape | undefined,
  source: RecordSource,
): string | DeadLetter {
  const key = source.key === "" ? null : source.key;
  const at = shape?.device_id ?? null;
  const fromShape = at === null ? undefined : readPointer(message, at.path);
  let id: unknown = key;
  let path = "";
  if (at !== null && fromShape !== undefined && fromShape !== null) {
    // Some vendors number their devices.
    id = Number.isSafeInteger(fromShape) ? String(fromShape) : fromShape;
    path = at.pointer;
  } else if (message.device_id !== undefined) {
    id = message.device_id;
    path = "/device_id";
  }
  if (id === null && path === "")
    return { ok: false, reason: "schema", path: "/device_id", message: "no device_id and no record key" };
  if (typeof id !== "string")
    return {
      ok: false,
      reason: "schema",
      path,
      message: `the device id is ${typeName(id)}; expected a string`,
    };
  const fault = idFault(id);
  if (fault !== undefined)
    return {
      ok: false,
      reason: "schema",
      path,
      message: `the ${path === "" ? "record key" : "device id"} ${fault}`,
    };
  if (key !== null && key !== id)
    return { ok: false, reason: "key_mismatch", path, message: "the record key contradicts the device id" };
  return id;
}

/** 1 to 128 characters, no control characters, no half of a surrogate pair. Undefined if all is well. */
export function idFault(id: string): string | undefined {
  if (USUAL_ID.test(id)) return undefined;
  if (id.length === 0) return "is empty; expected 1 to 128 characters";
  let characters = 0;
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    characters++;
    // A host hands half of a surrogate pair on as U+0000 (enrich/text.ts): here they are the same.
    if (code === 0) return "holds half of a surrogate pair, or U+0000";
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return `holds the control character ${codeName(code)}`;
    if (code < 0xd800 || code > 0xdfff) continue;
    const low = id.charCodeAt(at + 1);
    if (code > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) return "holds half of a surrogate pair";
    at++;
  }
  return characters > MAX_LENGTH ? `has ${characters} characters; expected at most ${MAX_LENGTH}` : undefined;
}

/** Nearly every id: printable ASCII. */
const USUAL_ID = /^[ -~]{1,128}$/;

/** What a JSON value is, in words. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

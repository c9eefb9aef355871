/** The golden messages of this folder as records: bytes, key, record timestamp, and what must come of each. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DeadLetterReason } from "../dead-letter.ts";
import type { Enriched } from "../enriched.ts";

/** When the golden messages were enriched. */
export const GOLDEN_NOW = Date.parse("2025-08-15T22:21:47.654Z");
/** Stands for the digest of the registry's file in `registry_version`. */
export const GOLDEN_DIGEST = "00000000";

export interface GoldenMessage {
  name: string;
  raw: Buffer;
  key: string;
  /** Record timestamp, ms. */
  timestamp: number;
  enriched: Enriched & Record<string, unknown>;
}

export interface GoldenDeadLetter {
  what: string;
  /** null is a tombstone. */
  raw: Buffer | null;
  key: string | null;
  timestamp: number;
  reason: DeadLetterReason;
  path: string;
  message: string;
}

const read = (file: string) => readFileSync(join(import.meta.dir, file));

/** The file that holds what a message must become. */
export const goldenFile = (name: string) => join(import.meta.dir, `${name}.enriched.json`);

export const GOLDEN: GoldenMessage[] = readdirSync(import.meta.dir)
  .filter((file) => file.endsWith(".raw.json"))
  .sort()
  .map((file) => {
    const raw = read(file);
    const name = file.slice(0, -".raw.json".length);
    const { device_id, timestamp } = JSON.parse(raw.toString()) as {
      device_id: string;
      timestamp: string | number;
    };
    const enriched = JSON.parse(readFileSync(goldenFile(name), "utf8")) as GoldenMessage["enriched"];
    return { name, raw, key: device_id, timestamp: timeOf(timestamp), enriched };
  });

interface DeadLetterFile extends Omit<GoldenDeadLetter, "raw" | "key" | "timestamp"> {
  key?: string | null;
  text?: string;
  base64?: string;
  repeat?: { before: string; text: string; times: number; after: string };
  tombstone?: true;
}

export const DEAD_LETTERS: GoldenDeadLetter[] = (
  JSON.parse(read("dead-letters.json").toString()) as DeadLetterFile[]
).map(({ text, base64, repeat, tombstone, key = "breaker-001", ...rest }) => ({
  ...rest,
  key,
  timestamp: GOLDEN_NOW,
  raw: tombstone ? null : bytesOf(text, base64, repeat),
}));

function bytesOf(
  text: string | undefined,
  base64: string | undefined,
  repeat: DeadLetterFile["repeat"],
): Buffer {
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  if (repeat !== undefined)
    return Buffer.from(repeat.before + repeat.text.repeat(repeat.times) + repeat.after);
  return Buffer.from(text ?? "");
}

/** A zone-less time is UTC; a number here is Unix seconds. */
function timeOf(timestamp: string | number): number {
  if (typeof timestamp === "number") return timestamp * 1000;
  return Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(timestamp) ? timestamp : `${timestamp}Z`);
}

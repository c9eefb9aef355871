/** The vendors' samples of this folder for tests and `bun run bench detect`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface VendorSample {
  name: string;
  vendor: string;
  /** Public page that says how the message looks. */
  documentation: string;
  key: string;
  message: Record<string, unknown>;
  /** What the device is: a type of the shipped registry, or `unknown` where it has none. */
  expect: string;
}

export const HALVES = ["tuned", "unseen"] as const;

export function vendorSamples(half: (typeof HALVES)[number]): VendorSample[] {
  const text = readFileSync(join(import.meta.dir, `${half}.json`), "utf8");
  return (JSON.parse(text) as { samples: VendorSample[] }).samples;
}

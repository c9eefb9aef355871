/**
 * What does `enrich()` cost: messages per second of one core, beside bare JSON.parse of the same text in the same run?
 *
 * The original's sample message, 1,000 devices, the pinned registry; the sides in turns, in short rounds, of which the best and
 * the median count. "declared" says its type, "detected" does not; "and flat" also makes the text one piece of memory, which
 * whoever sends it pays. Exit code 1 if the best round of "declared" is below 250,000 messages/s.
 */

import { cpus } from "node:os";
import { createEnrich } from "../enrich/enrich.ts";
import { pinnedPlan } from "../registry/pinned.fixture.ts";
import { sampleKey, sampleText } from "./sample.part.ts";

const ROUNDS = 120;
/** Rounds that only warm up. */
const WARM_UP = 30;
const DEVICES = 1_000;
const PASSES = 4;
const GOAL = 250_000;

const plan = pinnedPlan;
const enrich = createEnrich(plan);
const now = Date.now();
const timestamp = Date.parse("2025-08-15T22:21:43Z");

interface Message {
  text: string;
  key: string;
  bytes: number;
}

const messages = (change: (text: string) => string): Message[] =>
  Array.from({ length: DEVICES }, (_, index) => {
    // Through bytes, as a record's text comes: flat, and one byte a character.
    const bytes = Buffer.from(change(sampleText(index)));
    return { text: bytes.toString(), key: sampleKey(index), bytes: bytes.length };
  });
const declared = messages((text) => text);
const detected = messages((text) => text.replace('"device_type":"smart_breaker",', ""));

const SIDES: Record<string, { list: Message[]; run: (message: Message) => number }> = {
  "JSON.parse": { list: declared, run: ({ text }) => Object.keys(JSON.parse(text)).length },
  declared: { list: declared, run: (message) => enriched(message).length },
  "declared and flat": { list: declared, run: flat },
  detected: { list: detected, run: (message) => enriched(message).length },
  "detected and flat": { list: detected, run: flat },
};

function enriched({ text, key, bytes }: Message): string {
  const result = enrich(text, { key, timestamp, bytes }, now);
  if (result.to === "dlq") throw new Error(`${result.reason} ${result.path}: ${result.message}`);
  return result.value;
}

/** Reading a character makes a text that was put together one piece. */
function flat(message: Message): number {
  const value = enriched(message);
  return value.charCodeAt(value.length - 1);
}

const times = new Map<string, number[]>(Object.keys(SIDES).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, { list, run }] of Object.entries(SIDES)) {
    let sum = 0;
    const began = performance.now();
    for (let pass = 0; pass < PASSES; pass++) for (const message of list) sum += run(message);
    const perMessage = ((performance.now() - began) * 1e6) / (PASSES * list.length);
    if (sum === 0) throw new Error("nothing was done");
    if (round >= WARM_UP) times.get(name)?.push(perMessage);
  }
}

const best = (values: number[]) => Math.min(...values);
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const rate = (nanoseconds: number) => Math.round(1e9 / nanoseconds);
const parse = times.get("JSON.parse") ?? [];
const [sample] = declared;

console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, Bun ${Bun.version}, one core`,
);
console.log(
  `${sample?.bytes} B in, ${sample ? Buffer.byteLength(enriched(sample)) : 0} B out, ${plan.types.length} types, ${ROUNDS - WARM_UP} rounds\n`,
);
console.log(
  "| what | best, ns | messages/s | median, ns | messages/s | times JSON.parse |\n|---|---|---|---|---|---|",
);
for (const [name, list] of times) {
  const ratio = (best(list) / best(parse)).toFixed(2);
  const cells = [best(list), median(list)].flatMap((ns) => [Math.round(ns), rate(ns)]);
  console.log(`| ${[name, ...cells, ratio].join(" | ")} |`);
}
if (rate(best(times.get("declared") ?? [])) < GOAL) process.exitCode = 1;

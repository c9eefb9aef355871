/**
 * What does `enrich()` cost: messages per second of one core, beside bare JSON.parse of the same text in the same run?
 *
 * The original's sample message, 1,000 devices, the shipped registry; each side in turns, median and best of the rounds.
 * "declared" says its type, "detected" does not. The enriched text is made flat, as sending it would. Exit code 1 below 250,000 declared.
 */

import { cpus } from "node:os";
import { enrich } from "../enrich/enrich.ts";
import { shippedPlan } from "../enrich/plan.case.ts";
import { sampleKey, sampleText } from "./sample.part.ts";

const ROUNDS = 15;
const DEVICES = 1_000;
const PASSES = 40;
const GOAL = 250_000;

const plan = shippedPlan();
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
  declared: { list: declared, run: enriched },
  detected: { list: detected, run: enriched },
};

function enriched({ text, key, bytes }: Message): number {
  const result = enrich(text, { key, timestamp, bytes }, plan, now);
  if (result.to === "dlq") throw new Error(`${result.reason} ${result.path}: ${result.message}`);
  // Reading a character near the end makes the text flat.
  return result.value.charCodeAt(result.value.length - 1);
}

const times = new Map<string, number[]>(Object.keys(SIDES).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, { list, run }] of Object.entries(SIDES)) {
    let sum = 0;
    const began = performance.now();
    for (let pass = 0; pass < PASSES; pass++) for (const message of list) sum += run(message);
    const perMessage = ((performance.now() - began) * 1e6) / (PASSES * list.length);
    if (sum === 0) throw new Error("nothing was done");
    // The first rounds warm up.
    if (round >= 3) times.get(name)?.push(perMessage);
  }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const rate = (nanoseconds: number) => Math.round(1e9 / nanoseconds);
const parse = times.get("JSON.parse") ?? [];
const sample = enrich(
  declared[0]?.text ?? "",
  { key: null, timestamp, bytes: declared[0]?.bytes ?? 0 },
  plan,
  now,
);
const out = sample.to === "enriched" ? Buffer.byteLength(sample.value) : 0;

console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, Bun ${Bun.version}, one core`,
);
console.log(
  `${declared[0]?.bytes} B in, ${out} B out, ${plan.types.length} types, median of ${ROUNDS - 3} rounds\n`,
);
console.log("| what | ns | messages/s | best | times JSON.parse |\n|---|---|---|---|---|");
for (const [name, list] of times) {
  const ratio = (median(list) / median(parse)).toFixed(2);
  console.log(
    `| ${name} | ${Math.round(median(list))} | ${rate(median(list))} | ${rate(Math.min(...list))} | ${ratio} |`,
  );
}
if (rate(Math.min(...(times.get("declared") ?? []))) < GOAL) process.exitCode = 1;

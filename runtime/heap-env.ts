/** The enricher's settings of memory, as heap.env has them for all who start it: `dev`, package.json, compose, benches. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const lines = readFileSync(join(import.meta.dir, "heap.env"), "utf8").split("\n");
const pairs = lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split("="));
export const HEAP_ENV: Record<string, string> = Object.fromEntries(pairs);

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { actionsOf } from "./actions.ts";
import type { RunOptions } from "./run.ts";
import { readSoakOptions, soakLine, testLine } from "./soak-options.ts";

/** As a shell takes the line apart. */
const words = (line: string) => [...line.matchAll(/"([^"]*)"|\S+/g)].map(([all, quoted]) => quoted ?? all);

const RUNS: RunOptions[] = [
  { seed: 3, faults: 28, mode: "safety", on: "embedded" },
  { seed: 4, faults: 120, mode: "liveness", on: "kafka", quietMs: 500, sessionMs: 2_000 },
  { seed: 5, faults: 7, mode: "safety", on: "embedded", kinds: ["cut", "enricher crash"], quietMs: 20 },
  { seed: 6, faults: 9, mode: "liveness", on: "embedded", kinds: ["enricher kill"], waiting: 6_000 },
];

test.each(RUNS)("the line of a failed run repeats its list: seed $seed", (run) => {
  const line = soakLine(run);
  expect(line).toStartWith("bun run soak ");
  const { seed, round, ...read } = readSoakOptions(words(line).slice(3));
  expect(read).toMatchObject({ faults: run.faults, mode: run.mode, on: run.on });
  expect(read.sessionMs).toBe(run.sessionMs);
  expect(read.waiting).toBe(run.waiting);
  expect(actionsOf(seed ?? -1, round, read.kinds, read.quietMs)).toEqual(
    actionsOf(run.seed, run.faults, run.kinds, run.quietMs),
  );
});

test("the line of a test with a list of its own runs that very test", () => {
  const [setting, ...line] = words(testLine(7, "faults.test.ts", "as they like"));
  expect(setting).toBe("FAULT_SEED=7");
  const file = line.find((word) => word.endsWith(".ts")) ?? "";
  expect(line).toEqual([..."bun test --isolate --timeout=30000".split(" "), file, "-t", "as they like"]);
  const names = [...readFileSync(file, "utf8").matchAll(/ test\("([^"]*)"/g)].map(([, name]) => name);
  expect(names.filter((name) => name?.includes("as they like"))).toHaveLength(1);
});

test("messages wait only where one fault comes after the other", () => {
  expect(readSoakOptions(["--waiting", "6000"])).toMatchObject({ waiting: 6_000, mode: "liveness" });
  expect(() => readSoakOptions(["--waiting", "6000", "--mode", "safety"])).toThrow(
    "--waiting: only with --mode liveness",
  );
});

test("every argument that is not understood is named", () => {
  const wrong = ["--faults", "many", "--mode", "fast", "--on", "redis", "--kinds", "cut,cuts"];
  expect(() => readSoakOptions(wrong)).toThrow(
    /--faults many.*\n.*--mode fast.*\n.*--on redis.*\n.*--kinds cuts/,
  );
});

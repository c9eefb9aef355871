/**
 * The arguments of `bun run soak`, read and written: the line that a failing run prints runs the same list again.
 *
 * In: arguments, or the options of a run. Out: options; a command line. Errors: every argument that is not understood.
 */
import { parseArgs } from "node:util";
import { type ActionKind, ALL_KINDS, QUIET_MS } from "./actions.ts";
import type { RunOptions } from "./run.ts";

export interface SoakOptions {
  /** Of the first round; undefined = any. */
  seed: number | undefined;
  faults: number;
  /** Faults in a round. */
  round: number;
  /** Undefined = in turn. */
  mode: RunOptions["mode"] | undefined;
  on: RunOptions["on"];
  kinds: ActionKind[] | undefined;
  quietMs: number;
  sessionMs: number | undefined;
  /** Before each fault of liveness, so that batches are full. */
  waiting: number | undefined;
  minutes: number;
}

const ROUND = 50;
const SOAK_QUIET_MS = 1_000;
const MODES = ["safety", "liveness"] as const;
const BROKERS = ["embedded", "kafka"] as const;

export function readSoakOptions(args: string[]): SoakOptions {
  const names = [
    "seed",
    "faults",
    "round",
    "mode",
    "on",
    "kinds",
    "quiet",
    "session",
    "waiting",
    "minutes",
  ] as const;
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" } as const]));
  const values: Partial<Record<string, unknown>> = parseArgs({ args, options }).values;
  const faults: string[] = [];
  const given = (name: (typeof names)[number]) => values[name] as string | undefined;
  const number = (name: (typeof names)[number]): number | undefined => {
    const text = given(name);
    if (text === undefined) return undefined;
    if (!/^\d+(\.\d+)?$/.test(text)) faults.push(`--${name} ${text}: expected a number`);
    return Number(text);
  };
  const oneOf = <T extends string>(
    name: (typeof names)[number],
    text: string | undefined,
    all: readonly T[],
  ) => {
    const found = all.find((one) => one === text);
    if (text !== undefined && found === undefined)
      faults.push(`--${name} ${text}: expected ${all.join(", ")}`);
    return found;
  };
  const count = number("faults") ?? ROUND;
  const waiting = number("waiting");
  const mode = oneOf("mode", given("mode"), MODES);
  if (waiting !== undefined && mode === "safety") faults.push("--waiting: only with --mode liveness");
  const found: SoakOptions = {
    seed: number("seed"),
    faults: count,
    round: Math.min(count, number("round") ?? ROUND),
    mode: mode ?? (waiting === undefined ? undefined : "liveness"),
    on: oneOf("on", given("on"), BROKERS) ?? "embedded",
    kinds: given("kinds")
      ?.split(",")
      .flatMap((kind) => oneOf("kinds", kind, ALL_KINDS) ?? []),
    quietMs: number("quiet") ?? SOAK_QUIET_MS,
    sessionMs: number("session"),
    waiting,
    minutes: number("minutes") ?? Number.POSITIVE_INFINITY,
  };
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return found;
}

/** Runs the list of this run again. A list of its own only its test can repeat. */
export function soakLine(options: RunOptions): string {
  const { seed, faults, mode, on, kinds, quietMs = QUIET_MS, sessionMs, waiting } = options;
  return [
    `bun run soak --seed ${seed} --faults ${faults} --round ${faults} --mode ${mode} --on ${on} --quiet ${quietMs}`,
    kinds ? ` --kinds "${kinds.join(",")}"` : "",
    sessionMs === undefined ? "" : ` --session ${sessionMs}`,
    waiting === undefined ? "" : ` --waiting ${waiting}`,
  ].join("");
}

/** The command that runs one test of a file with a seed. */
export function testLine(seed: number, file: string, name: string): string {
  return `FAULT_SEED=${seed} bun test --isolate --timeout=30000 ./test/faults/${file} -t "${name}"`;
}

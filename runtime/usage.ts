/** What the commands share: `--help` on stdout, exit 0; an argument that a command does not have, and any other fault, exit 1. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { ConfigError } from "../config/env.ts";

/** Ends the process where `args` ask for help, or hold what is not among `flags`; "own": the command reads its arguments itself. */
export function showUsage(
  usage: string,
  flags: readonly string[] | "own",
  args: readonly string[] = process.argv.slice(2),
): void {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(`usage: ${usage}`);
    process.exit(0);
  }
  const unknown = flags === "own" ? [] : args.filter((arg) => !flags.includes(arg));
  if (unknown.length === 0) return;
  for (const arg of unknown) console.error(`${arg}: unknown argument`);
  console.error(`usage: ${usage}`);
  process.exit(1);
}

/** Wraps Node's `parseArgs`; what it refuses is a ConfigError that ends with how the command is used. */
export function parseArguments<T extends ParseArgsConfig>(usage: string, config: T) {
  try {
    return parseArgs<T>(config);
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error), `usage: ${usage}`]);
  }
}

/** Prints every fault of a one-shot command and ends with 1. */
export function exitWithFaults(error: unknown): never {
  const faults =
    error instanceof ConfigError ? error.faults : [error instanceof Error ? error.message : String(error)];
  for (const fault of faults) console.error(fault);
  process.exit(1);
}

/**
 * `bun run explain [FILE|-] [--key ID] [--registry FILE] [--diff FILE] [--json]`: what `enrich()` makes of messages, and why.
 *
 * In: one JSON message or newline-delimited JSON. Out: a verdict a line on stdout, as a table on a terminal; with --diff only what
 *   changes between the registry and FILE. Errors: arguments, files and registries, every fault on stderr, exit 1.
 * Source: design.md section 7.
 */
import { ConfigError } from "../config/env.ts";
import { parseArguments } from "../runtime/usage.ts";
import { loadRegistry } from "../config/registry-file.ts";
import { createEnrich } from "../enrich/enrich.ts";
import type { Plan } from "../judge/plan.ts";
import { difference, differenceText } from "./diff.ts";
import { verdictTable } from "./table.ts";
import { judgeInput, splitInput, verdictLine } from "./verdict.ts";

const USAGE = `bun run explain [FILE|-]   one JSON message, or one message a line, such as the dashboard's NDJSON export;
                               - or nothing: reads stdin
  --key ID          stands for the record key; default: the message's own id, else "explain"
  --registry FILE   default: $REGISTRY, else config/device-registry.json
  --diff FILE       prints only what changes from the registry to this one
  --json            lines of JSON, even on a terminal
  --table           words and tables, even into a file`;

interface Arguments {
  file: string;
  key: string | undefined;
  registry: string;
  diff: string | undefined;
  form: "json" | "table" | undefined;
}

export interface Terminal {
  stdin: () => Promise<Buffer>;
  out: (text: string) => void;
  err: (text: string) => void;
  isTerminal: boolean;
  now: () => number;
}

/** Resolves to the exit code. */
export async function explain(args: string[], terminal: Terminal): Promise<number> {
  try {
    if (args.includes("--help") || args.includes("-h")) {
      terminal.out(`usage: ${USAGE}\n`);
      return 0;
    }
    const options = readArguments(args);
    const plan = (await loadRegistry(options.registry)).plan;
    const other = options.diff === undefined ? undefined : (await loadRegistry(options.diff)).plan;
    const input = options.file === "-" ? await terminal.stdin() : await readInput(options.file);
    run(input, options, plan, other, terminal);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) terminal.err(`${fault}\n`);
    return 1;
  }
}

function run(
  input: Buffer,
  options: Arguments,
  plan: Plan,
  other: Plan | undefined,
  terminal: Terminal,
): void {
  const messages = splitInput(input);
  const enrich = createEnrich(plan);
  const enrichByOther = other && createEnrich(other);
  const now = terminal.now();
  const asTable = options.form === undefined ? terminal.isTerminal : options.form === "table";
  if (messages.length === 0) terminal.err("no messages in the input\n");
  let changed = 0;
  for (const { line, bytes } of messages) {
    const result = judgeInput(bytes, options.key, enrich, now);
    if (enrichByOther === undefined) {
      terminal.out(asTable ? `${verdictTable(line, result, plan)}\n` : json(verdictLine(line, result)));
      continue;
    }
    const before = verdictLine(line, result);
    const after = verdictLine(line, judgeInput(bytes, options.key, enrichByOther, now));
    const change = difference(before, after);
    if (change === undefined) continue;
    changed++;
    terminal.out(asTable ? differenceText(before, after) : json(change));
  }
  if (other !== undefined) terminal.err(`${changed} of ${messages.length} messages change\n`);
}

const json = (value: object) => `${JSON.stringify(value)}\n`;

function readArguments(args: string[]): Arguments {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { key: text, registry: text, diff: text, json: flag, table: flag };
  const { values, positionals } = parseArguments(USAGE, { args, options, allowPositionals: true });
  if (positionals.length > 1)
    throw new ConfigError([`expected one file, found ${positionals.join(" ")}`, `usage: ${USAGE}`]);
  return {
    file: positionals[0] ?? "-",
    key: values.key,
    registry: values.registry ?? (process.env.REGISTRY || "config/device-registry.json"),
    diff: values.diff,
    form: values.table ? "table" : values.json ? "json" : undefined,
  };
}

async function readInput(path: string): Promise<Buffer> {
  try {
    return Buffer.from(await Bun.file(path).arrayBuffer());
  } catch {
    throw new ConfigError([`${path}: expected a file that can be read`]);
  }
}

if (import.meta.main) {
  // Whoever reads may have seen enough: `| head`.
  process.stdout.on("error", () => process.exit(0));
  process.exitCode = await explain(process.argv.slice(2), {
    stdin: async () => Buffer.from(await Bun.stdin.arrayBuffer()),
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    isTerminal: process.stdout.isTTY === true,
    now: Date.now,
  });
}

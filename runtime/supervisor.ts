/**
 * Keeps a set of child processes running: prefixed logs, restart with back-off, a clean stop.
 *
 * Children are detached, so that a terminal's Ctrl-C reaches only the supervisor, which ends them itself. When the supervisor is
 * killed, they notice by the end of their standard input and stop in order (supervisor-child.ts).
 */
import { join } from "node:path";
import { paint, textLine } from "./log-text.ts";

export interface ChildProgram {
  name: string;
  /** Arguments to bun. */
  args: string[];
  env: Record<string, string>;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** A child that ran this long was healthy: its next failure counts as the first. */
const HEALTHY_AFTER_MS = 30_000;
const KILL_AFTER_MS = 5_000;
const PRELOAD = join(import.meta.dir, "supervisor-child.ts");
const COLOURS = ["36", "35", "32", "34", "33", "96"];

export function restartDelayMs(failures: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
}

export class Supervisor {
  private readonly live = new Map<string, Bun.Subprocess<"pipe" | "ignore", "pipe", "pipe">>();
  private readonly loops = new Map<string, Promise<void>>();
  private readonly halts = new Map<string, AbortController>();
  private readonly colour: boolean;

  constructor(
    private readonly width: number,
    private readonly out: (text: string) => void = (text) => process.stdout.write(text),
    colour = process.stdout.isTTY,
  ) {
    this.colour = colour;
  }

  /** Runs a program once, with prefixed output. Resolves to its exit code. */
  async once(program: ChildProgram): Promise<number> {
    return (await this.run(program, false)).exitCode ?? 1;
  }

  /** Runs a program until `stop`. `onExit` hears each end before the back-off. */
  keep(program: ChildProgram, onExit?: (code: number | null) => void): void {
    const halt = new AbortController();
    this.halts.set(program.name, halt);
    this.loops.set(program.name, this.loop(program, halt.signal, onExit));
  }

  /** SIGTERM, then SIGKILL after 5 s; resolves when the named children (default all) have ended. */
  async stop(names: string[] = [...this.loops.keys()]): Promise<void> {
    for (const name of names) this.halts.get(name)?.abort();
    for (const name of names) this.live.get(name)?.kill("SIGTERM");
    const killer = setTimeout(() => this.kill(), KILL_AFTER_MS);
    await Promise.all(names.map((name) => this.loops.get(name)));
    clearTimeout(killer);
  }

  kill(): void {
    for (const child of this.live.values()) child.kill("SIGKILL");
  }

  say(name: string, text: string): void {
    const code = COLOURS[hash(name) % COLOURS.length];
    this.out(`${paint(`${name.padEnd(this.width)} │`, code, this.colour)} ${text}`);
  }

  private async loop(
    program: ChildProgram,
    halt: AbortSignal,
    onExit?: (code: number | null) => void,
  ): Promise<void> {
    const halted = new Promise<void>((resolve) => halt.addEventListener("abort", () => resolve()));
    for (let failures = 0; !halt.aborted;) {
      const started = performance.now();
      const child = await this.run(program, true);
      if (!halt.aborted) onExit?.(child.exitCode);
      if (halt.aborted) return;
      failures = performance.now() - started > HEALTHY_AFTER_MS ? 1 : failures + 1;
      const delay = restartDelayMs(failures);
      this.say(
        program.name,
        `ended with ${child.signalCode ?? child.exitCode}, restart in ${delay / 1000} s\n`,
      );
      await Promise.race([Bun.sleep(delay), halted]);
    }
  }

  private async run({ name, args, env }: ChildProgram, lasting: boolean): Promise<Bun.Subprocess> {
    // What is to end by itself cannot wait for the end of its standard input: the system ends it with us.
    const [preload, own] = lasting
      ? [["--preload", PRELOAD], {}]
      : [[], { BUN_FEATURE_FLAG_NO_ORPHANS: "1" }];
    const child = Bun.spawn([process.execPath, ...preload, ...args], {
      env: { ...process.env, ...own, ...env },
      stdin: lasting ? "pipe" : "ignore",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
    this.live.set(name, child);
    await Promise.all([this.pump(name, child.stdout), this.pump(name, child.stderr), child.exited]);
    this.live.delete(name);
    return child;
  }

  private async pump(name: string, stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.say(name, textLine(line, this.colour));
    }
    if (rest !== "") this.say(name, textLine(rest, this.colour));
  }
}

function hash(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) >>> 0;
  return sum;
}

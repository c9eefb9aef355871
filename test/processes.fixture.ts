/**
 * Child processes for tests and benches: free ports, the real entry files on them, waiting with a deadline.
 *
 * Nothing outlives the test process: what is still running at its exit is killed.
 */
import { resolve } from "node:path";
import "../runtime/no-proxy.ts";

export const ROOT = resolve(import.meta.dir, "..");

/** Ports that are free now; taken together, so they differ. */
export function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () =>
    Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }),
  );
  const ports = listeners.map((listener) => listener.port);
  for (const listener of listeners) listener.stop(true);
  return ports;
}

export function freePort(): number {
  const [port] = freePorts(1);
  if (port === undefined) throw new Error("no free port");
  return port;
}

/** Polls until `condition` gives something true; `what` and its last error say what was awaited in vain. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: { withinMs?: number; everyMs?: number; alive?: Process[] } = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const { withinMs = 20_000, everyMs = 50, alive = [] } = options;
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await condition();
      if (value) return value as NonNullable<Exclude<T, false>>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    const dead = alive.find((child) => child.exitCode() !== null);
    if (dead) throw new Error(`${what}: ${dead.name} ended with ${dead.exitCode()}\n${dead.tail()}`);
    await Bun.sleep(everyMs);
  }
  const because = last instanceof Error ? `: ${last.message}` : "";
  const logs = alive.map((child) => `\n--- ${child.name}\n${child.tail()}`).join("");
  throw new Error(`${what}: not within ${withinMs} ms${because}${logs}`);
}

export interface Process {
  name: string;
  pid: number;
  /** Everything written so far, stdout and stderr as they came. */
  output(): string;
  /** The last lines of it, for an error text. */
  tail(): string;
  exitCode(): number | null;
  exited: Promise<number>;
  kill(signal?: NodeJS.Signals): void;
  /** SIGTERM, SIGKILL after the grace; gives the exit code and how long it took. */
  stop(graceMs?: number): Promise<{ code: number; ms: number }>;
}

const running = new Set<Bun.Subprocess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** The part of our environment that a child may see: a developer's own settings and registry must not steer a test. */
export function plainEnv(): Record<string, string> {
  const kept = ["PATH", "HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME", "JAVA_HOME", "CI"];
  const own = kept.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : []));
  return { ...Object.fromEntries(own), REGISTRY: "test/registry/device-registry.json" };
}

/** Starts `command` from the root of the tree with nothing of our environment but what `plainEnv` keeps. */
export function start(name: string, command: string[], env: Record<string, string> = {}): Process {
  const child = Bun.spawn(dieWithParent(command), {
    cwd: ROOT,
    env: { ...plainEnv(), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  running.add(child);
  let output = "";
  const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) output += text;
  };
  const read = Promise.all([collect(child.stdout), collect(child.stderr)]);
  const exited = child.exited.then(async (code) => {
    running.delete(child);
    await Promise.race([read, Bun.sleep(500)]);
    return code;
  });
  return {
    name,
    pid: child.pid,
    output: () => output,
    tail: () => output.split("\n").slice(-25).join("\n"),
    exitCode: () => child.exitCode ?? (child.signalCode ? 128 : null),
    exited,
    kill: (signal = "SIGKILL") => child.kill(signal),
    async stop(graceMs = 5_000) {
      const began = performance.now();
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      const code = await exited;
      clearTimeout(timer);
      return { code, ms: performance.now() - began };
    },
  };
}

/** One of our entry files, run by this very Bun. */
export function startEntry(entry: string, env: Record<string, string>, args: string[] = []): Process {
  return start(entry, [process.execPath, entry, ...args], env);
}

/** Runs a program to its end, `input` on its standard input. */
export async function runProgram(command: string[], input: string | Uint8Array = ""): Promise<string> {
  const child = Bun.spawn(command, {
    stdin: typeof input === "string" ? new TextEncoder().encode(input) : input,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${err || out}`);
  return out;
}

/** On Linux the kernel ends the child even when we are killed with -9. */
function dieWithParent(command: string[]): string[] {
  const setpriv = process.platform === "linux" ? Bun.which("setpriv") : null;
  return setpriv ? [setpriv, "--pdeathsig", "KILL", ...command] : command;
}

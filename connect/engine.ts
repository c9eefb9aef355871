/**
 * The gate's engine (connect/engine/, Go) for tests and benches: built once for its sources, outside the tree.
 *
 * In: Go on the PATH. Out: the path of the program. Errors: what the compiler said.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { partPath } from "../test/real/parts.fixture.ts";

export const PIPELINE = "connect/pipeline.yaml";
/** A build from nothing takes 40 s on two cores of their own, minutes on busy ones. */
export const BUILD_TIMEOUT_MS = 600_000;

const SOURCES = join(import.meta.dir, "engine");

export async function buildEngine(): Promise<string> {
  const folder = join(Bun.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "iot-cloud");
  const program = join(folder, `connect-engine-${hashOfSources()}`);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const part = `${program}.part.${process.pid}`;
  const { code, output } = await run([partPath("go"), "build", "-buildvcs=false", "-o", part, "."], {
    cwd: SOURCES,
    env: { ...Bun.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" },
  });
  if (code !== 0) throw new Error(`go build ended with ${code}:\n${output}`);
  renameSync(part, program);
  return program;
}

export interface Ran {
  code: number;
  /** stdout and stderr. */
  output: string;
}

/** Runs a command to its end. */
export async function run(
  command: string[],
  options: { cwd?: string; env?: Record<string, string | undefined>; input?: Blob } = {},
): Promise<Ran> {
  const child = Bun.spawn(command, {
    cwd: options.cwd ?? join(import.meta.dir, ".."),
    env: options.env ?? Bun.env,
    stdin: options.input ?? "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, output: out + err };
}

function hashOfSources(): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const file of readdirSync(SOURCES).sort())
    if (/\.go$|^go\.(?:mod|sum)$/.test(file)) hasher.update(readFileSync(join(SOURCES, file)));
  return hasher.digest("hex").slice(0, 12);
}

/**
 * The real parts that `verify:real` needs beside Bun: where each one is, or why it is not usable here.
 *
 * A missing part skips its tests with the reason in their name; with CI=true verify.ts counts it as a failure.
 */
import { describe } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const KAFKA_VERSION = "4.1.0";

/** `path` is the program, or the folder of jars; undefined = missing. */
interface Part {
  path: string | undefined;
  /** What to do about it where it is missing. */
  hint: string;
}

const DEBIAN_PYTHON = "/usr/bin/python3";

export type PartName =
  | "chromium"
  | "kcat"
  | "python-kafka"
  | "python-jsonschema"
  | "java"
  | "kafka-jars"
  | "postgres"
  | "go"
  | "npx"
  | "git"
  | "shellcheck"
  | "mount-namespace";

const FINDERS: Record<PartName, () => Part> = {
  chromium: () => ({
    path: Bun.env.CHROMIUM ?? firstProgram("chromium", "chromium-browser", "google-chrome"),
    hint: "apt-get install chromium, or name one in CHROMIUM",
  }),
  kcat: () => ({ path: firstProgram("kcat", "kafkacat"), hint: "apt-get install kcat" }),
  "python-kafka": () => ({
    path: pythonWith("kafka"),
    hint: "apt-get install python3-kafka python3-zstandard python3-snappy python3-lz4",
  }),
  "python-jsonschema": () => ({
    path: pythonWith("jsonschema"),
    hint: "apt-get install python3-jsonschema",
  }),
  java: () => ({ path: firstProgram("java"), hint: "apt-get install openjdk-17-jre-headless" }),
  "kafka-jars": () => ({
    path: kafkaJars(),
    hint: "bash .ci/run gets them; or name a folder with the jars of Apache Kafka in KAFKA_JARS",
  }),
  postgres: () => ({
    path: firstProgram("postgres") ?? debianPostgres(),
    hint: "apt-get install postgresql",
  }),
  npx: () => ({ path: firstProgram("npx"), hint: "apt-get install npm" }),
  git: () => ({ path: firstProgram("git"), hint: "apt-get install git" }),
  "mount-namespace": () => ({
    path: canMount() ? firstProgram("unshare") : undefined,
    hint: "run as root where unshare --mount is allowed",
  }),
  shellcheck: () => ({ path: firstProgram("shellcheck"), hint: "apt-get install shellcheck" }),
  go: () => ({ path: firstProgram("go", "/usr/local/go/bin/go"), hint: "apt-get install golang" }),
};
export const PART_NAMES = Object.keys(FINDERS) as PartName[];

const found = new Map<PartName, Part>();

export function part(name: PartName): Part {
  const known = found.get(name) ?? FINDERS[name]();
  found.set(name, known);
  return known;
}

/** The path of a part that a test has asked for with `describeWith`. */
export function partPath(name: PartName): string {
  const { path, hint } = part(name);
  if (path === undefined) throw new Error(`${name} is missing: ${hint}`);
  return path;
}

/** `describe` where all the parts are here; else a skipped block whose name says which one is not. */
export function describeWith(parts: PartName[], name: string, tests: () => void): void {
  const missing = parts.filter((one) => part(one).path === undefined);
  if (missing.length === 0) describe(name, tests);
  else describe.skip(`${name} (skipped: no ${missing.join(", no ")})`, tests);
}

function firstProgram(...names: string[]): string | undefined {
  return names.map((name) => Bun.which(name)).find((path) => path !== null) ?? undefined;
}

/**
 * Debian's packages belong to its own Python, not to a version manager's. Isolated (-I): else our own folder kafka/ would
 * pass for the package.
 */
function pythonWith(module: string): string | undefined {
  const has = (python: string) =>
    Bun.which(python) !== null &&
    Bun.spawnSync([python, "-I", "-c", `import ${module}`], { stderr: "ignore" }).exitCode === 0;
  return [DEBIAN_PYTHON, "python3"].find(has);
}

function kafkaJars(): string | undefined {
  const cache = Bun.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const folders = [Bun.env.KAFKA_JARS, join(cache, "iot-cloud", `kafka-${KAFKA_VERSION}`)];
  return folders.find(
    (folder) =>
      folder && existsSync(folder) && readdirSync(folder).some((file) => file.startsWith("kafka_2.13-")),
  );
}

function canMount(): boolean {
  if (firstProgram("unshare") === undefined || firstProgram("setpriv") === undefined) return false;
  const tried = ["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"];
  return Bun.spawnSync(tried, { stderr: "ignore" }).exitCode === 0;
}

function debianPostgres(): string | undefined {
  const versions = "/usr/lib/postgresql";
  if (!existsSync(versions)) return undefined;
  return readdirSync(versions)
    .map((version) => join(versions, version, "bin", "postgres"))
    .find((path) => existsSync(path));
}

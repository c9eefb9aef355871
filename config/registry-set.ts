/**
 * The files of a registry: the entry, and what its `include` names, as one set.
 *
 * In: the path of the entry. Out: names, texts, and one SHA-256 for all. Errors: ConfigError with the file and what is right.
 * A pattern is relative to the entry's folder and stays in it; files are taken in the order of their names.
 */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { RegistryFile } from "../registry/merge.ts";
import { REGISTRY_MAX_BYTES } from "../registry/json-text.ts";
import { ConfigError } from "./env.ts";

export interface RegistrySet {
  files: [RegistryFile, ...RegistryFile[]];
  /** The digest of the entry where it stands alone; else one over the names and contents of the set. */
  sha256: string;
}

export async function readRegistrySet(path: string): Promise<RegistrySet> {
  const paths = [path, ...(await includedBy(path))];
  const contents = await Promise.all(paths.map(read));
  const bytes = contents.reduce((sum, { length }) => sum + length, 0);
  if (bytes > REGISTRY_MAX_BYTES)
    throw new ConfigError([
      `${path}: ${bytes} bytes in ${paths.length} files; expected at most ${REGISTRY_MAX_BYTES}`,
    ]);
  const [entry, ...parts] = contents.map((content, at) => ({
    name: paths[at] ?? "",
    text: decoded(paths[at] ?? "", content),
  }));
  if (entry === undefined) throw new Error("a set without an entry");
  return { files: [entry, ...parts], sha256: sumOf(paths, contents) };
}

/** What changes when a file of the set does, or when one comes or goes: inode (a rename), size, times to the nanosecond. */
export async function markOfSet(path: string): Promise<string> {
  const included = await includedBy(path).catch((error: Error) => [error.message]);
  const marks = await Promise.all([path, ...included].map(async (file) => `${file} ${await markOf(file)}`));
  return marks.join("\n");
}

async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return codeOf(error) ?? "unreadable";
  }
}

/** Paths of the files that the entry includes; none of an entry that is no JSON or has no list: its compiler says what is wrong. */
async function includedBy(path: string): Promise<string[]> {
  const patterns = patternsIn(decoded(path, await read(path)));
  const folder = dirname(path);
  const faults: string[] = [];
  const found = new Set<string>();
  for (const [index, pattern] of patterns.entries()) {
    const at = `${path}/include/${index}: ${JSON.stringify(pattern)}`;
    if (!/^[^/\\]/.test(pattern) || pattern.split("/").includes("..")) {
      faults.push(`${at} leads out of the folder; expected a path below ${folder}`);
      continue;
    }
    const files = [...new Bun.Glob(pattern).scanSync({ cwd: folder, followSymlinks: true })].sort();
    if (files.length === 0) faults.push(`${at} matches no file; expected at least one in ${folder}`);
    for (const file of files) {
      if (file === basename(path) || found.has(file))
        faults.push(`${at} names ${file} again; expected each file once`);
      found.add(file);
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return [...found].map((file) => join(folder, file));
}

function patternsIn(text: string): string[] {
  try {
    const { include } = JSON.parse(text) as { include?: unknown };
    return Array.isArray(include) ? include.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

function sumOf(paths: string[], contents: Buffer[]): string {
  const [entry, ...parts] = contents.map((content) => createHash("sha256").update(content).digest("hex"));
  if (parts.length === 0) return entry ?? "";
  const folder = dirname(paths[0] ?? "");
  const lines = parts.map((sum, at) => `${paths[at + 1]?.slice(join(folder, "x").length - 1)} ${sum}`);
  return createHash("sha256")
    .update([entry, ...lines].join("\n"))
    .digest("hex");
}

async function read(path: string): Promise<Buffer> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new ConfigError([`${path}: no file; expected a registry in JSON`]);
    if (info.size > REGISTRY_MAX_BYTES)
      throw new ConfigError([`${path}: ${info.size} bytes; expected at most ${REGISTRY_MAX_BYTES}`]);
    return await readFile(path);
  } catch (error) {
    throw error instanceof ConfigError ? error : unreadable(path, error);
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error ? String(error.code) : undefined;

function unreadable(path: string, error: unknown): ConfigError {
  const code = codeOf(error) ?? "unknown";
  const words: Record<string, string> = {
    ENOENT: "does not exist",
    EACCES: "cannot be read: permission denied",
    EISDIR: "is a folder",
  };
  return new ConfigError([
    `${path}: ${words[code] ?? `cannot be read (${code})`}; expected a registry in JSON`,
  ]);
}

/** A byte order mark, as Notepad and PowerShell write it, is passed over. */
function decoded(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError([`${path}: not UTF-8; expected UTF-8`]);
  }
}

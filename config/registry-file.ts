/**
 * Loads the registry file and watches it: a good change is swapped in whole, a bad one is refused and the last good stays.
 *
 * In: a path. Out: the compiled plan with its version, and the last refusal with its reasons.
 * Errors: `ConfigError` with one line for each fault, only where there is nothing to fall back to (loadRegistry).
 * The file is polled, not subscribed to: a rename, a symlink's swap, a bind mount and a deleted folder all look alike.
 */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { compileRegistry } from "../registry/compile.ts";
import { faultText } from "../registry/fault.ts";
import { REGISTRY_MAX_BYTES } from "../registry/json-text.ts";
import type { Plan } from "../judge/plan.ts";
import type { DeviceRegistry } from "../schemas/registry.ts";
import type { Heartbeat } from "../schemas/service.ts";
import { ConfigError } from "./env.ts";

export interface LoadedRegistry {
  plan: Plan;
  registry: DeviceRegistry;
  /** registry_version: metadata.version + "+" + 8 hex digits of the file's SHA-256. */
  version: string;
  sha256: string;
  /** ISO 8601 UTC. */
  loadedAt: string;
}

export interface Refusal {
  /** ISO 8601 UTC. */
  at: string;
  /** One line for each fault. */
  reasons: string[];
}

/** Reads and compiles the file. Throws ConfigError with every fault. */
export async function loadRegistry(path: string): Promise<LoadedRegistry> {
  const bytes = await readRegistry(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const text = decode(bytes);
  if (text === undefined) throw new ConfigError([`${path}: not UTF-8; expected UTF-8`]);
  const compiled = compileRegistry(text, sha256);
  if (!compiled.ok) throw new ConfigError(compiled.faults.map((fault) => `${path}${faultText(fault)}`));
  const { plan, registry } = compiled;
  return { plan, registry, version: plan.version, sha256, loadedAt: new Date().toISOString() };
}

async function readRegistry(path: string): Promise<Buffer> {
  const info = await fileInfo(path);
  if (!info.isFile()) throw new ConfigError([`${path}: no file; expected a registry in JSON`]);
  if (info.size > REGISTRY_MAX_BYTES)
    throw new ConfigError([`${path}: ${info.size} bytes; expected at most ${REGISTRY_MAX_BYTES}`]);
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function fileInfo(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): ConfigError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  const words: Record<string, string> = {
    ENOENT: "does not exist",
    EACCES: "may not be read",
    EISDIR: "is a folder",
  };
  return new ConfigError([
    `${path}: ${words[code] ?? `cannot be read (${code})`}; expected a registry in JSON`,
  ]);
}

/** A byte order mark, as Notepad and PowerShell write it, is passed over. */
function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export interface WatchOptions {
  /** Called once for each refused file; the last good registry stays. */
  onRefusal?: (refusal: Refusal) => void;
  /** How often the file is looked at; a change counts when it looks the same twice. */
  intervalMs?: number;
}

export interface RegistryWatch {
  current(): LoadedRegistry;
  /** The refusal of the file as it stands now; null when it is the one that is loaded. */
  lastRefusal(): Refusal | null;
  /** The last refusal that was put right since; null if there was none. */
  pastRefusal(): Refusal | null;
  /** As heartbeats, /readyz and the page say it. */
  status(): NonNullable<Heartbeat["registry"]>;
  /** Reasons for /readyz; empty when the file as it stands is the one that is loaded. */
  health(): string[];
  stop(): void;
}

const INTERVAL_MS = 200;
/** A file with thousands of faults would not fit a heartbeat. */
const MAX_REASONS = 20;

/** Loads the file (ConfigError if it is bad at the start), then watches it. `onChange` gets each new good version. */
export async function watchRegistry(
  path: string,
  onChange: (loaded: LoadedRegistry) => void,
  options: WatchOptions = {},
): Promise<RegistryWatch> {
  let loadedMark = await markOf(path);
  let loaded = await loadRegistry(path);
  let refusal: Refusal | null = null;
  let past: Refusal | null = null;
  let seenMark = loadedMark;
  let looking = false;

  const refuse = (reasons: string[]) => {
    const shown = reasons.slice(0, MAX_REASONS);
    if (reasons.length > MAX_REASONS) shown.push(`and ${reasons.length - MAX_REASONS} more`);
    refusal = { at: new Date().toISOString(), reasons: shown };
    options.onRefusal?.(refusal);
  };

  const reload = async () => {
    try {
      const next = await loadRegistry(path);
      past = refusal ?? past;
      refusal = null;
      if (next.sha256 === loaded.sha256) return;
      loaded = next;
      onChange(next);
    } catch (error) {
      refuse(error instanceof ConfigError ? error.faults : [`${path}: ${String(error)}`]);
    }
  };

  /** One look: a mark that is new must stand still for one interval, so that a save in two writes counts once. */
  const look = async () => {
    if (looking) return;
    looking = true;
    const mark = await markOf(path);
    if (mark === seenMark && mark !== loadedMark) {
      loadedMark = mark;
      await reload();
    }
    seenMark = mark;
    looking = false;
  };

  const timer = setInterval(() => void look(), options.intervalMs ?? INTERVAL_MS);
  timer.unref();
  return {
    current: () => loaded,
    lastRefusal: () => refusal,
    pastRefusal: () => past,
    status: () => ({ version: loaded.version, loaded_at: loaded.loadedAt, last_refusal: refusal }),
    health: () =>
      refusal === null ? [] : [`registry refused, ${loaded.version} stays: ${refusal.reasons.join("; ")}`],
    stop: () => clearInterval(timer),
  };
}

/** What changes when the file does: inode (a rename), size, times to the nanosecond. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unreadable";
  }
}

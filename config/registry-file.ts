/**
 * Loads the registry, one file or a set, and watches it: a good change is swapped in whole, a bad one is refused and the last good stays.
 *
 * In: a path. Out: the compiled plan with its version, and the last refusal with its reasons.
 * Errors: `ConfigError` with one line for each fault, only where there is nothing to fall back to (loadRegistry).
 * The files are polled, not subscribed to: a rename, a symlink's swap, a bind mount and a deleted folder all look alike.
 */
import { compileRegistry } from "../registry/compile.ts";
import { type Fault, faultText } from "../registry/fault.ts";
import { mergeRegistry } from "../registry/merge.ts";
import type { Plan } from "../judge/plan.ts";
import type { DeviceRegistry } from "../schemas/registry.ts";
import type { Heartbeat } from "../schemas/service.ts";
import { ConfigError } from "./env.ts";
import { markOfSet, readRegistrySet } from "./registry-set.ts";

export interface LoadedRegistry {
  plan: Plan;
  registry: DeviceRegistry;
  /** registry_version: metadata.version + "+" + 8 hex digits of the SHA-256 of the file, or of the set of files. */
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

/** Reads and compiles the file, with those that it includes. Throws ConfigError with every fault. */
export async function loadRegistry(path: string): Promise<LoadedRegistry> {
  const { files, sha256 } = await readRegistrySet(path);
  const merged = files.length === 1 ? undefined : mergeRegistry(files);
  if (merged?.ok === false) throw new ConfigError(merged.faults);
  const tell = merged?.tell ?? ((fault: Fault) => `${path}${faultText(fault)}`);
  const compiled = compileRegistry(merged?.registry ?? files[0].text, sha256);
  if (!compiled.ok) throw new ConfigError(compiled.faults.map(tell));
  const { plan, registry } = compiled;
  return { plan, registry, version: plan.version, sha256, loadedAt: new Date().toISOString() };
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
  let loadedMark = await markOfSet(path);
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
    const mark = await markOfSet(path);
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

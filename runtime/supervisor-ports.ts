/**
 * Ports that a running `dev` has given its services: another `dev` leaves them alone, also while a service is between two lives.
 *
 * A free port says nothing then: the broker that was just killed comes back on it, and every client goes on by that address.
 * In: a port. Out: whether it is ours. A claim is a file with our pid in the temporary folder, and ends with the process, however it ends.
 */
import { linkSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { choosePort } from "./port.ts";

export const CLAIMS = join(tmpdir(), `iot-cloud-ports-${userInfo().uid}`);
const claimed = new Set<string>();
process.on("exit", () => {
  for (const path of claimed) rmSync(path, { force: true });
});

/** Chooses a port as `choosePort` does, but never one that somebody else has claimed; an explicit port is taken at its word. */
export function claimPort(
  host: string,
  wanted: number,
  explicit: boolean,
  variable: string,
  promised: ReadonlySet<number> = new Set(),
): number {
  for (let from = wanted; ; from++) {
    if (from !== wanted && promised.has(from)) continue;
    const port = choosePort(host, from, explicit, variable, promised);
    if (explicit || port === 0 || claim(port)) return port;
    from = port;
  }
}

export function claim(port: number): boolean {
  const path = join(CLAIMS, `${port}`);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      if (!isOurs(CLAIMS)) return true;
      create(path, `${process.pid}`);
      claimed.add(path);
      return true;
    } catch (error) {
      // A folder that cannot be written to is no reason not to start.
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) return true;
      if (isHeld(path)) return claimed.has(path);
      rmSync(path, { force: true });
    }
  }
  return false;
}

/** Others may write into the temporary folder, too: a folder or link of theirs by this name is not written to. */
export function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // It is there, or cannot be made: what is there decides.
  }
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === userInfo().uid && (found.mode & 0o022) === 0;
}

/** Whole at once: nobody reads a claim without its pid. */
function create(path: string, text: string): void {
  const draft = `${path}.${text}`;
  writeFileSync(draft, text, { flag: "wx" });
  try {
    linkSync(draft, path);
  } finally {
    rmSync(draft);
  }
}

function isHeld(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

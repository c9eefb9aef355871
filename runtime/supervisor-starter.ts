/**
 * Tells when whoever started this program is gone: `bun run`, the shell and npx above it, none of which passes on every signal.
 *
 * A SIGTERM to npx ends npx and its shell at once; nothing reaches `bun run` or us. In: what to do then, once. Only wrappers are
 * watched: a person's own shell may end, as after `nohup`.
 */
export interface Row {
  pid: number;
  parent: number;
  command: string;
}

/** npm, npx and their like, also as node runs them; `bun run`. */
const RUNNER = /^(npm|npx|pnpm|yarn)\b|^\S*node \S*\b(npm|npx)(-cli\.js)?\b|^\S*bun(\.exe)? (run|x|exec)\b/;
const SHELL = /^\S*sh -c /;
const EVERY_MS = 250;

/** Our parent, always; above it runners, and the shells in which runners run a command. */
export function startersOf(rows: Row[], parent: number): number[] {
  const starters = [parent];
  const shells: number[] = [];
  for (let row = find(rows, find(rows, parent)?.parent); row; row = find(rows, row.parent)) {
    if (RUNNER.test(row.command)) starters.push(...shells.splice(0), row.pid);
    else if (SHELL.test(row.command)) shells.push(row.pid);
    else break;
  }
  return starters;
}

export function watchStarters(onGone: () => void): void {
  const parent = process.ppid;
  // Started by the system itself: there is nobody to lose.
  if (parent <= 1) return;
  const starters = startersOf(processes(), parent);
  const timer = setInterval(() => {
    if (process.ppid === parent && starters.every(isAlive)) return;
    clearInterval(timer);
    onGone();
  }, EVERY_MS);
  timer.unref();
}

const find = (rows: Row[], pid: number | undefined): Row | undefined => rows.find((row) => row.pid === pid);

/** Empty where there is no `ps`: then only the parent is watched. */
function processes(): Row[] {
  if (!Bun.which("ps")) return [];
  const { stdout } = Bun.spawnSync(["ps", "-A", "-o", "pid=,ppid=,args="]);
  return stdout
    .toString()
    .split("\n")
    .flatMap((line) => {
      const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    });
}

/** There is such a process, and it is ours to signal. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

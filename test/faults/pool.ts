/**
 * One to four enrichers in a group, each started again when it dies, as a supervisor does.
 *
 * In: how to start one. Out: the living ones; a list of what ended in a way that nobody asked for.
 */
import { type Program, startEnricher, type EnricherOptions } from "./programs.ts";

export const MOST = 4;

export interface Pool {
  /** The one that `who` chooses. */
  pick(who: number): Program;
  size(): number;
  living(): Program[];
  add(): Program;
  /** SIGTERM, and nothing in its place. */
  leave(program: Program): Promise<{ code: number; ms: number }>;
  /** Ends by -9; another takes its place after a while. */
  kill(program: Program, downMs: number): Promise<void>;
  /** For a program that is to die at a point: the wait before another takes its place. */
  expectDeath(program: Program, downMs: number): void;
  /** Ended without being asked, or not cleanly: what and its last words. */
  unexpected: string[];
  kills(): number;
  /** What the living ones have said last. */
  tails(): string;
  /** All of them by -9, for good. */
  killAll(): Promise<void>;
  stopAll(): Promise<void>;
}

const RESTART_MS = 200;
const KILLED = 137;
const TERMINATED = 143;

export function createPool(options: EnricherOptions): Pool {
  const living = new Set<Program>();
  const leaving = new Set<Program>();
  const downMsOf = new Map<Program, number>();
  const unexpected: string[] = [];
  let closed = false;
  let kills = 0;

  function add(): Program {
    const program = startEnricher(options);
    living.add(program);
    void program.process.exited.then((code) => ended(program, code));
    return program;
  }

  async function ended(program: Program, code: number): Promise<void> {
    living.delete(program);
    const { name, tail } = program.process;
    const asked = downMsOf.has(program) || program.orders.crash !== undefined;
    if (code === KILLED && asked) kills++;
    else if (hasNoTopics(program, code)) {
      // Started while partitions were being added, or iot.raw made anew: it says so, and is started again.
    } else if (!(leaving.has(program) && (code === 0 || isTooEarly(program, code))))
      unexpected.push(`${name} ended with ${code}\n${tail()}`);
    if (closed || leaving.has(program)) return;
    await Bun.sleep(downMsOf.get(program) ?? RESTART_MS);
    if (!closed) add();
  }

  function hasNoTopics({ process: { output } }: Program, code: number): boolean {
    return code === 1 && /: \d+ partitions, but \S+ has \d+;|iot\.raw: missing; create it/.test(output());
  }

  /** SIGTERM before the first line of the program: it had nothing to end. */
  function isTooEarly({ process: { output } }: Program, code: number): boolean {
    return code === TERMINATED && output() === "";
  }

  async function leave(program: Program): Promise<{ code: number; ms: number }> {
    leaving.add(program);
    living.delete(program);
    // A frozen one hears nothing, and would be killed at the end of its grace.
    await program.frozen;
    return program.process.stop();
  }

  async function kill(program: Program, downMs: number): Promise<void> {
    downMsOf.set(program, downMs);
    program.process.kill("SIGKILL");
    await program.process.exited;
  }

  return {
    pick(who) {
      const all = [...living];
      return all[who % all.length] ?? add();
    },
    size: () => living.size,
    living: () => [...living],
    add,
    leave,
    kill,
    expectDeath: (program, downMs) => void downMsOf.set(program, downMs),
    unexpected,
    kills: () => kills,
    tails: () => [...living].map(({ process: { name, tail } }) => `--- ${name}\n${tail()}`).join("\n"),
    async killAll() {
      closed = true;
      await Promise.all([...living].map((program) => kill(program, 0)));
    },
    async stopAll() {
      closed = true;
      await Promise.all([...living].map(leave));
    },
  };
}

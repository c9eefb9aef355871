/**
 * Loaded into every child of the supervisor (`bun --preload`): when the supervisor is gone, however it died, the child stops in order.
 *
 * In: standard input, a pipe that the supervisor holds open and never writes to. Out: SIGTERM to this very process at its end.
 */
const KILL_AFTER_MS = 5_000;

void ended();

async function ended(): Promise<void> {
  for await (const _ of Bun.stdin.stream());
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.kill(process.pid, "SIGKILL"), KILL_AFTER_MS).unref();
}

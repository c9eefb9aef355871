/**
 * A server that stops listening while nearly all file descriptors are taken, and listens again when some are free.
 *
 * With none left every `accept` fails at once, and the event loop tries it again without a pause: a whole core for nothing.
 * In: how to listen on a port. Out: the port, and how to end it. Connections that are open stay open. As broker/listen.ts.
 */
import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";

interface Listener {
  port?: number | undefined;
  /** True: its connections too. */
  stop(closeAll: boolean): unknown;
}

const LEAST_FREE = 16;
const EVERY_MS = 500;

export function listenWithRoom(
  listen: (port: number) => Listener,
  wanted: number,
  log: { warn(message: string): void; info(message: string): void },
) {
  let current: Listener | undefined = listen(wanted);
  const port = current.port ?? wanted;
  const all = [current];
  const look = () => {
    if (current && !areFree(LEAST_FREE)) {
      current.stop(false);
      current = undefined;
      // Nothing else may keep the process now.
      timer.ref();
      log.warn(
        `nearly all file descriptors are taken (ulimit -n): no connections on ${port} until some are free`,
      );
    } else if (!current && areFree(2 * LEAST_FREE)) {
      try {
        current = listen(port);
      } catch {
        // Another program has the port: again at the next look.
        return;
      }
      all.push(current);
      timer.unref();
      log.info(`accepting connections on ${port} again`);
    }
  };
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return {
    port,
    async stop(): Promise<void> {
      clearInterval(timer);
      await Promise.all(all.map((one) => one.stop(true)));
    },
  };
}

function areFree(count: number): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync(devNull, "r"));
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && /^E[MN]FILE$/.test(String(error.code)));
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

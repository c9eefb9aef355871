/** Finds a port to listen on: an explicit one or nothing, a default one or the next that is free; tells who listens. */
import { ConfigError } from "../config/env.ts";

/** How many ports after a taken default are tried. */
const TRIES = 100;

/** True if `host:port` can be listened on now. */
export function isFree(host: string, port: number): boolean {
  try {
    void Bun.listen({ hostname: host, port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

/** True if somebody listens on `port` of this machine now. */
export async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

/**
 * The port to use. `variable` names the setting for the error text; `promised` ports are free but not ours to take.
 * Errors: `ConfigError` when the port was set explicitly and is taken.
 */
export function choosePort(
  host: string,
  port: number,
  explicit: boolean,
  variable: string,
  promised: ReadonlySet<number> = new Set(),
): number {
  if (port === 0 || isFree(host, port)) return port;
  if (explicit) {
    throw new ConfigError([`${variable}: port ${port} on ${host} is taken; free it or set another one`]);
  }
  for (let next = port + 1; next <= Math.min(port + TRIES, 65_535); next++)
    if (!promised.has(next) && isFree(host, next)) return next;
  throw new ConfigError([`${variable}: ports ${port} to ${port + TRIES} on ${host} are all taken`]);
}

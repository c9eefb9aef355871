import { isIPv6 } from "node:net";

/** Where a browser finds a server: 0.0.0.0 and :: listen everywhere, but are no destination; IPv6 stands in brackets. */
export function urlOf(host: string, port: number | undefined): string {
  const reached = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${isIPv6(reached) ? `[${reached}]` : reached}:${port}`;
}

/**
 * Who may ask, and what a page may do: Host and Origin are checked, and every answer carries a strict policy.
 *
 * A browser on the same laptop visits other sites too: a site that names itself 127.0.0.1 by DNS (rebinding) arrives
 * with its own name in Host, and a foreign page's request says so in Sec-Fetch-Site or Origin.
 * Source: W3C CSP 3, Trusted Types; Fetch Metadata; design.md section 7.
 */
import type { MiddlewareHandler } from "hono";
import { problem } from "./api/problem.ts";

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types htmx",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * `hosts`: names beside addresses, single-label names and localhost, which no rebinding can use. Such a name may stand in
 * Host, or in Origin where a proxy puts a Host of its own; with any port and scheme, since TLS ends at the proxy.
 */
export function guard(hosts: readonly string[]): MiddlewareHandler {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  return async (c, next) => {
    const host = hostName(c.req.header("host") ?? "");
    if (!isSafe(host) && !allowed.has(host))
      return problem(
        c,
        403,
        `the host "${host.slice(0, 100)}" is not one of ours; ALLOWED_HOSTS adds names`,
        "Host",
      );
    const origin = c.req.header("origin");
    if (origin !== undefined && !sameHost(origin, c.req.header("host")) && !allowed.has(nameOf(origin)))
      return problem(c, 403, "a page of another site may not ask here", "Origin");
    const site = c.req.header("sec-fetch-site");
    const navigates = c.req.header("sec-fetch-mode") === "navigate" && c.req.method === "GET";
    if (site !== undefined && site !== "same-origin" && site !== "none" && !navigates)
      return problem(c, 403, "a page of another site may not ask here", "Sec-Fetch-Site");
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  };
}

/** "127.0.0.1:5001" -> "127.0.0.1", "[::1]:5001" -> "[::1]" */
function hostName(header: string): string {
  return header.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
}

/** An address cannot be rebound, and a name without a dot is not in the public DNS. */
function isSafe(host: string): boolean {
  if (/^\[[0-9a-f:.]+\]$/.test(host) || /^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return true;
  return /^[a-z0-9_-]+$/.test(host) || host.endsWith(".localhost");
}

function sameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

const nameOf = (origin: string): string => (URL.canParse(origin) ? new URL(origin).hostname : "");

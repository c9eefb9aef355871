/** Who may ask (runtime/may-ask.ts), and what a page may do: every answer carries a strict policy. Source: W3C CSP 3, Trusted Types. */
import type { MiddlewareHandler } from "hono";
import { createMayAsk } from "../runtime/may-ask.ts";
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

export function guard(hosts: readonly string[]): MiddlewareHandler {
  const mayAsk = createMayAsk(hosts);
  return async (c, next) => {
    const refusal = mayAsk(c.req.raw.headers, c.req.method);
    if (refusal !== undefined) return problem(c, 403, refusal.detail, refusal.header);
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  };
}

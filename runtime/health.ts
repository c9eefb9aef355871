/** `/livez`, `/readyz` (with reasons) and `/metrics`, the same in every service. */
import type { Registry } from "prom-client";
import { createMayAsk } from "./may-ask.ts";

export interface HealthSource {
  /** Why the service is not ready; empty when it is. */
  reasons(): string[];
  metrics: Registry;
}

/** Undefined for any other path, so that a service with its own pages can ask first. */
export async function healthResponse(request: Request, source: HealthSource): Promise<Response | undefined> {
  switch (new URL(request.url).pathname) {
    case "/livez":
      return Response.json({ status: "live" });
    case "/readyz": {
      const reasons = source.reasons();
      const ready = reasons.length === 0;
      return Response.json({ status: ready ? "ready" : "not ready", reasons }, { status: ready ? 200 : 503 });
    }
    case "/metrics":
      return new Response(await source.metrics.metrics(), {
        headers: { "content-type": source.metrics.contentType },
      });
    default:
      return undefined;
  }
}

/** `hosts`: by which names it may be asked, beside addresses and names without a dot. */
export function serveHealth(
  host: string,
  port: number,
  source: HealthSource,
  hosts: readonly string[] = [],
): Bun.Server<undefined> {
  const mayAsk = createMayAsk([host, ...hosts]);
  return Bun.serve({
    hostname: host,
    port,
    async fetch(request) {
      const refusal = mayAsk(request.headers, request.method);
      if (refusal !== undefined) return new Response(`${refusal.detail}\n`, { status: 403 });
      const answer = await healthResponse(request, source);
      return answer ?? new Response("not found; see /livez, /readyz, /metrics\n", { status: 404 });
    },
  });
}

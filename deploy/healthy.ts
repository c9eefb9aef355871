/** A container's health check: 0 when its service says that it is ready, else 1 with the reasons. */
import "../runtime/no-proxy.ts";
import { urlOf } from "../runtime/url.ts";

const port = process.env.HEALTH_PORT ?? process.env.PORT ?? "5001";
const answer = await fetch(`${urlOf(process.env.HOST ?? "127.0.0.1", Number(port))}/readyz`, {
  signal: AbortSignal.timeout(2_500),
}).catch((error: unknown) => new Response(String(error), { status: 503 }));
if (!answer.ok) console.error(await answer.text());
process.exit(answer.ok ? 0 : 1);

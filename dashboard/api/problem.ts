/** Errors of the API: RFC 9457, naming the parameter that was wrong. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Problem } from "../../schemas/api.ts";

const TITLES: Record<number, string> = {
  400: "Invalid parameter",
  403: "Not allowed",
  404: "Not found",
  405: "Read-only",
  500: "Internal error",
  503: "Unavailable",
};

export function problem(
  c: Context,
  status: ContentfulStatusCode,
  detail: string,
  parameter?: string,
): Response {
  const body: Problem = {
    type: "about:blank",
    title: TITLES[status] ?? "Error",
    status,
    detail,
    ...(parameter === undefined ? {} : { parameter }),
  };
  return c.body(JSON.stringify(body), status, { "content-type": "application/problem+json" });
}

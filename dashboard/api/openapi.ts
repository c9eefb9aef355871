/**
 * `/openapi.json`: the table of api-routes.ts as OpenAPI 3.1, whose schemas are JSON Schema as TypeBox writes it.
 *
 * Source: OpenAPI Specification 3.1.0; RFC 9457.
 */
import type { TObject, TSchema } from "@sinclair/typebox";
import { Problem } from "../../schemas/api.ts";
import { API_ROUTES, type ApiRoute } from "./api-routes.ts";

const PROBLEM_WORDS = {
  400: "A parameter is invalid; the answer names it",
  404: "There is no such thing",
  503: "Kafka does not answer, or nothing is loaded yet",
} as const;

export function openApi(version: string): object {
  const routes: readonly ApiRoute[] = API_ROUTES;
  const schemas = [...routes.map(({ answer }) => answer), Problem];
  return {
    openapi: "3.1.0",
    info: {
      title: "IoT Cloud",
      version,
      description:
        "What the dashboard knows, as JSON. Names on the wire are snake_case; times are ISO 8601 UTC.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/api" }],
    paths: Object.fromEntries(routes.map((route) => [route.path, { get: operation(route) }])),
    components: { schemas: Object.fromEntries(schemas.map((schema) => [nameOf(schema), plain(schema)])) },
  };
}

function operation({ id, summary, params, query, answer, problems }: ApiRoute): object {
  return {
    operationId: id,
    summary,
    parameters: [...parameters("path", params), ...parameters("query", query)],
    responses: {
      200: { description: summary, content: { "application/json": { schema: reference(answer) } } },
      ...Object.fromEntries(
        problems.map((status) => [
          status,
          {
            description: PROBLEM_WORDS[status],
            content: { "application/problem+json": { schema: reference(Problem) } },
          },
        ]),
      ),
    },
  };
}

function parameters(place: "path" | "query", schema: TObject | undefined): object[] {
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => {
    const { description, ...rest } = plain(property);
    const required = schema?.required?.includes(name) === true;
    return { name, in: place, required, description, schema: rest };
  });
}

const nameOf = (schema: TSchema): string => String(schema.title).replaceAll(" ", "");
const reference = (schema: TSchema) => ({ $ref: `#/components/schemas/${nameOf(schema)}` });

/** JSON drops TypeBox's symbols; the names of the schemas are those of the components. */
function plain(schema: TSchema): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === "$id" ? undefined : value)));
}

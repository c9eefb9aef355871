/** The API for people: each address with its parameters, what it answers, and a link that asks it. Works offline. */
import type { TObject, TSchema } from "@sinclair/typebox";
import { API_ROUTES, type ApiRoute } from "../api/api-routes.ts";
import { type Frame, Layout } from "./layout.tsx";

export const DocsPage = ({ frame }: { frame: Frame }) => (
  <Layout frame={frame} title="API" above={{ name: "Overview", href: "/" }}>
    <div class="grid">
      <section class="card" aria-labelledby="h-api">
        <header>
          <h2 id="h-api">The same numbers and messages as JSON</h2>
          <a class="t12" href="/openapi.json">
            openapi.json
          </a>
        </header>
        <p class="body m">
          GET only; the API is read-only. Errors are application/problem+json and name the parameter that was
          wrong.
        </p>
      </section>
      {API_ROUTES.map((route) => (
        <Operation route={route} />
      ))}
    </div>
  </Layout>
);

function Operation({ route }: { route: ApiRoute }) {
  const { id, path, summary, params, query, answer, example } = route;
  return (
    <section class="card" aria-labelledby={`h-${id}`} id={id}>
      <header class="rule">
        <h2 id={`h-${id}`} class="mono">
          GET /api{path}
        </h2>
        <span class="sub">{summary}</span>
        <a class="btn sm" href={`/api${example}`}>
          Try it
        </a>
      </header>
      {(params !== undefined || query !== undefined) && (
        <Members caption={`Parameters of ${path}`} head="Parameter" schema={params ?? query} />
      )}
      <Members caption={`Answer of ${path}`} head="Answer" schema={answer} />
    </section>
  );
}

interface MembersProps {
  caption: string;
  head: string;
  schema: TSchema | undefined;
}

const Members = ({ caption, head, schema }: MembersProps) => (
  <table class="tbl">
    <caption class="vh">{caption}</caption>
    <thead>
      <tr>
        <th scope="col">{head}</th>
        <th scope="col" class="c1">
          Type
        </th>
        <th scope="col">Meaning</th>
      </tr>
    </thead>
    <tbody>
      {membersOf(schema).map(({ name, type, meaning }) => (
        <tr>
          <th scope="row" class="mono wrap">
            {name}
          </th>
          <td class="u c1">{type}</td>
          <td class="wrap wide">{meaning}</td>
        </tr>
      ))}
    </tbody>
  </table>
);

const MAX_CHOICES = 6;

interface Member {
  /** The name with those of the members around it: `data_quality.good`, `services[].lag`. */
  name: string;
  type: string;
  meaning: string;
}

function membersOf(schema: TSchema | undefined, inside = ""): Member[] {
  const { properties = {}, required = [] } = (schema ?? {}) as Partial<TObject>;
  return Object.entries(properties).flatMap(([name, property]) => {
    const whole = inside + name;
    const { object, mark } = within(property);
    return [
      {
        name: whole,
        type: typeWords(property) + (required.includes(name) ? "" : ", may be absent"),
        meaning: meaningOf(property),
      },
      ...membersOf(object, `${whole}${mark}.`),
    ];
  });
}

/** The object of which a member is: itself, an element of it, or one of its alternatives. */
function within(schema: TSchema): { object?: TSchema; mark: string } {
  if (schema.type === "array") return { object: within(schema.items).object, mark: "[]" };
  const options: TSchema[] = schema.anyOf ?? [schema];
  return { object: options.find((option) => option.properties !== undefined), mark: "" };
}

/** A number of things has no unit that one would say. */
function meaningOf({ description = "", unit }: TSchema): string {
  return unit === undefined || unit === "1" ? description : `${description} (${unit})`;
}

function typeWords(schema: TSchema): string {
  if (Array.isArray(schema.enum)) return choices(schema.enum);
  if (schema.const !== undefined) return String(schema.const);
  if (Array.isArray(schema.anyOf)) {
    const options = schema.anyOf.map((option: TSchema) => typeWords(option));
    return schema.anyOf.every((option: TSchema) => option.const !== undefined)
      ? choices(options)
      : options.join(" or ");
  }
  if (schema.type === "array") return `list of ${typeWords(schema.items)}`;
  return schema.type ?? "any JSON";
}

const choices = (values: unknown[]): string =>
  values.length <= MAX_CHOICES ? values.join(" | ") : `${values.slice(0, MAX_CHOICES).join(" | ")} …`;

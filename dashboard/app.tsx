/**
 * Every address of the dashboard, in one place: pages, their streams, the API, the assets, the health.
 *
 * In: the view model that the reader fills, and what main.ts knows. Out: a Hono app; tests call it by `app.request()`.
 * Pages are whole without JavaScript; a page's stream sends the same components again when something changed.
 */
import { type Context, Hono } from "hono";
import { compress } from "hono/compress";
import { getCookie, setCookie } from "hono/cookie";
import type { JSX } from "hono/jsx/jsx-runtime";
import { API_TOPICS } from "../schemas/api.ts";
import { createApi } from "./api/api.ts";
import type { Archive } from "./reading/archive.ts";
import type { Assets } from "./assets/manifest.ts";
import type { ViewModel } from "./model/view.ts";
import { typeOf } from "./model/catalog.ts";
import { exportResponse, FORMATS, fileOf } from "./api/export.ts";
import type { Group } from "./reading/group.ts";
import { guard } from "./guard.ts";
import type { Hub, StreamServer } from "./stream/live.ts";
import { DocsPage } from "./pages/docs.tsx";
import { DENSITIES, type Frame, PAGES, THEMES } from "./pages/layout.tsx";
import { findParts, MessagePage, MessageValue } from "./pages/message.tsx";
import { MessagesPage, messagesLive, PAGE_ROWS } from "./pages/messages.tsx";
import { OverviewPage, overviewLive, readOverview } from "./pages/overview.tsx";
import { PipelinePage, pipelineLive, readRange } from "./pages/pipeline.tsx";
import { TypePage, typeLive } from "./pages/type.tsx";
import { TypesPage, typesLive } from "./pages/types.tsx";
import { ErrorPage, whyAbsent } from "./pages/error.tsx";
import { openApi } from "./api/openapi.ts";
import { messagesLink, ownPath } from "./links.ts";
import { readMessageAddress } from "./api/message-address.ts";
import { problem } from "./api/problem.ts";
import { textOf } from "./model/row.ts";
import { PAGE_PARAMETERS, readFilters, search } from "./model/search.ts";
import { RANGE_NAMES } from "./model/series.ts";

export interface AppDeps {
  view: ViewModel;
  hub: Hub;
  archive: Archive;
  group: Group;
  assets: Assets;
  now(): number;
  /** Why the service is not ready; empty when it is. */
  health(): string[];
  /** /livez, /readyz, /metrics; undefined for any other path. */
  probe(request: Request): Promise<Response | undefined>;
  version: string;
  /** Names under which the dashboard may be asked, beside addresses and localhost. */
  hosts: readonly string[];
}

/** Under Bun the environment of a request is the server itself. */
type Env = { Bindings: StreamServer };
type AppContext = Context<Env>;

/** `?refresh=` loads a page again without JavaScript; more often would only load the server. */
const MIN_REFRESH_S = 5;

export function createApp(deps: AppDeps): Hono<Env> {
  const { view, hub, assets } = deps;
  const app = new Hono<Env>();

  app.use(guard(deps.hosts));
  for (const path of ["/livez", "/readyz", "/metrics"])
    app.get(path, async (c) => (await deps.probe(c.req.raw)) ?? c.notFound());
  app.use(compress());

  app.get("/", (c) => {
    const query = c.req.query();
    return (
      unless(c, "tab", query.tab, API_TOPICS) ??
      unless(c, "range", query.range, RANGE_NAMES) ??
      page(c, <OverviewPage frame={frameOf(c)} query={readOverview(query)} group={deps.group} />)
    );
  });

  app.get("/live/overview", (c) => stream(c, overviewLive(readOverview(c.req.query()), deps.group)));

  app.get("/messages", (c) => {
    const read = readFilters(c.req.query(), PAGE_ROWS, PAGE_PARAMETERS);
    if (read.ok) return page(c, <MessagesPage frame={frameOf(c)} filters={read.filters} />);
    return errorPage(c, 400, "Invalid filter", `${read.parameter}: ${read.detail}`);
  });
  app.get("/live/messages", (c) => {
    const read = readFilters(c.req.query(), PAGE_ROWS);
    return read.ok ? stream(c, messagesLive(read.filters)) : problem(c, 400, read.detail, read.parameter);
  });
  app.get("/messages/export", (c) => {
    const { format: wanted = "ndjson", ...query } = c.req.query();
    const format = FORMATS.find((name) => name === wanted);
    const read = readFilters(query, 1);
    if (format === undefined)
      return errorPage(c, 400, "Invalid format", `format: expected ${FORMATS.join(", ")}`);
    if (!read.ok) return errorPage(c, 400, "Invalid filter", `${read.parameter}: ${read.detail}`);
    const { rows } = search(view, { ...read.filters, limit: Number.MAX_SAFE_INTEGER });
    return exportResponse(rows, format, `messages-${read.filters.topic}`);
  });
  app.get("/messages/:topic/:partition/:offset", async (c) => {
    const address = readMessageAddress(c.req.param());
    if (!address.ok)
      return errorPage(
        c,
        404,
        "No such message",
        "A message has a topic (raw, enriched, dlq), a partition and an offset.",
      );
    try {
      const row = await deps.archive.get(address.topic, address.partition, address.offset);
      if (row === undefined)
        return errorPage(
          c,
          404,
          "No such message",
          whyAbsent(view, address.topic, address.partition, address.offset),
          messagesLink({ topic: address.topic }),
        );
      if (c.req.query("part") === "text") return c.text(textOf(row));
      if (c.req.query("part") === "bytes") return fileOf(row);
      if (c.req.query("part") === "value") return c.html(<MessageValue row={row} />);
      return page(c, <MessagePage frame={frameOf(c)} parts={await findParts(deps.archive, row)} />);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return errorPage(c, 503, "Kafka does not answer", `Older messages are fetched from it. ${reason}`);
    }
  });

  app.get("/types", (c) => page(c, <TypesPage frame={frameOf(c)} />));
  app.get("/live/types", (c) => stream(c, typesLive));
  app.get("/types/:key", (c) => {
    const entry = typeOf(view.catalog, c.req.param("key"));
    if (entry === undefined)
      return errorPage(
        c,
        404,
        "No such type",
        `The registry ${view.catalog?.version ?? "is not loaded: it"} has no type "${c.req.param("key")}".`,
      );
    return page(c, <TypePage frame={frameOf(c)} entry={entry} />);
  });
  app.get("/live/types/:key", (c) => {
    const live = typeLive(view, c.req.param("key"));
    return live === undefined
      ? problem(c, 404, "the registry has no type of this name", "key")
      : stream(c, live);
  });

  app.get("/pipeline", async (c) => {
    const refused = unless(c, "range", c.req.query("range"), RANGE_NAMES);
    if (refused !== undefined) return refused;
    await deps.group.first();
    const range = readRange(c.req.query());
    return page(
      c,
      <PipelinePage frame={frameOf(c)} range={range} group={deps.group} viewers={hub.clients} />,
    );
  });
  app.get("/live/pipeline", (c) =>
    stream(c, pipelineLive(readRange(c.req.query()), deps.group, hub.clients)),
  );

  app.get("/view", (c) => {
    const { theme, density, back } = c.req.query();
    const options = { path: "/", maxAge: 31_536_000, sameSite: "Lax", httpOnly: true } as const;
    if (THEMES.some((name) => name === theme)) setCookie(c, "theme", theme ?? "", options);
    if (DENSITIES.some((name) => name === density)) setCookie(c, "density", density ?? "", options);
    return c.redirect(ownPath(back), 303);
  });

  app.get("/assets/:file", (c) => {
    const gzip = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
    return assets.response(c.req.param("file"), gzip) ?? c.notFound();
  });

  app.route("/api", createApi(deps));
  const document = openApi(deps.version);
  app.get("/openapi.json", (c) => c.json(document));
  app.get("/docs", (c) => page(c, <DocsPage frame={frameOf(c)} />));

  app.notFound((c) => errorPage(c, 404, "No such page", `There is nothing at ${c.req.path}.`));
  app.onError((error, c) => {
    console.error(error);
    return problem(c, 500, "the page could not be rendered; the log says why");
  });
  return app;

  function frameOf(c: AppContext): Frame {
    const cookie = (name: string) => getCookie(c, name);
    return {
      view,
      now: deps.now(),
      path: c.req.path,
      query: c.req.query(),
      theme: THEMES.find((theme) => theme === cookie("theme")) ?? "system",
      density: DENSITIES.find((density) => density === cookie("density")) ?? "cosy",
      asset: assets.href,
      build: assets.build,
      nonce: crypto.randomUUID(),
    };
  }

  /** A choice that is none of these is said, not guessed at. */
  function unless(c: AppContext, name: string, value: string | undefined, choices: readonly string[]) {
    if (!value || choices.includes(value)) return undefined;
    return errorPage(c, 400, `Invalid ${name}`, `${name}: expected ${choices.join(", ")}, found "${value}"`);
  }

  function errorPage(
    c: AppContext,
    status: 400 | 404 | 503,
    title: string,
    detail: string,
    href?: string,
  ): Response {
    const entry =
      Object.values(PAGES).find(({ path }) => path !== "/" && c.req.path.startsWith(path)) ?? PAGES.overview;
    const back = { name: entry.name, href: href ?? entry.path };
    return page(c, <ErrorPage frame={frameOf(c)} title={title} detail={detail} back={back} />, status);
  }

  function page(c: AppContext, element: JSX.Element, status: 200 | 400 | 404 | 503 = 200): Response {
    const refresh = Number(c.req.query("refresh"));
    return c.html(`<!doctype html>${element}`, status, {
      "cache-control": "no-store",
      vary: "cookie",
      ...(refresh >= MIN_REFRESH_S && refresh <= 3_600 && { refresh: String(refresh) }),
    });
  }

  function stream(c: AppContext, live: Parameters<Hub["connect"]>[0]): Response {
    return hub.connect(live, c.req.raw, typeof c.env?.timeout === "function" ? c.env : undefined);
  }
}

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
import { createApi } from "./api.ts";
import type { Assets } from "./assets/manifest.ts";
import type { ViewModel } from "./fold.ts";
import { guard } from "./guard.ts";
import type { Hub, TimeoutServer } from "./live.ts";
import { DENSITIES, type Frame, THEMES } from "./pages/layout.tsx";
import { OverviewPage, overviewLive, readOverview } from "./pages/overview.tsx";
import { WrongPage } from "./pages/wrong.tsx";
import { problem } from "./problem.ts";

export interface AppDeps {
  view: ViewModel;
  hub: Hub;
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
type Env = { Bindings: TimeoutServer };
type AppContext = Context<Env>;

/** `?refresh=` loads a page again without JavaScript; more often would only load the server. */
const MIN_REFRESH_S = 5;

export function createApp(deps: AppDeps): Hono<Env> {
  const { view, hub, assets } = deps;
  const app = new Hono<Env>();

  for (const path of ["/livez", "/readyz", "/metrics"])
    app.get(path, async (c) => (await deps.probe(c.req.raw)) ?? c.notFound());
  app.use(guard(deps.hosts));
  app.use(compress());

  app.get("/", (c) => page(c, <OverviewPage frame={frameOf(c)} query={readOverview(c.req.query())} />));

  app.get("/live/overview", (c) => stream(c, overviewLive(readOverview(c.req.query()))));

  app.get("/view", (c) => {
    const { theme, density, back } = c.req.query();
    const options = { path: "/", maxAge: 31_536_000, sameSite: "Lax", httpOnly: true } as const;
    if (THEMES.some((name) => name === theme)) setCookie(c, "theme", theme ?? "", options);
    if (DENSITIES.some((name) => name === density)) setCookie(c, "density", density ?? "", options);
    // Only to a path of ours: "//elsewhere" and "/\elsewhere" are other sites.
    return c.redirect(back !== undefined && /^\/(?![/\\])/.test(back) ? back : "/", 303);
  });

  app.get("/assets/:file", (c) => {
    const gzip = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
    return assets.response(c.req.param("file"), gzip) ?? c.notFound();
  });

  app.route("/api", createApi(deps));

  app.notFound((c) =>
    page(
      c,
      <WrongPage frame={frameOf(c)} title="No such page" detail={`There is nothing at ${c.req.path}.`} />,
      404,
    ),
  );
  app.onError((error, c) => {
    console.error(error);
    return problem(c, 500, "the page could not be made; the log has the reason");
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

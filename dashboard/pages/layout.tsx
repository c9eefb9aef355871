/** The frame of every page: rail, bar with the state of the connection, and what stands in for JavaScript. */
import type { Child } from "hono/jsx";
import { Keys } from "../components/keys.tsx";
import { CutBanner, Notices, RailFooter, WithoutScript } from "../components/notices.tsx";
import { Icon, StatusIcon, Sprite } from "../components/status.tsx";
import { FILTER_NAMES } from "../model/search.ts";
import type { Card } from "../stream/frames.ts";
import { standing } from "../model/standing.ts";
import type { ViewModel } from "../model/view.ts";
import { clockSeconds } from "../format.ts";
import { withParams } from "../links.ts";

export const PAGES = {
  overview: { path: "/", name: "Overview", key: "o" },
  types: { path: "/types", name: "Types", key: "t" },
  messages: { path: "/messages", name: "Messages", key: "m" },
  pipeline: { path: "/pipeline", name: "Pipeline", key: "p" },
} as const;
export type PageName = keyof typeof PAGES;

export const THEMES = ["system", "light", "dark"] as const;
export const DENSITIES = ["cosy", "compact"] as const;

/** What a request brings to every page. */
export interface Frame {
  view: ViewModel;
  now: number;
  /** Path and query of this page, for links back. */
  path: string;
  query: Record<string, string>;
  theme: (typeof THEMES)[number];
  density: (typeof DENSITIES)[number];
  /** Hashed address of an asset. */
  asset(name: string): string;
  /** Names the bundle: a page of another build reloads itself. */
  build: string;
  nonce: string;
}

interface LayoutProps {
  frame: Frame;
  title: string;
  /** Undefined for a page that the rail does not name. */
  active?: PageName;
  /** Address of this page's stream; none for a page that never changes. `?live=off` leaves it out. */
  live?: string;
  /** The scripts that a live page loads before live.js: they listen to what it tells. */
  scripts?: string[];
  /** Stands in the bar, after the search. */
  tools?: Child;
  /** Where the page lies below its entry in the rail. */
  above?: { name: string; href: string };
  children: Child;
}

/** What the frame has that changes. */
export const FRAME_CARDS: readonly Card[] = [
  { id: "notices", pace: "frame", render: (at) => <Notices {...at} /> },
  { id: "rail-footer", pace: "frame", render: (at) => <RailFooter {...at} /> },
];

/** htmx: errors never swap into a card, rows that stand are left alone, no history of its own, no injected style. */
const HTMX_CONFIG = JSON.stringify({
  extensions: "sse, hx-csp",
  noSwap: [204, 304, "4xx", "5xx"],
  morphIgnore: ["data-htmx-powered", "open"],
  morphSkip: "[data-keep]",
  history: false,
  includeIndicatorCSS: false,
  sse: { reconnectDelay: 500, reconnectMaxDelay: 1_500, connectTimeout: 10_000 },
});

export function Layout(props: LayoutProps) {
  const { frame, title, active, scripts = [], tools, above, children } = props;
  // `?live=off`: the page as it is now, for pictures and for measuring how it loads.
  const live = frame.query.live === "off" ? undefined : props.live;
  const { view, now, theme, density, asset, nonce } = frame;
  // A search among filtered messages is one more filter.
  const { q, ...filters } = isFound(frame, active) ? filtersIn(frame.query) : {};
  return (
    <html
      lang="en"
      data-theme={theme === "system" ? undefined : theme}
      data-density={density === "cosy" ? undefined : density}
    >
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="htmx-config" content={HTMX_CONFIG} />
        <title>{title} · IoT Cloud</title>
        <link rel="icon" href={asset("icon.svg")} type="image/svg+xml" />
        <link rel="stylesheet" href={asset("style.css")} />
        {(live === undefined ? [] : scripts).map((name) => (
          <script type="module" src={asset(name)} nonce={nonce} />
        ))}
        <script type="module" src={asset("live.js")} nonce={nonce} />
      </head>
      <body data-build={frame.build} data-now={now}>
        <Sprite />
        <a class="vh skip" href="#main">
          Skip to content
        </a>
        <div class="app">
          <nav class="rail" aria-label="Main">
            <a class="brand" href="/">
              <Icon name="mark" size={20} />
              <span>IoT Cloud</span>
            </a>
            <ul>
              {Object.entries(PAGES).map(([name, page]) => (
                <li>
                  <a href={page.path} data-go={page.key} aria-current={name === active ? "page" : undefined}>
                    <Icon name={name} />
                    <span>{page.name}</span>
                  </a>
                </li>
              ))}
            </ul>
            <RailFooter view={view} now={now} />
          </nav>
          <header class="bar">
            {above === undefined ? (
              <h1>{title}</h1>
            ) : (
              <div class="crumb">
                <a href={above.href}>{above.name}</a>
                <span aria-hidden="true">/</span>
                <h1>{title}</h1>
              </div>
            )}
            <search class="search">
              <form action="/messages">
                {Object.entries(filters).map(([name, value]) => (
                  <input type="hidden" name={name} value={value} />
                ))}
                <label class="vh" for="search">
                  Search messages
                </label>
                <input
                  class="in"
                  id="search"
                  name="q"
                  type="search"
                  placeholder="Search"
                  value={q}
                  autocomplete="off"
                />
                <span class="kbd" aria-hidden="true">
                  /
                </span>
              </form>
            </search>
            {tools}
            <Pill now={standing(view, now).at || now} />
            {live !== undefined && (
              <button class="btn scripted" type="button" id="pause" aria-pressed="false">
                <span>Pause</span>{" "}
                <span class="kbd" aria-hidden="true">
                  p
                </span>
              </button>
            )}
            <ViewMenu frame={frame} />
          </header>
          <main id="main" tabindex={-1}>
            <CutBanner />
            {live !== undefined && (
              <WithoutScript path={frame.path} query={frame.query} now={standing(view, now).at || now} />
            )}
            <Notices view={view} now={now} />
            {children}
          </main>
        </div>
        <Keys pages={Object.values(PAGES)} />
        {live !== undefined && (
          <div
            hidden
            id="live"
            hx-nonce={nonce}
            hx-sse:connect={live}
            hx-trigger="load, every 5s"
            hx-sync="this:drop"
            hx-swap="none"
          />
        )}
      </body>
    </html>
  );
}

const isFound = ({ path }: Frame, active: PageName | undefined) =>
  active === "messages" && path === PAGES.messages.path;

const filtersIn = (query: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(query).filter(([name, value]) => value && FILTER_NAMES.includes(name)));

/** A page that is not live says how old it is; assets/live.ts makes it tell the state of the stream. */
const Pill = ({ now }: { now: number }) => (
  <p class="pill" id="pill">
    <StatusIcon status="off" />
    <span role="status">As of</span>
    <span class="age" aria-hidden="true">
      {clockSeconds(now)}
    </span>
  </p>
);

function ViewMenu({ frame }: { frame: Frame }) {
  const back = withParams(frame.path, frame.query);
  const choice = (name: string, value: string, current: string) => (
    <a
      href={withParams("/view", { [name]: value, back })}
      aria-current={value === current ? "true" : undefined}
    >
      {value[0]?.toUpperCase()}
      {value.slice(1)}
    </a>
  );
  return (
    <details class="menu">
      <summary class="btn">View</summary>
      <div>
        <nav class="seg" aria-label="Theme">
          {THEMES.map((theme) => choice("theme", theme, frame.theme))}
        </nav>
        <nav class="seg" aria-label="Density">
          {DENSITIES.map((density) => choice("density", density, frame.density))}
        </nav>
        <a href="/docs">API</a>
        <button class="btn sm scripted" type="button" id="keys-open">
          Keyboard shortcuts
        </button>
      </div>
    </details>
  );
}

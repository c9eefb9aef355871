/** One device type: what it measures, how it is recognised, who makes it, and how its messages are. */
import { type CatalogType, typeOf } from "../model/catalog.ts";
import { NoneOfType } from "../components/empty.tsx";
import { Feed, FeedHead, FeedRow } from "../components/feed.tsx";
import { About, Examples, Makers } from "../components/type-about.tsx";
import { Alarms, Measurements, Numbers, Recognised, Shapes } from "../components/type-cards.tsx";
import type { LivePage } from "../stream/frames.ts";
import { messagesLink, typeLink } from "../links.ts";
import type { Filters } from "../model/filters.ts";
import { search } from "../model/search.ts";
import type { ViewModel } from "../model/view.ts";
import { createWatch, foundBy } from "../model/watch.ts";
import { type Frame, FRAME_CARDS, Layout } from "./layout.tsx";

const ROWS = 10;
const filtersOf = (key: string): Filters => ({ topic: "enriched", type: key, limit: ROWS });

export function TypePage({ frame, entry }: { frame: Frame; entry: CatalogType }) {
  const { view, now } = frame;
  const { key } = entry;
  const { rows } = search(view, filtersOf(key));
  return (
    <Layout
      frame={frame}
      title={key}
      active="types"
      above={{ name: "Types", href: "/types" }}
      live={`/live${typeLink(key)}`}
    >
      <div class="grid">
        <div class="stack w8">
          <About entry={entry} />
          <Measurements entry={entry} />
          <Alarms entry={entry} />
          <Shapes entry={entry} />
        </div>
        <div class="stack w4">
          <Numbers view={view} now={now} typeKey={key} />
          <Recognised entry={entry} />
          <Examples entry={entry} />
          <Makers entry={entry} />
        </div>
        <section class="card" aria-labelledby="h-latest">
          <header>
            <h2 id="h-latest">Latest messages</h2>
            <span class="sub">of this type</span>
            <a class="t12" href={messagesLink({ topic: "enriched", type: key })}>
              All kept
            </a>
          </header>
          <FeedHead topic="enriched" />
          <Feed topic="enriched" rows={rows} limit={ROWS} />
          <NoneOfType none={rows.length === 0} />
        </section>
      </div>
    </Layout>
  );
}

/** Undefined for a type that the registry does not have. */
export function typeLive(view: ViewModel, key: string): LivePage | undefined {
  if (typeOf(view.catalog, key) === undefined) return undefined;
  const watch = createWatch(filtersOf(key));
  return {
    key: `type ${key}`,
    cards: [
      ...FRAME_CARDS,
      {
        id: "none-of-type",
        pace: "frame",
        render: (at) => <NoneOfType none={foundBy(at.view, watch).length === 0} />,
      },
      { id: "numbers", pace: "slow", render: (at) => <Numbers {...at} typeKey={key} /> },
    ],
    feed: {
      limit: ROWS,
      rows: (model) => foundBy(model, watch),
      render: (row) => <FeedRow row={row} />,
      whole: (rows) => <Feed topic="enriched" rows={rows} limit={ROWS} />,
    },
    watch,
    tick: () => ({ counts: [0, watch.matched, 0], topic: "enriched" }),
  };
}

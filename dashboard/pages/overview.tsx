/** The first page: trouble first, then totals, the trend, the shares, and the newest messages. */
import { API_TOPICS, type ApiTopic } from "../../schemas/api.ts";
import { Attention } from "../components/attention.tsx";
import { NothingKept } from "../components/empty.tsx";
import { Feed, FeedHead, FeedRow } from "../components/feed.tsx";
import { TAB_NAMES } from "../components/matches.tsx";
import { Fleet } from "../components/fleet.tsx";
import { RateCaption, RateCard, RateTable } from "../components/rate-chart.tsx";
import {
  DeviceTypes,
  EventTypes,
  eventShares,
  Quality,
  DeadLetterReasons,
  typeShares,
} from "../components/shares.tsx";
import { StatsGrid } from "../components/stats.tsx";
import { total, type ViewModel } from "../model/view.ts";
import { clockMinutes, count } from "../format.ts";
import { messagesLink, withParams } from "../links.ts";
import type { Card, LivePage } from "../stream/frames.ts";
import type { Group } from "../reading/group.ts";
import {
  DEFAULT_RANGE,
  RANGE_NAMES,
  RANGES,
  type RangeName,
  rateSeries,
  REPEATED_STEPS,
} from "../model/series.ts";
import { type Frame, FRAME_CARDS, Layout } from "./layout.tsx";
import { UnknownDevices } from "./types.tsx";

export interface OverviewQuery {
  tab: ApiTopic;
  range: RangeName;
}

/** Rows of the feed on this page. */
export const FEED_ROWS = 15;

/** What of the query counts; anything else is the default. */
export function readOverview(query: Record<string, string | undefined>): OverviewQuery {
  return {
    tab: API_TOPICS.find((topic) => topic === query.tab) ?? "enriched",
    range: RANGE_NAMES.find((range) => range === query.range) ?? DEFAULT_RANGE,
  };
}

interface Props {
  frame: Frame;
  query: OverviewQuery;
  group: Group;
}

export function OverviewPage({ frame, query, group }: Props) {
  const { view, now } = frame;
  const { range } = query;
  return (
    <Layout
      frame={frame}
      title="Overview"
      active="overview"
      scripts={["charts.js", "shares.js"]}
      live={withParams("/live/overview", { ...query })}
      tools={<RangeChoice path="/" query={frame.query} range={range} />}
    >
      <div class="grid">{cardsOf(query, group, frame.query).map(({ render }) => render({ view, now }))}</div>
    </Layout>
  );
}

/** The cards in the order of the page. `asked` is the query of its address, for the links of the tabs. */
const cardsOf = ({ tab, range }: OverviewQuery, group: Group, asked: Record<string, string>): Card[] => [
  { id: "attention", pace: "frame", render: (at) => <Attention {...at} group={group.last()} /> },
  { id: "fleet", pace: "frame", render: (at) => <Fleet {...at} /> },
  { id: "stats", pace: "frame", render: (at) => <StatsGrid {...at} /> },
  { id: "rate", pace: "never", render: (at) => <RateCard {...at} range={range} /> },
  { id: "events", pace: "slow", render: (at) => <EventTypes {...at} /> },
  { id: "types", pace: "slow", render: (at) => <DeviceTypes {...at} /> },
  { id: "quality", pace: "slow", render: (at) => <Quality {...at} /> },
  { id: "reasons", pace: "slow", render: (at) => <DeadLetterReasons {...at} /> },
  { id: "unknown", pace: "slow", render: (at) => <UnknownIfAny {...at} /> },
  { id: "latest", pace: "never", render: (at) => <Latest {...at} tab={tab} asked={asked} /> },
  { id: "covers", pace: "slow", render: (at) => <Covers {...at} /> },
];

/** What changes within the cards of the chart and of the feed. */
const partsOf = ({ tab, range }: OverviewQuery): Card[] => [
  { id: "rate-caption", pace: "frame", render: (at) => <RateCaption {...at} range={range} /> },
  { id: "rate-table", pace: "slow", render: (at) => <RateTable {...at} range={range} /> },
  { id: "latest-count", pace: "frame", render: (at) => <LatestCount {...at} topic={tab} /> },
  { id: "empty", pace: "frame", render: (at) => <Empty {...at} topic={tab} /> },
];

/** What the stream of this page sends; live.ts calls it twice a second while somebody looks. */
export function overviewLive(query: OverviewQuery, group: Group): LivePage {
  const { tab, range } = query;
  return {
    key: `overview ${tab} ${range}`,
    cards: [...FRAME_CARDS, ...cardsOf(query, group, {}), ...partsOf(query)],
    feed: {
      limit: FEED_ROWS,
      rows: (view) => newest(view, tab),
      render: (row) => <FeedRow row={row} />,
      whole: (rows) => <Feed topic={tab} rows={rows} limit={FEED_ROWS} />,
    },
    tick: (view, now, whole) => ({
      counts: API_TOPICS.map((topic) => total(view, topic)),
      topic: tab,
      shares: { events: eventShares(view, now), types: typeShares(view, now) },
      charts: { rate: rateSeries(view, range, now, whole ? undefined : REPEATED_STEPS) },
    }),
  };
}

interface LatestProps {
  view: ViewModel;
  tab: ApiTopic;
  asked: Record<string, string>;
}

const Latest = ({ view, tab, asked }: LatestProps) => (
  <section class="card" aria-labelledby="h-latest" id="latest">
    <header>
      <h2 id="h-latest">Latest messages</h2>
      <LatestCount view={view} topic={tab} />
      <a class="t12" href={messagesLink({ topic: tab })}>
        All kept
      </a>
    </header>
    <Tabs asked={asked} tab={tab} />
    <FeedHead topic={tab} />
    <Feed topic={tab} rows={newest(view, tab)} limit={FEED_ROWS} />
    <Empty view={view} topic={tab} />
  </section>
);

/** Its place is kept in the page also while every device has a type. */
const UnknownIfAny = ({ view }: { view: ViewModel }) =>
  view.devices.values().some((device) => device.type === "unknown") ? (
    <UnknownDevices view={view} />
  ) : (
    <div id="unknown" />
  );

/** What the figures of this page stand on. */
const Covers = ({ view: { coveredFrom, emptyBefore, first, devices, repeats } }: { view: ViewModel }) => (
  <p class="sub" id="covers">
    {coveredFrom === undefined
      ? "Nothing has been read yet."
      : `${emptyBefore && first !== undefined ? `Every message since the first, at ${clockMinutes(first)} UTC` : `Read back to ${clockMinutes(coveredFrom)} UTC, then live`}. ${count(devices.size)} devices heard from. `}
    Totals are end offsets of the topics; everything else counts each message once
    {repeats > 0 && `, although ${count(repeats)} arrived again`}.
  </p>
);

const newest = (view: ViewModel, topic: ApiTopic) =>
  view.topics[topic].newest.rows.slice(-FEED_ROWS).reverse();

interface RangeProps {
  path: string;
  query: Record<string, string>;
  range: RangeName;
}

export const RangeChoice = ({ path, query, range }: RangeProps) => (
  <nav class="seg range" aria-label="Time range">
    {Object.entries(RANGES).map(([name, { name: words }]) => (
      <a
        href={withParams(path, { ...query, range: name })}
        aria-current={name === range ? "true" : undefined}
      >
        {words}
      </a>
    ))}
  </nav>
);

const Tabs = ({ asked, tab }: Omit<LatestProps, "view">) => (
  <nav class="tabs" aria-label="Topic">
    {API_TOPICS.map((topic) => (
      <a
        href={`${withParams("/", { ...asked, tab: topic })}#latest`}
        aria-current={topic === tab ? "page" : undefined}
      >
        {TAB_NAMES[topic]}
      </a>
    ))}
  </nav>
);

export const LatestCount = ({ view, topic }: { view: ViewModel; topic: ApiTopic }) => (
  <span class="sub" id="latest-count">
    latest arrival first, {count(Math.min(FEED_ROWS, view.topics[topic].newest.rows.length))} of{" "}
    {count(total(view, topic))}
  </span>
);

export const Empty = ({ view, topic }: { view: ViewModel; topic: ApiTopic }) => (
  <div id="empty">
    {view.topics[topic].newest.rows.length === 0 && <NothingKept view={view} topic={topic} />}
  </div>
);

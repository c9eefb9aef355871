/** The messages that are kept, by topic: filters and search in the address, newest first, live. */
import { API_TOPICS, type ApiTopic } from "../../schemas/api.ts";
import { DEAD_LETTER_REASONS } from "../../schemas/dead-letter.ts";
import { GRADES, METHODS } from "../../schemas/enriched.ts";
import { Feed, FeedHead, FeedRow } from "../components/feed.tsx";
import { FeedCount, Nothing, NothingYet, TAB_NAMES, WatchCount } from "../components/matches.tsx";
import { GRADE_WORD } from "../components/status.tsx";
import { total, type ViewModel } from "../model/view.ts";
import { createWatch, foundBy } from "../model/watch.ts";
import { count } from "../format.ts";
import { messagesLink, withParams } from "../links.ts";
import { FORMATS } from "../api/export.ts";
import type { LivePage } from "../stream/frames.ts";
import type { Filters } from "../model/filters.ts";
import { isFiltered, onTopic, search } from "../model/search.ts";
import { type Tally, tallied } from "../model/window.ts";
import { type Frame, FRAME_CARDS, Layout } from "./layout.tsx";

/** Rows on the page. */
export const PAGE_ROWS = 50;

const params = ({ limit, ...filters }: Filters) => ({
  ...filters,
  limit: limit === PAGE_ROWS ? undefined : limit,
});

export function MessagesPage({ frame, filters }: { frame: Frame; filters: Filters }) {
  const { view } = frame;
  const { topic, limit } = filters;
  const found = search(view, filters);
  return (
    <Layout
      frame={frame}
      title="Messages"
      active="messages"
      live={withParams("/live/messages", params(filters))}
    >
      <div class="grid">
        <nav class="tabs" aria-label="Topic">
          {API_TOPICS.map((name) => (
            <a href={messagesLink(onTopic(filters, name))} aria-current={name === topic ? "page" : undefined}>
              {TAB_NAMES[name]}
              <span>{count(total(view, name))}</span>
            </a>
          ))}
        </nav>
        <FilterForm view={view} filters={filters} now={frame.now} />
        <section class="card" aria-labelledby="h-feed">
          <header class="rule">
            <h2 id="h-feed">{TAB_NAMES[topic]}</h2>
            <FeedCount view={view} filters={filters} now={frame.now} />
          </header>
          <FeedHead topic={topic} />
          <Feed topic={topic} rows={found.rows} limit={limit} />
          <Nothing view={view} filters={filters} />
        </section>
      </div>
    </Layout>
  );
}

export function messagesLive(filters: Filters): LivePage {
  const watch = createWatch(filters);
  const isWatched = isFiltered(filters);
  return {
    key: `messages ${JSON.stringify(filters)}`,
    cards: [
      ...FRAME_CARDS,
      {
        id: "feed-count",
        // A count above other rows than it counts is wrong.
        pace: "frame",
        render: (at) =>
          isWatched ? <WatchCount {...at} watch={watch} /> : <FeedCount {...at} filters={filters} />,
      },
      {
        id: "nothing",
        pace: "frame",
        render: (at) =>
          isWatched ? <NothingYet {...at} watch={watch} /> : <Nothing {...at} filters={filters} />,
      },
    ],
    watch,
    feed: {
      limit: filters.limit,
      rows: (view) => foundBy(view, watch),
      render: (row) => <FeedRow row={row} />,
      whole: (rows) => <Feed topic={filters.topic} rows={rows} limit={filters.limit} />,
    },
    // A paused page tells what is new of what it shows: with a filter that is what matches.
    tick: (view) => ({
      counts: API_TOPICS.map((name) =>
        isWatched && name === filters.topic ? watch.matched : total(view, name),
      ),
      topic: filters.topic,
    }),
  };
}

function FilterForm({ view, filters, now }: { view: ViewModel; filters: Filters; now: number }) {
  const { topic } = filters;
  return (
    <search>
      <form class="tools" action="/messages" aria-label="Filter messages">
        <input type="hidden" name="topic" value={topic} />
        {filters.limit !== PAGE_ROWS && <input type="hidden" name="limit" value={filters.limit} />}
        <label class="grow">
          Text, or path and value
          <input
            class="in"
            name="q"
            type="search"
            value={filters.q}
            placeholder="e.g. voltage.phase_b > 130"
          />
        </label>
        <label>
          {topic === "dlq" ? "Key" : "Device"}
          <input class="in" name="device" value={filters.device} placeholder="Any" />
        </label>
        {choicesOf(view, filters, now).map((choice) => (
          <Choice {...choice} />
        ))}
        <button class="btn main" type="submit">
          Apply
        </button>
        <a class="btn" href={messagesLink({ topic })}>
          Clear
        </a>
        <div class="acts end">
          <span class="sub">Export</span>
          <nav class="seg" aria-label="Export all that match">
            {FORMATS.map((format) => (
              <a href={withParams("/messages/export", { ...params(filters), format })} download="">
                {format.toUpperCase()}
              </a>
            ))}
          </nav>
        </div>
      </form>
    </search>
  );
}

/** What may be chosen for a topic: the closed lists, and what was seen in the last hour. */
function choicesOf(view: ViewModel, filters: Filters, now: number): ChoiceProps[] {
  const seen = (tally: Tally, chosen: string | undefined) => [
    ...new Set([...tallied(tally, now).keys(), ...(chosen === undefined ? [] : [chosen])]),
  ];
  const { type, event, code } = view.tallies;
  const choices: Record<ApiTopic, ChoiceProps[]> = {
    raw: [
      { name: "type", label: "Type", value: filters.type, options: seen(type, filters.type) },
      { name: "event", label: "Event", value: filters.event, options: seen(event, filters.event) },
    ],
    enriched: [
      { name: "type", label: "Type", value: filters.type, options: seen(type, filters.type) },
      { name: "event", label: "Event", value: filters.event, options: seen(event, filters.event) },
      { name: "grade", label: "Grade", value: filters.grade, options: [...GRADES], words: GRADE_WORD },
      { name: "code", label: "Finding", value: filters.code, options: seen(code, filters.code) },
      { name: "method", label: "Decided", value: filters.method, options: [...METHODS] },
    ],
    dlq: [
      { name: "reason", label: "Reason", value: filters.reason, options: Object.keys(DEAD_LETTER_REASONS) },
    ],
  };
  return choices[filters.topic];
}

interface ChoiceProps {
  name: string;
  label: string;
  value: string | undefined;
  options: string[];
  words?: Record<string, string>;
}

const Choice = ({ name, label, value, options, words = {} }: ChoiceProps) => (
  <label>
    {label}
    <select class="in" name={name}>
      <option value="">Any</option>
      {options.map((option) => (
        <option value={option} selected={option === value}>
          {Object.hasOwn(words, option) ? words[option] : option}
        </option>
      ))}
    </select>
  </label>
);

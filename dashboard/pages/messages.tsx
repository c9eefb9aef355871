/** The messages that are kept, by topic: filters and search in the address, newest first, live. */
import { API_TOPICS } from "../../schemas/api.ts";
import { DEAD_LETTER_REASONS } from "../../schemas/dead-letter.ts";
import { GRADES } from "../../schemas/enriched.ts";
import { Feed, FeedHead, FeedRow } from "../components/feed.tsx";
import { Notices, RailFooter } from "../components/notices.tsx";
import { GRADE_WORD } from "../components/status.tsx";
import { total, type ViewModel } from "../view.ts";
import { clockMinutes, count } from "../format.ts";
import { messagesLink, withParams } from "../links.ts";
import type { LivePage } from "../frames.ts";
import { createMatcher, type Filters, search } from "../search.ts";
import { devicesByType } from "../stats.ts";
import { type Frame, Layout } from "./layout.tsx";
import { TAB_NAMES } from "./overview.tsx";

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
            <a
              href={messagesLink({ topic: name, device: filters.device, q: filters.q })}
              aria-current={name === topic ? "page" : undefined}
            >
              {TAB_NAMES[name]}
              <span>{count(total(view, name))}</span>
            </a>
          ))}
        </nav>
        <FilterForm view={view} filters={filters} />
        <section class="card" aria-labelledby="h-feed">
          <header class="rule">
            <h2 id="h-feed">{TAB_NAMES[topic]}</h2>
            <FeedCount view={view} filters={filters} />
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
  const matcher = createMatcher(filters);
  return {
    key: `messages ${JSON.stringify(filters)}`,
    cards: (view, now) => ({
      notices: <Notices view={view} now={now} />,
      "rail-footer": <RailFooter view={view} now={now} />,
    }),
    slow: (view) => ({
      "feed-count": <FeedCount view={view} filters={filters} />,
      nothing: <Nothing view={view} filters={filters} />,
    }),
    feed: {
      limit: filters.limit,
      rows: matcher,
      render: (row) => <FeedRow row={row} />,
      whole: (rows) => <Feed topic={filters.topic} rows={rows} limit={filters.limit} />,
    },
    tick: (view) => ({ counts: API_TOPICS.map((name) => total(view, name)), topic: filters.topic }),
  };
}

function FilterForm({ view, filters }: { view: ViewModel; filters: Filters }) {
  const { topic } = filters;
  const types = new Set([...devicesByType(view).keys(), ...(filters.type ? [filters.type] : [])]);
  return (
    <search>
      <form class="tools" action="/messages" aria-label="Filter messages">
        <input type="hidden" name="topic" value={topic} />
        <label class="grow">
          Text, or path and value
          <input class="in" name="q" type="search" value={filters.q} placeholder="voltage.phase_b>130" />
        </label>
        <label>
          {topic === "dlq" ? "Key" : "Device"}
          <input class="in" name="device" value={filters.device} placeholder="Any" />
        </label>
        {topic !== "dlq" && (
          <Choice name="type" label="Type" any="All types" value={filters.type} options={[...types]} />
        )}
        {topic === "enriched" && (
          <Choice
            name="grade"
            label="Grade"
            any="Any"
            value={filters.grade}
            options={[...GRADES]}
            words={GRADE_WORD}
          />
        )}
        {topic === "dlq" && (
          <Choice
            name="reason"
            label="Reason"
            any="Any"
            value={filters.reason}
            options={Object.keys(DEAD_LETTER_REASONS)}
          />
        )}
        <button class="btn main" type="submit">
          Apply
        </button>
        <a class="btn" href={messagesLink({ topic })}>
          Clear
        </a>
        <a class="btn end" href={withParams("/api/messages", { ...filters, limit: 500 })}>
          As JSON
        </a>
      </form>
    </search>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  any: string;
  value: string | undefined;
  options: string[];
  words?: Record<string, string>;
}

const Choice = ({ name, label, any, value, options, words = {} }: ChoiceProps) => (
  <label>
    {label}
    <select class="in" name={name}>
      <option value="">{any}</option>
      {options.map((option) => (
        <option value={option} selected={option === value}>
          {Object.hasOwn(words, option) ? words[option] : option}
        </option>
      ))}
    </select>
  </label>
);

function FeedCount({ view, filters }: { view: ViewModel; filters: Filters }) {
  const { matched, kept } = search(view, { ...filters, limit: 1 });
  const oldest = view.topics[filters.topic].newest.rows[0];
  const filtered =
    matched !== kept || Object.keys(params(filters)).some((name) => name !== "topic" && name !== "limit");
  return (
    <span class="sub" id="feed-count">
      newest first, {count(Math.min(filters.limit, matched))} of {count(matched)}
      {filtered && " that match"}; {count(kept)} of {count(total(view, filters.topic))} are kept to search
      {oldest && `, since ${clockMinutes(oldest.time)} UTC`}
    </span>
  );
}

function Nothing({ view, filters }: { view: ViewModel; filters: Filters }) {
  const { matched, kept } = search(view, { ...filters, limit: 1 });
  return (
    <div id="nothing">
      {matched === 0 && (
        <div class="empty">
          <b>{kept === 0 ? "Nothing has arrived in the last hour" : "No message matches"}</b>
          <p>
            {kept === 0
              ? "Start the simulator: bun run simulate"
              : `None of the ${count(kept)} that are kept. ${describe(filters)}`}
          </p>
          {kept > 0 && (
            <a class="btn" href={messagesLink({ topic: filters.topic })}>
              Clear filters
            </a>
          )}
        </div>
      )}
    </div>
  );
}

const describe = ({ device, type, grade, reason, q }: Filters): string =>
  Object.entries({ text: q, device, type, grade, reason })
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(", ");

/** What a filter found: how many of how many, and what to do where it is nothing. */
import type { Child } from "hono/jsx";
import type { ApiTopic } from "../../schemas/api.ts";
import { clockMinutes, count, iso } from "../format.ts";
import { messagesLink } from "../links.ts";
import { elsewhere, type Filters, isFiltered, onTopic, search } from "../model/search.ts";
import { total, type ViewModel } from "../model/view.ts";
import { foundBy, type Watch } from "../model/watch.ts";
import { NothingKept } from "./empty.tsx";

export const TAB_NAMES: Record<ApiTopic, string> = {
  raw: "Raw",
  enriched: "Enriched",
  dlq: "Dead letters",
};

/** Of what is kept. */
export function FeedCount({ view, filters }: { view: ViewModel; filters: Filters }) {
  const { matched, kept } = search(view, { ...filters, limit: 1 });
  const oldest = view.topics[filters.topic].newest.rows[0];
  return (
    <span class="sub" id="feed-count">
      latest arrival first, {count(Math.min(filters.limit, matched))} of {count(matched)}
      {isFiltered(filters) && " that match"}; {count(kept)} of {count(total(view, filters.topic))} are kept to
      search
      {oldest && `, since ${clockMinutes(oldest.time)} UTC`}
    </span>
  );
}

interface WatchProps {
  view: ViewModel;
  watch: Watch;
  now: number;
}

/** A page may be open for days. */
const HALF_DAY_MS = 43_200_000;
const sinceOf = ({ since = 0 }: Watch, now: number): string =>
  now - since < HALF_DAY_MS
    ? `${clockMinutes(since)} UTC`
    : `${iso(since).slice(0, 16).replace("T", " ")} UTC`;

/** What a live page with a filter has seen: every message since it was opened, or how many it has not. */
export function WatchCount({ view, watch, now }: WatchProps) {
  const shown = foundBy(view, watch).length;
  const { matched, missed, isTold } = watch;
  return (
    <span class="sub" id="feed-count">
      latest arrival first, {count(shown)} of {count(matched)} that match since {sinceOf(watch, now)}
      {missed === 0
        ? "; every message is searched"
        : `; ${count(missed)} came too fast to be searched${isTold ? "" : ", with so many filters open"}`}
    </span>
  );
}

export function NothingYet({ view, watch, now }: WatchProps) {
  const none = foundBy(view, watch).length === 0;
  return (
    <div id="nothing">
      {none && (
        <NoMatch view={view} filters={watch.filters}>
          No message since {sinceOf(watch, now)} matches: {describe(watch.filters)}
        </NoMatch>
      )}
    </div>
  );
}

interface NoMatchProps {
  view: ViewModel;
  filters: Filters;
  children: Child;
}

function NoMatch({ view, filters, children }: NoMatchProps) {
  const found = elsewhere(view, filters);
  return (
    <div class="empty">
      <b>{children}</b>
      {found.length > 0 && (
        <p>
          The same finds{" "}
          {found.map(({ topic, matched }, i) => (
            <>
              {i > 0 && " and "}
              <a href={messagesLink(onTopic(filters, topic))}>
                {count(matched)} in {TAB_NAMES[topic]}
              </a>
            </>
          ))}
        </p>
      )}
      <a class="btn" href={messagesLink({ topic: filters.topic })}>
        Clear the filter
      </a>
    </div>
  );
}

export function Nothing({ view, filters }: { view: ViewModel; filters: Filters }) {
  const { matched, kept } = search(view, { ...filters, limit: 1 });
  return (
    <div id="nothing">
      {kept === 0 && <NothingKept view={view} topic={filters.topic} />}
      {kept > 0 && matched === 0 && (
        <NoMatch view={view} filters={filters}>
          {kept === 1
            ? "The one message kept does not match: "
            : `No message of the ${count(kept)} kept matches: `}
          {describe(filters)}
        </NoMatch>
      )}
    </div>
  );
}

const describe = ({ topic: _, limit: __, q, ...rest }: Filters): string =>
  Object.entries({ text: q, ...rest })
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(", ");

/** What a filter found: how many of how many, and what to do where it is nothing. */
import type { Child } from "hono/jsx";
import type { ApiTopic } from "../../schemas/api.ts";
import { clockSeconds, count, iso } from "../format.ts";
import { messagesLink } from "../links.ts";
import type { Filters, Watch } from "../model/filters.ts";
import { countedInHour, elsewhere, isFiltered, onTopic, search } from "../model/search.ts";
import { total, type ViewModel } from "../model/view.ts";
import { foundBy } from "../model/watch.ts";
import { NothingKept } from "./empty.tsx";

export const TAB_NAMES: Record<ApiTopic, string> = {
  raw: "Raw",
  enriched: "Enriched",
  dlq: "Dead letters",
};

/** Says how many of the kept messages match. */
export function FeedCount({ view, filters, now }: { view: ViewModel; filters: Filters; now: number }) {
  const { matched, kept } = search(view, { ...filters, limit: 1 });
  const oldest = view.topics[filters.topic].newest.rows[0];
  return (
    <span class="sub" id="feed-count">
      latest arrival first, {count(Math.min(filters.limit, matched))} of {count(matched)}
      {isFiltered(filters) && " that match"}; searched: the newest {count(kept)} of{" "}
      {count(total(view, filters.topic))}
      {oldest && `, since ${sinceWords(oldest.time, now)}`}
      <Further view={view} filters={filters} matched={matched} now={now} />
    </span>
  );
}

/** Counts of an hour reach further back than what is kept to search. */
function Further({
  view,
  filters,
  matched,
  now,
}: {
  view: ViewModel;
  filters: Filters;
  matched: number;
  now: number;
}) {
  const counted = countedInHour(view, filters, now) ?? 0;
  return (
    counted > matched && (
      <>; {count(counted)} were counted in the last hour, the older ones are no longer kept</>
    )
  );
}

interface WatchProps {
  view: ViewModel;
  watch: Watch;
  now: number;
}

/** A page may be open for days. */
const HALF_DAY_MS = 43_200_000;
const sinceWords = (since: number, now: number): string =>
  now - since < HALF_DAY_MS
    ? `${clockSeconds(since)} UTC`
    : `${iso(since).slice(0, 19).replace("T", " ")} UTC`;

/** What a live page with a filter has seen: every message since it was opened, or how many it has not. */
export function WatchCount({ view, watch, now }: WatchProps) {
  const shown = foundBy(view, watch).length;
  const { matched, searched, missed, isTold, filters, since = now } = watch;
  return (
    <span class="sub" id="feed-count">
      latest arrival first, {count(shown)} of {count(matched)} that match; searched: {count(searched)} of{" "}
      {count(total(view, filters.topic))}, since {sinceWords(since, now)}
      {missed > 0 &&
        `; ${count(missed)} came too fast to be searched${isTold ? "" : ", with so many filters open"}`}
      {missed === 0 && <Further view={view} filters={filters} matched={matched} now={now} />}
    </span>
  );
}

export function NothingYet({ view, watch, now }: WatchProps) {
  const none = foundBy(view, watch).length === 0;
  return (
    <div id="nothing">
      {none && (
        <NoMatch view={view} filters={watch.filters}>
          No message since {sinceWords(watch.since ?? now, now)} matches: {describe(watch.filters)}
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

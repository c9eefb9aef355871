/** What the last hour is made of: event types, device types, grades, reasons. */
import { GRADES } from "../../schemas/enriched.ts";
import type { ViewModel } from "../model/view.ts";
import { count, percent } from "../format.ts";
import { messagesLink } from "../links.ts";
import { deadLetters } from "../model/stats.ts";
import { tallied } from "../model/window.ts";
import { type Bar, Bars } from "./bars.tsx";
import { notKnown } from "./notices.tsx";
import { GRADE_STATUS, GRADE_WORD, State } from "./status.tsx";
import { Table } from "./table.tsx";

interface Share {
  view: ViewModel;
  now: number;
}

/** Colours of the doughnut in the order of its legend: five hues, then the rest. */
const RING_COLOURS = ["s1", "s3", "s2", "s4", "s5", "s0"] as const;
const RING_RADIUS = 26;
/** The ring starts at twelve o'clock. */
const RING_START = 25;

export type Shares = [name: string, value: number][];

/** Gives at most six shares: five and the rest. */
export function topShares(counts: Map<string, number>): Shares {
  const all = [...counts];
  if (all.length <= RING_COLOURS.length) return all;
  const rest = all.slice(RING_COLOURS.length - 1);
  return [...all.slice(0, RING_COLOURS.length - 1), [`${rest.length} more`, sumOf(rest)]];
}

const sumOf = (shares: Iterable<[string, number]>): number => {
  let sum = 0;
  for (const [, value] of shares) sum += value;
  return sum;
};

export const eventShares = (view: ViewModel, now: number): Shares =>
  topShares(tallied(view.tallies.event, now));
export const typeShares = (view: ViewModel, now: number): Shares =>
  topShares(tallied(view.tallies.type, now));

export function EventTypes({ view, now }: Share) {
  const shares = eventShares(view, now);
  const sum = sumOf(shares);
  return (
    <section class="card w4 fill" aria-labelledby="h-events" id="events">
      <header>
        <h2 id="h-events">Message types</h2>
        <span class="sub">last hour</span>
      </header>
      <div class="donut">
        <div class="ring" id="event-ring" data-shares="events" data-keep="" aria-hidden="true">
          <Ring shares={shares} sum={sum} />
        </div>
        <p>
          <span class="big">{count(sum)}</span>
          <br />
          <span class="sub">
            {shares.length === 1 ? "messages, 1 event type" : `messages, ${shares.length} event types`}
          </span>
        </p>
      </div>
      <table class="tbl">
        <caption class="vh">Messages by event type in the last hour</caption>
        <thead class="vh">
          <tr>
            <th scope="col">Type</th>
            <th scope="col">Count</th>
            <th scope="col">Share</th>
          </tr>
        </thead>
        <tbody>
          {shares.map(([name, value], i) => (
            <tr>
              <th scope="row">
                <span class="st">
                  <svg class={`sw ${RING_COLOURS[i]}`} aria-hidden="true">
                    <line class="ln" x2="14" y1="4" y2="4" />
                  </svg>
                  <span class="cut">{name}</span>
                </span>
              </th>
              <Figures value={value} sum={sum} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const Figures = ({ value, sum }: { value: number; sum: number }) => (
  <>
    <td class="num">{count(value)}</td>
    <td class="num u">{percent(value / sum)} %</td>
  </>
);

/** Drawn here, so that it stands without JavaScript. */
function Ring({ shares, sum }: { shares: Shares; sum: number }) {
  let before = 0;
  return (
    <svg viewBox="0 0 64 64" aria-hidden="true">
      {shares.map(([, value], i) => {
        const share = (value / sum) * 100;
        const offset = RING_START - before;
        before += share;
        return (
          <circle
            class={RING_COLOURS[i]}
            cx="32"
            cy="32"
            r={RING_RADIUS}
            pathLength="100"
            stroke-dasharray={`${share.toFixed(2)} ${(100 - share).toFixed(2)}`}
            stroke-dashoffset={offset.toFixed(2)}
          />
        );
      })}
    </svg>
  );
}

export function DeviceTypes({ view, now }: Share) {
  const shares = typeShares(view, now);
  const sum = sumOf(shares);
  const bars = shares.map(([name, value]) => ({ name: <span class="cut">{name}</span>, value }));
  return (
    <section class="card w4 fill" aria-labelledby="h-types" id="types">
      <header>
        <h2 id="h-types">Device types</h2>
        <span class="sub">messages in the last hour</span>
        <a class="t12" href="/types">
          Types
        </a>
      </header>
      <figure>
        <div class="hbars" id="type-bars" data-shares="types" data-kind="bar" data-keep="" aria-hidden="true">
          <Bars caption="Messages by device type in the last hour" bars={bars} total={sum} />
        </div>
        <figcaption>
          {shares.map(([name, value], i) => (
            <>
              {i > 0 && ", "}
              {name} <b>{count(value)}</b> ({percent(value / sum)} %)
            </>
          ))}
        </figcaption>
      </figure>
      <details class="numbers">
        <summary class="t12">Table</summary>
        <Table
          caption="Messages by device type in the last hour"
          columns={["Type", ["Messages", "num"], ["Share", "num"]]}
        >
          {shares.map(([name, value]) => (
            <tr>
              <th scope="row">{name}</th>
              <Figures value={value} sum={sum} />
            </tr>
          ))}
        </Table>
      </details>
    </section>
  );
}

export function Quality({ view, now }: Share) {
  const grades = tallied(view.tallies.grade, now);
  const sum = sumOf(grades);
  const codes = [...tallied(view.tallies.code, now)].slice(0, 3);
  return (
    <section class="card w4 fill" aria-labelledby="h-quality" id="quality">
      <header>
        <h2 id="h-quality">Data quality</h2>
        <span class="sub">{count(sum)} in the last hour</span>
      </header>
      <Bars
        caption="Messages by grade in the last hour"
        total={sum}
        bars={GRADES.map((grade) => ({
          name: <State status={GRADE_STATUS[grade]}>{GRADE_WORD[grade]}</State>,
          value: grades.get(grade) ?? 0,
        }))}
      />
      {codes.length > 0 && (
        <p class="sub body">
          Most frequent:{" "}
          {codes.map(([code, times], i) => (
            <>
              {i > 0 && ", "}
              <span class="mono">{code}</span> {count(times)}
            </>
          ))}
        </p>
      )}
    </section>
  );
}

export function DeadLetterReasons({ view, now }: Share) {
  const reasons = deadLetters(view, now);
  const { bars, sum } = sharesOf(reasons, (reason) => messagesLink({ topic: "dlq", reason }));
  return (
    <section class="card w4 fill" aria-labelledby="h-reasons" id="reasons">
      <header>
        <h2 id="h-reasons">Dead letters</h2>
        <span class="sub">{count(sum)} in the last hour</span>
        <a class="t12" href={messagesLink({ topic: "dlq" })}>
          All kept
        </a>
      </header>
      {sum === 0 ? (
        <p class="body">
          {view.kafka.connected ? (
            <State status="ok">None</State>
          ) : (
            <State status="off">{notKnown(view)}</State>
          )}
        </p>
      ) : (
        <Bars caption="Dead letters by reason in the last hour" bars={bars} total={sum} />
      )}
    </section>
  );
}

const MAX_BARS = 6;

function sharesOf(counts: Map<string, number>, link?: (name: string) => string) {
  const sum = sumOf(counts);
  const bars: Bar[] = [...counts].slice(0, MAX_BARS).map(([name, value]) => ({
    name:
      link === undefined ? (
        <span class="cut">{name}</span>
      ) : (
        <a class="cut" href={link(name)}>
          {name}
        </a>
      ),
    value,
  }));
  const rest = sumOf([...counts].slice(MAX_BARS));
  if (rest > 0)
    bars.push({ name: <span class="m">{counts.size - MAX_BARS} more</span>, value: rest, rest: true });
  return { bars, sum };
}

/**
 * The message rate: a picture drawn here, so that it stands without JavaScript, and taken over by assets/rate.ts.
 *
 * The caption is the legend and tells last, least and greatest; a table by the minute is for those who cannot see it.
 */
import { API_TOPICS, type ApiTopic } from "../../schemas/api.ts";
import type { ViewModel } from "../view.ts";
import { clockMinutes, count } from "../format.ts";
import { RANGES, type RangeName, type Series, seriesOf, type Summary, summaryOf } from "../series.ts";

export const LINES: Record<ApiTopic, { name: string; colour: string }> = {
  raw: { name: "Raw", colour: "s0" },
  enriched: { name: "Enriched", colour: "s1" },
  dlq: { name: "Dead letters", colour: "s4" },
};
const GRID_LINES = 4;

interface Props {
  view: ViewModel;
  range: RangeName;
  now: number;
}

export function RateCard({ view, range, now }: Props) {
  const series = seriesOf(view, range, now);
  return (
    <section class="card w8 fill" aria-labelledby="h-rate">
      <header>
        <h2 id="h-rate">Message rate</h2>
        <span class="sub">per minute, {RANGES[range].steps} steps</span>
      </header>
      <figure>
        <div class="chart" id="rate" data-span={RANGES[range].spanMs}>
          <Picture series={series} />
        </div>
        <RateCaption series={series} range={range} />
      </figure>
      <details class="numbers">
        <summary class="t12">Table</summary>
        <RateTable view={view} range={range} now={now} />
      </details>
    </section>
  );
}

/** Text stands in px, only the lines stretch. */
function Picture({ series }: { series: Series }) {
  const top = niceTop(Math.max(...API_TOPICS.map((topic) => summaryOf(series, topic).most)));
  const steps = series.values.raw.length;
  const times = [0.1, 0.3, 0.5, 0.7, 0.9];
  return (
    <svg role="img" aria-label={describe(series)}>
      {Array.from({ length: GRID_LINES + 1 }, (_, i) => {
        const y = `${100 - (i * 100) / GRID_LINES}%`;
        return (
          <>
            <line class="gridl" x2="100%" y1={y} y2={y} />
            <text x="-8" y={y} dy="4" text-anchor="end">
              {count((top * i) / GRID_LINES)}
            </text>
          </>
        );
      })}
      {times.map((share) => (
        <text x={`${share * 100}%`} y="100%" dy="18" text-anchor="middle">
          {clockMinutes(series.from + share * steps * series.stepMs)}
        </text>
      ))}
      <svg class="plot" aria-hidden="true" viewBox="0 0 1000 1000" preserveAspectRatio="none">
        {API_TOPICS.map((topic) => (
          <path class={`ln ${LINES[topic].colour}`} d={pathOf(series.values[topic], top)} />
        ))}
      </svg>
    </svg>
  );
}

function pathOf(values: (number | null)[], top: number): string {
  let pen = "M";
  return values
    .map((value, i) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const x = Math.round((i * 1000) / Math.max(1, values.length - 1));
      const point = `${pen}${x} ${Math.round(1000 - (value * 1000) / top)}`;
      pen = "L";
      return point;
    })
    .join("");
}

/** The next of 4, 8, 20, 40, 80, 200 …: grid lines on whole numbers. */
export function niceTop(most: number): number {
  let top = 4;
  for (let i = 0; top < most * 1.05; i++) top *= i % 3 === 1 ? 2.5 : 2;
  return top;
}

const words = ({ last, least, most }: Summary) => `${last ?? "unknown"}, from ${least} to ${most}`;
const describe = (series: Series): string =>
  `Messages per minute: ${API_TOPICS.map((topic) => `${LINES[topic].name} ${words(summaryOf(series, topic))}`).join("; ")}`;

export function RateCaption({ series, range }: { series: Series; range: RangeName }) {
  return (
    <figcaption id="rate-caption">
      <ul class="leg">
        {API_TOPICS.map((topic) => {
          const { last, least, most, total } = summaryOf(series, topic);
          return (
            <li>
              <svg class={`sw ${LINES[topic].colour}`} aria-hidden="true">
                <line class="ln" x2="14" y1="4" y2="4" />
              </svg>
              <span>
                {LINES[topic].name} <b>{last === null ? "–" : count(last)}</b>{" "}
                {topic === "dlq"
                  ? `(${count(total)} in ${RANGES[range].name})`
                  : `(${count(least)}–${count(most)})`}
              </span>
            </li>
          );
        })}
      </ul>
    </figcaption>
  );
}

/** At most 15 rows: a row sums what the range divides into. */
const ROWS = 15;

export function RateTable({ view, range, now }: Props) {
  const series = seriesOf(view, range, now);
  const steps = series.values.raw.length;
  const each = Math.max(1, Math.round(steps / ROWS));
  const rows = Array.from({ length: Math.floor(steps / each) }, (_, i) => steps - (i + 1) * each);
  return (
    <div class="scroll" id="rate-table">
      <table class="tbl">
        <caption class="vh">Messages per minute, newest first</caption>
        <thead>
          <tr>
            <th scope="col">From (UTC)</th>
            {API_TOPICS.map((topic) => (
              <th scope="col" class="num">
                {LINES[topic].name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((first) => (
            <tr>
              <th scope="row">{new Date(series.from + first * series.stepMs).toISOString().slice(11, 19)}</th>
              {API_TOPICS.map((topic) => (
                <td class="num">{mean(series.values[topic].slice(first, first + each))}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function mean(values: (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? "–" : count(known.reduce((a, b) => a + b, 0) / known.length);
}

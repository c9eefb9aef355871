/**
 * A line chart over time: a picture drawn here, so that it stands without JavaScript, and taken over by assets/charts.ts.
 *
 * The caption is the legend and tells last, least and greatest; a table is for those who cannot see the lines. The height
 * is fixed. Only the plot stretches, text never does.
 */
import type { Child } from "hono/jsx";
import { clockSeconds, count } from "../format.ts";
import { RANGES, type RangeName, type Series, summaryOf } from "../model/series.ts";
import { alone, axisWords, drawnFrom, GRID_LINES, niceTop, timeTicks, timeWords, type Unit } from "./axis.ts";
import { type Column, Table } from "./table.tsx";

export interface LineSpec<Name extends string> {
  name: Name;
  words: string;
  /** Class of the colour, and the custom property behind it. */
  colour: "s0" | "s1" | "s2" | "s3" | "s4" | "s5";
  /** Tinted down to zero. */
  fill?: boolean;
}

const PROPERTIES = { s0: "--off", s1: "--s1", s2: "--s2", s3: "--s3", s4: "--s4", s5: "--s5" };

interface CardProps<Name extends string> {
  id: string;
  title: string;
  /** After the title: what and in which steps. */
  what: string;
  unit: Unit;
  width: string;
  lines: readonly LineSpec<Name>[];
  series: Series<Name>;
  range: RangeName;
  caption: Child;
  table: Child;
}

export function ChartCard<Name extends string>(props: CardProps<Name>) {
  const { id, title, what, unit, width, lines, series, range, caption, table } = props;
  const specs = lines.map(({ colour, ...line }) => ({ ...line, colour: PROPERTIES[colour] }));
  return (
    <section class={`card ${width} fill`} aria-labelledby={`h-${id}`}>
      <header>
        <h2 id={`h-${id}`}>{title}</h2>
        <span class="sub">{what}</span>
        <span class="t12 m at" aria-hidden="true" />
      </header>
      <figure>
        <div
          class={`chart ${unit}`}
          id={id}
          role="img"
          aria-label={`Line chart: ${title}, ${what}. Its numbers stand in the caption and in the table.`}
          data-chart={JSON.stringify({ spanMs: RANGES[range].spanMs, unit, lines: specs })}
        >
          <Picture lines={lines} series={series} unit={unit} />
        </div>
        {caption}
      </figure>
      <details class="numbers">
        <summary class="t12">Table</summary>
        {table}
      </details>
    </section>
  );
}

interface PictureProps<Name extends string> {
  lines: readonly LineSpec<Name>[];
  series: Series<Name>;
  unit: Unit;
}

function Picture<Name extends string>({ lines, series, unit }: PictureProps<Name>) {
  const top = niceTop(Math.max(...lines.map(({ name }) => summaryOf(series, name).most)));
  // A value stands where its step begins.
  const { stepMs } = series;
  const all = lines[0] === undefined ? 0 : series.values[lines[0].name].length;
  const from = drawnFrom(series.begin, series.from + (all - 1) * stepMs, stepMs, all * stepMs);
  const before = (from - series.from) / stepMs;
  const steps = all - before;
  const shown = (name: Name) => series.values[name].slice(before);
  const width = Math.max(1, steps - 1) * stepMs;
  return (
    <svg aria-hidden="true">
      {Array.from({ length: GRID_LINES + 1 }, (_, i) => {
        const y = `${100 - (i * 100) / GRID_LINES}%`;
        return (
          <>
            <line class="gridl" x2="100%" y1={y} y2={y} />
            <text x="-8" y={y} dy="4" text-anchor="end">
              {axisWords((top * i) / GRID_LINES, unit)}
            </text>
          </>
        );
      })}
      {timeTicks(from, from + width).map((at) => (
        <text x={`${(((at - from) / width) * 100).toFixed(2)}%`} y="100%" dy="18" text-anchor="middle">
          {timeWords(at, steps * stepMs)}
        </text>
      ))}
      <svg class="plot" aria-hidden="true" viewBox="0 0 1000 1000" preserveAspectRatio="none">
        {lines.map(({ name, colour, fill }) => (
          <>
            {fill && <path class={`area ${colour}`} d={areaOf(shown(name), top)} />}
            <path class={`ln ${colour}`} d={pathOf(shown(name), top)} />
          </>
        ))}
      </svg>
    </svg>
  );
}

/** Down to zero under each piece of the line. */
const areaOf = (values: (number | null)[], top: number): string =>
  pathOf(values, top).replace(/M(\d+) [^M]*/g, (piece, from) => {
    const to = /[ML](\d+) \d+$/.exec(piece)?.[1];
    return `${piece}L${to} 1000L${from} 1000Z`;
  });

/** Half as long as the dash that stands for a value between two gaps, of a thousand. */
const DASH = 3;

function pathOf(values: (number | null)[], top: number): string {
  const dashes = new Set(alone(values));
  let pen = "M";
  return values
    .map((value, i) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const x = Math.round((i * 1000) / Math.max(1, values.length - 1));
      const y = Math.round(1000 - (value * 1000) / top);
      if (dashes.has(i)) return `M${Math.max(0, x - DASH)} ${y}L${x + DASH} ${y}`;
      const point = `${pen}${x} ${y}`;
      pen = "L";
      return point;
    })
    .join("");
}

/** One entry of the legend. */
export const Legend = ({ colour, children }: { colour: string; children: Child }) => (
  <li>
    <svg class={`sw ${colour}`} aria-hidden="true">
      <line class="ln" x2="14" y1="4" y2="4" />
    </svg>
    <span>{children}</span>
  </li>
);

/** How many rows a table has at most: a row is the mean of what the range divides into. */
const ROWS = 15;

interface TableProps<Name extends string> {
  id: string;
  caption: string;
  lines: readonly LineSpec<Name>[];
  series: Series<Name>;
}

export function SeriesTable<Name extends string>({ id, caption, lines, series }: TableProps<Name>) {
  const steps = lines[0] === undefined ? 0 : series.values[lines[0].name].length;
  const each = Math.max(1, Math.round(steps / ROWS));
  const rows = Array.from({ length: Math.floor(steps / each) }, (_, i) => steps - (i + 1) * each);
  const isKnown = (first: number) => series.from + (first + each) * series.stepMs > series.begin;
  return (
    <Table
      id={id}
      caption={`${caption}, newest first`}
      columns={["From (UTC)", ...lines.map(({ words }): Column => [words, "num"])]}
    >
      {rows.filter(isKnown).map((first) => (
        <tr>
          <th scope="row">{clockSeconds(series.from + first * series.stepMs)}</th>
          {lines.map(({ name }) => (
            <td class="num">{mean(series.values[name].slice(first, first + each))}</td>
          ))}
        </tr>
      ))}
    </Table>
  );
}

function mean(values: (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? "–" : count(known.reduce((a, b) => a + b, 0) / known.length);
}

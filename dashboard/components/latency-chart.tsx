/** How long the enrichment takes: from the raw record to the enriched message, by share of messages. */
import { latency } from "../format.ts";
import { latencySeries, type ShareName, spanWords, summaryOf } from "../model/series.ts";
import { ChartCard, Legend, type LineSpec, SeriesTable } from "./chart.tsx";
import type { ChartProps } from "./rate-chart.tsx";

const LINES: readonly LineSpec<ShareName>[] = [
  { name: "p50", words: "p50", colour: "s1" },
  { name: "p95", words: "p95", colour: "s2" },
  { name: "p99", words: "p99", colour: "s4" },
];

export const LatencyCard = (props: ChartProps) => (
  <ChartCard
    id="latency"
    title="Latency"
    what="raw to enriched, in steps of 10 s or more"
    width="w6"
    unit="ms"
    lines={LINES}
    series={latencySeries(props.view, props.range, props.now)}
    range={props.range}
    caption={<LatencyCaption {...props} />}
    table={<LatencyTable {...props} />}
  />
);

export function LatencyCaption({ view, range, now }: ChartProps) {
  const series = latencySeries(view, range, now);
  return (
    <figcaption id="latency-caption">
      <ul class="leg">
        {LINES.map(({ name, words, colour }) => {
          const { last, most } = summaryOf(series, name);
          return (
            <Legend colour={colour}>
              {words} <b>{last === null ? "–" : latency(last)}</b>
              {(last !== null || most > 0) && ` (at most ${latency(most)} in ${spanWords(series, range)})`}
            </Legend>
          );
        })}
      </ul>
    </figcaption>
  );
}

export const LatencyTable = ({ view, range, now }: ChartProps) => (
  <SeriesTable
    id="latency-table"
    caption="Latency in ms"
    lines={LINES}
    series={latencySeries(view, range, now)}
  />
);

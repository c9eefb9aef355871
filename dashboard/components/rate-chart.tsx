/** The message rate: raw, enriched, dead letters, per minute. */
import type { ApiTopic } from "../../schemas/api.ts";
import { count } from "../format.ts";
import { RANGES, type RangeName, rateSeries, spanWords, summaryOf } from "../model/series.ts";
import type { ViewModel } from "../model/view.ts";
import { ChartCard, Legend, type LineSpec, SeriesTable } from "./chart.tsx";

const LINES: readonly LineSpec<ApiTopic>[] = [
  { name: "raw", words: "Raw", colour: "s0", fill: true },
  { name: "enriched", words: "Enriched", colour: "s1" },
  { name: "dlq", words: "Dead letters", colour: "s4" },
];

export interface ChartProps {
  view: ViewModel;
  range: RangeName;
  now: number;
}

export const RateCard = ({ width = "w8", ...props }: ChartProps & { width?: string }) => (
  <ChartCard
    id="rate"
    title="Message rate"
    what={`per minute, ${RANGES[props.range].steps} steps`}
    width={width}
    unit="count"
    lines={LINES}
    series={rateSeries(props.view, props.range, props.now)}
    range={props.range}
    caption={<RateCaption {...props} />}
    table={<RateTable {...props} />}
  />
);

export function RateCaption({ view, range, now }: ChartProps) {
  const series = rateSeries(view, range, now);
  return (
    <figcaption id="rate-caption">
      <ul class="leg">
        {LINES.map(({ name, words, colour }) => {
          const { last, least, most, total } = summaryOf(series, name);
          return (
            <Legend colour={colour}>
              {words} <b>{last === null ? "–" : `${count(last)}/min`}</b>{" "}
              {name === "dlq"
                ? `· ${count(total)} in ${spanWords(series, range)}`
                : `(${count(least)}–${count(most)})`}
            </Legend>
          );
        })}
      </ul>
    </figcaption>
  );
}

export const RateTable = ({ view, range, now }: ChartProps) => (
  <SeriesTable
    id="rate-table"
    caption="Messages per minute"
    lines={LINES}
    series={rateSeries(view, range, now)}
  />
);

/** The statistics grid: the same numbers as /api/stats, with ages, trends and the state of Kafka. */
import type { Child } from "hono/jsx";
import { COLUMN, type ViewModel } from "../model/view.ts";
import { clock, clockSeconds, count, latency, percent, rate } from "../format.ts";
import { deadLetters, fleetOf, latencyNow, rateNow, rateSpan, statsOf, trend } from "../model/stats.ts";
import { latencySeries, rateSeries } from "../model/series.ts";
import { goodTrend, type Trend, thinned } from "../model/trends.ts";
import { fleetNotKnown } from "./notices.tsx";
import { Spark } from "./spark.tsx";
import { State } from "./status.tsx";
import { BigAge } from "./time.tsx";

export function StatsGrid({ view, now }: { view: ViewModel; now: number }) {
  const stats = statsOf(view, now);
  const { raw, enriched } = view.topics;
  const quality = stats.data_quality;
  const fleet = fleetOf(view, now);
  const perSecond = rateNow(view, now);
  const lag = latencyNow(view, now);
  const dead = [...deadLetters(view, now).values()].reduce((a, b) => a + b, 0);
  return (
    <dl class="stats" id="stats" aria-label="Statistics">
      <Stat
        name="Raw messages"
        value={count(stats.total_raw_messages)}
        detail={`${partitions(raw.partitions.size)}, end offsets`}
        trend={trend(view, now, COLUMN.raw)}
      />
      <Stat
        name="Enriched"
        value={count(stats.total_enriched_messages)}
        detail={`${shareOfRaw(view)}, ${view.repeats === 1 ? "1 repeat" : `${count(view.repeats)} repeats`}`}
        trend={trend(view, now, COLUMN.enriched)}
      />
      <Stat
        name="Dead letters"
        value={count(stats.total_dead_letters)}
        detail={`${count(dead)} in the last hour`}
        trend={trend(view, now, COLUMN.dlq)}
      />
      <Stat
        name={`Rate, mean of ${rateWords(view, now)}`}
        value={
          <>
            {rate(perSecond)} <small>msg/s</small>
          </>
        }
        detail={<KafkaState view={view} />}
        trend={thinned(rateSeries(view, "15", now).values.raw, 6)}
      />
      <Stat
        name="Last raw"
        value={<BigAge at={raw.last} now={now} />}
        detail={raw.last === undefined ? "nothing has arrived yet" : `${clock(raw.last)} UTC`}
      />
      <Stat
        name="Last enriched"
        value={<BigAge at={enriched.last} now={now} />}
        detail={
          lag === undefined
            ? "nothing in the last 5 min"
            : `${latency(lag.p50)} after its raw message, p95 ${latency(lag.p95)}`
        }
        trend={thinned(latencySeries(view, "60", now).values.p50, 5)}
      />
      <Stat
        name="Good quality"
        value={
          quality.good_percent === null ? (
            "–"
          ) : (
            <>
              {percent(quality.good / quality.messages)} <small>%</small>
            </>
          )
        }
        detail={`${count(quality.uncertain)} uncertain, ${count(quality.bad)} bad in 1 h`}
        trend={goodTrend(view, now)}
      />
      <Stat
        name="Devices reporting"
        value={
          view.caughtUp ? (
            <>
              {count(fleet.reporting)} <small>of {count(fleet.seen)}</small>
            </>
          ) : (
            "–"
          )
        }
        detail={
          view.caughtUp
            ? (fleetNotKnown(view, now) ??
              `${count(fleet.silent)} silent, ${count(fleet.unknown)} of unknown type`)
            : `${count(fleet.seen)} so far; not known yet`
        }
      />
    </dl>
  );
}

interface StatProps {
  name: string;
  value: Child;
  detail: Child;
  trend?: Trend;
}

const Stat = ({ name, value, detail, trend: points }: StatProps) => (
  <div class="stat">
    <dt>{name}</dt>
    <dd class="v">{value}</dd>
    <dd class="d">{detail}</dd>
    {points && <Spark points={points} />}
  </div>
);

/** "1 min", "25 s". */
export const rateWords = (view: ViewModel, now: number): string => {
  const seconds = Math.round(rateSpan(view, now) / 1_000);
  return seconds === 60 ? "1 min" : `${seconds} s`;
};

export const KafkaState = ({ view: { kafka } }: { view: ViewModel }) =>
  kafka.connected ? (
    <State status="ok">Kafka connected</State>
  ) : kafka.answered === 0 ? (
    <State status="warn">Kafka not reached yet</State>
  ) : (
    <State status="crit">Kafka away since {clockSeconds(kafka.since)}</State>
  );

export const partitions = (n: number) => (n === 1 ? "1 partition" : `${n} partitions`);

/** Counts the messages that were read: end offsets also count what is no message. */
function shareOfRaw({ topics: { raw, enriched } }: ViewModel): string {
  return raw.folded === 0
    ? "no raw messages yet"
    : `${percent(Math.min(1, enriched.folded / raw.folded))} % of raw`;
}

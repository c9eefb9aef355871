/** The stages as a picture: programs with a solid edge, topics with a dashed one, each with rate and state. */
import type { Child } from "hono/jsx";
import type { ApiTopic } from "../../schemas/api.ts";
import { count, latency, rate } from "../format.ts";
import type { GroupFacts } from "../reading/group.ts";
import { enrichers, isHere, presence, type ServiceLine } from "../model/presence.ts";
import { deadLetters, latencyNow, rateNow } from "../model/stats.ts";
import { total, type ViewModel } from "../model/view.ts";
import { notKnown } from "./notices.tsx";
import { partitions, rateWords } from "./stats.tsx";
import { State, type Status } from "./status.tsx";

interface Props {
  view: ViewModel;
  group: GroupFacts | undefined;
  now: number;
  viewers: number;
}

export function Flow({ view, group, now, viewers }: Props) {
  const lines = presence(view, group, now);
  const enrichment = enrichers(view, group, now);
  const unknown = notKnown(view);
  const enriched = rateNow(view, now, "enriched");
  const spread = latencyNow(view, now);
  const lag = group?.lags.reduce((all, one) => all + one.lag, 0);
  const dead = [...deadLetters(view, now).values()].reduce((a, b) => a + b, 0);
  const perSecond = (topic: ApiTopic) => `${rate(rateNow(view, now, topic))} msg/s`;
  return (
    <section class="card" aria-labelledby="h-flow" id="flow">
      <header>
        <h2 id="h-flow">Flow</h2>
        <span class="sub">
          rates are means over the last {rateWords(view, now).replace(/^1 min$/, "minute")}
        </span>
        <Accounts view={view} group={group} unknown={unknown} />
      </header>
      <ol class="flow">
        <li>
          <Stage
            name="Producers"
            figure={rate(rateNow(view, now))}
            unit="msg/s"
            note="simulator, other producers"
          >
            <UpState
              lines={lines.filter(({ service }) => PRODUCERS.has(service))}
              none={unknown ?? "no simulator"}
              unknown={unknown}
            />
          </Stage>
        </li>
        <li>
          <Stage
            topic
            name={view.names.raw}
            figure={count(total(view, "raw"))}
            note={`${partitions(view.topics.raw.partitions.size)}, ${perSecond("raw")}`}
          >
            {lag === undefined || unknown !== undefined ? (
              <State status="off">lag {unknown ?? "not known"}</State>
            ) : (
              <State status={lagStatus(lag, rateNow(view, now) ?? 0, enrichment.state === "none up")}>
                lag {count(lag)}
              </State>
            )}
          </Stage>
        </li>
        <li>
          <Stage
            name="enrich"
            figure={rate(enriched)}
            unit="msg/s"
            note={spread === undefined ? "nothing in 5 min" : `p95 ${latency(spread.p95)} in 5 min`}
          >
            <UpState
              lines={enrichment.lines}
              none={unknown ?? (group === undefined ? "not known yet" : "absent")}
              unknown={unknown}
            />
          </Stage>
        </li>
        <li>
          <Stage
            topic
            name={view.names.enriched}
            figure={count(total(view, "enriched"))}
            note={`${count(view.repeats)} repeats seen, ${perSecond("enriched")}`}
          />
          <Stage
            topic
            name={view.names.dlq}
            figure={count(total(view, "dlq"))}
            note={`${count(dead)} in the last hour, ${perSecond("dlq")}`}
          />
        </li>
        <li>
          <Stage
            name="dashboard"
            figure={count(viewers)}
            unit={viewers === 1 ? "live page" : "live pages"}
            note="at most 2 frames/s"
          >
            <UpState
              lines={lines.filter(({ service }) => service === "dashboard")}
              none="this one"
              unknown={unknown}
            />
          </Stage>
        </li>
      </ol>
    </section>
  );
}

const PRODUCERS = new Set(["simulator", "ingest"]);

/** More than ten seconds behind is a warning, and anything that waits while nobody works at it. */
const lagStatus = (lag: number, perSecond: number, isNoneUp: boolean): Status =>
  lag > (isNoneUp ? 0 : Math.max(100, perSecond * 10)) ? "warn" : "ok";

interface StageProps {
  name: string;
  figure: string;
  unit?: string;
  note: string;
  topic?: boolean;
  children?: Child;
}

const Stage = ({ name, figure, unit, note, topic, children }: StageProps) => (
  <div class={topic ? "topic" : undefined}>
    <p class="sub">{topic ? <code>{name}</code> : name}</p>
    <p class="big">
      {figure} {unit && <small>{unit}</small>}
    </p>
    <p class="sub">{note}</p>
    {children}
  </div>
);

interface UpProps {
  lines: ServiceLine[];
  none: string;
  /** What is said in place of a state that nobody can tell. */
  unknown: string | undefined;
}

function UpState({ lines, none, unknown }: UpProps) {
  if (lines.length === 0) return <State status="off">{none}</State>;
  if (unknown !== undefined) return <State status="off">{unknown}</State>;
  const up = lines.filter(isHere);
  const degraded = up.filter((line) => line.presence === "degraded").length;
  if (up.length === 0) return <State status="crit">none up</State>;
  if (degraded > 0) return <State status="warn">{`${degraded} of ${up.length} degraded`}</State>;
  return <State status="ok">{`${up.length} up`}</State>;
}

/**
 * Nothing lost, as each enricher counts it: offsets that held a message against acknowledged outputs. End offsets prove
 * nothing here: markers and aborted messages of transactions, compaction and retention are in them. Who is gone is still
 * believed: what it lost stays lost.
 */
function Accounts({ view, group, unknown }: Omit<UpProps, "none" | "lines"> & Pick<Props, "view" | "group">) {
  const told = [...view.services.values()].filter(
    ({ counters }) => counters.accounting_difference !== undefined,
  );
  const sum = (name: string) => told.reduce((all, { counters }) => all + (counters[name] ?? 0), 0);
  const differing = told.filter(({ counters }) => (counters.accounting_difference ?? 0) > 0);
  const deleted =
    sum("records_lost_to_retention") + (group?.lags.reduce((all, { lost }) => all + (lost ?? 0), 0) ?? 0);
  return (
    <>
      <span class="sub">
        {told.length === 0
          ? group !== undefined && group.members.length > 0
            ? "Connect keeps no accounts"
            : "accounts not known yet"
          : `${count(sum("records_consumed"))} raw messages processed since the enrichers started: ${count(sum("records_enriched"))} enriched, ${count(sum("records_dead_lettered"))} dead letters`}
      </span>
      {deleted > 0 && (
        <State status="warn">{`${count(deleted)} deleted by retention before they were read`}</State>
      )}
      {differing.map(({ service, instance, counters }) => (
        <State status="crit">{`${count(counters.accounting_difference ?? 0)} unaccounted for, according to ${service} ${instance}`}</State>
      ))}
      {told.length > 0 &&
        differing.length === 0 &&
        (unknown === undefined ? (
          <State status="ok">difference 0, nothing missing</State>
        ) : (
          <State status="off">{unknown}</State>
        ))}
    </>
  );
}

/** The pipeline: stages with their rates, lag, latency, dead letters, accounting, services and the registry in use. */
import { Flow } from "../components/flow.tsx";
import { LatencyCaption, LatencyCard, LatencyTable } from "../components/latency-chart.tsx";
import { RateCaption, RateCard, RateTable } from "../components/rate-chart.tsx";
import { RegistryCard, Services } from "../components/services.tsx";
import { DeadLetterReasons } from "../components/shares.tsx";
import { Table } from "../components/table.tsx";
import { count } from "../format.ts";
import type { Card, LivePage } from "../stream/frames.ts";
import type { Group, GroupFacts } from "../reading/group.ts";
import { withParams } from "../links.ts";
import {
  DEFAULT_RANGE,
  latencySeries,
  RANGE_NAMES,
  type RangeName,
  rateSeries,
  REPEATED_STEPS,
} from "../model/series.ts";
import { API_TOPICS } from "../../schemas/api.ts";
import { total, type ViewModel } from "../model/view.ts";
import { type Frame, FRAME_CARDS, Layout } from "./layout.tsx";
import { RangeChoice } from "./overview.tsx";

export const readRange = (query: Record<string, string | undefined>): RangeName =>
  RANGE_NAMES.find((range) => range === query.range) ?? DEFAULT_RANGE;

interface Props {
  frame: Frame;
  range: RangeName;
  group: Group;
  viewers: () => number;
}

export function PipelinePage({ frame, range, group, viewers }: Props) {
  const { view, now } = frame;
  return (
    <Layout
      frame={frame}
      title="Pipeline"
      active="pipeline"
      scripts={["charts.js"]}
      live={withParams("/live/pipeline", { range })}
      tools={<RangeChoice path="/pipeline" query={frame.query} range={range} />}
    >
      <div class="grid">{cardsOf(range, group, viewers).map(({ render }) => render({ view, now }))}</div>
    </Layout>
  );
}

/** The cards in the order of the page. */
const cardsOf = (range: RangeName, group: Group, viewers: () => number): Card[] => [
  { id: "flow", pace: "frame", render: (at) => <Flow {...at} group={group.last()} viewers={viewers()} /> },
  { id: "latency", pace: "never", render: (at) => <LatencyCard {...at} range={range} /> },
  { id: "rate", pace: "never", render: (at) => <RateCard {...at} range={range} width="w6" /> },
  { id: "services", pace: "slow", render: (at) => <Services {...at} group={group.last()} /> },
  { id: "reasons", pace: "slow", render: (at) => <DeadLetterReasons {...at} /> },
  { id: "partitions", pace: "slow", render: (at) => <Partitions {...at} group={group.last()} /> },
  { id: "registry", pace: "slow", render: (at) => <RegistryCard {...at} group={group.last()} /> },
];

/** What changes within the cards of the charts. */
const chartParts = (range: RangeName): Card[] => [
  { id: "latency-caption", pace: "frame", render: (at) => <LatencyCaption {...at} range={range} /> },
  { id: "latency-table", pace: "slow", render: (at) => <LatencyTable {...at} range={range} /> },
  { id: "rate-caption", pace: "frame", render: (at) => <RateCaption {...at} range={range} /> },
  { id: "rate-table", pace: "slow", render: (at) => <RateTable {...at} range={range} /> },
];

export function pipelineLive(range: RangeName, group: Group, viewers: () => number): LivePage {
  return {
    key: `pipeline ${range}`,
    cards: [...FRAME_CARDS, ...cardsOf(range, group, viewers), ...chartParts(range)],
    tick(view, now, whole) {
      const steps = whole ? undefined : REPEATED_STEPS;
      return {
        counts: API_TOPICS.map((topic) => total(view, topic)),
        topic: "raw",
        charts: {
          latency: latencySeries(view, range, now, steps),
          rate: rateSeries(view, range, now, steps),
        },
      };
    },
  };
}

function Partitions({ view, group }: { view: ViewModel; group: GroupFacts | undefined }) {
  const numbers = [...new Set(API_TOPICS.flatMap((topic) => [...view.topics[topic].partitions.keys()]))].sort(
    (a, b) => a - b,
  );
  return (
    <section class="card w8 fill" aria-labelledby="h-partitions" id="partitions">
      <header class="rule">
        <h2 id="h-partitions">Partitions</h2>
        <span class="sub">end offsets; lag of the enrichment</span>
      </header>
      <Table
        caption="End offsets and lag by partition"
        columns={["Partition", ["Raw", "num"], ["Enriched", "num"], ["Dead letters", "num"], ["Lag", "num"]]}
      >
        {numbers.map((partition) => {
          const lag = group?.lags.find((one) => one.partition === partition)?.lag;
          return (
            <tr>
              <th scope="row">{partition}</th>
              {API_TOPICS.map((topic) => (
                <td class="num">{count(view.topics[topic].partitions.get(partition)?.end ?? 0)}</td>
              ))}
              <td class="num">{lag === undefined ? "–" : count(lag)}</td>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}

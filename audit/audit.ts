/**
 * Judges what a cluster's topics hold now, while it runs: the newest raw messages of each partition and what became of them.
 *
 * In: the cluster, the group that enriches, the plans of the registries that judged. Out: a verdict (anomalies.ts). Reads only, and joins
 * no group. Memory grows with `newest`. Errors: of the cluster; a topic that is not there.
 */
import type { Plan } from "../judge/plan.ts";
import { HEADERS } from "../schemas/topics.ts";
import { type Evidence, findAnomalies, type Verdict } from "./anomalies.ts";
import { enrichAfresh, header } from "./oracle.ts";
import { type Cluster, committedOffsets, type Log, type Range, readLog } from "./read-topic.ts";

export interface AuditOptions {
  cluster: Cluster;
  topics: Evidence["names"];
  group: string;
  plans: Plan[];
  /** So many raw messages from the end of each partition. */
  newest: number;
  onRead?: (topic: string, messages: number) => void;
}

export interface Audit extends Verdict {
  /** By partition of the raw topic; -1 = nothing. */
  committed: number[];
}

export async function audit(options: AuditOptions): Promise<Audit> {
  const { cluster, topics: names, group, newest, onRead } = options;
  const read = async (topic: string, most: number, poisoned?: Range[]): Promise<Log> => {
    const log = await readLog(cluster, topic, { newest: most, poisoned });
    onRead?.(topic, log.messages.flat().length);
    return log;
  };
  // What is committed has its outputs, and these name raw messages: so commit, outputs, raw messages, while all of them go on.
  const committed = await committedOffsets(cluster, group, names.raw);
  const outputs = withRepeats(newest);
  const enriched = await read(names.enriched, outputs);
  const dlq = await read(names.dlq, outputs);
  const poisoned = dlq.messages.flatMap((letters) => letters.flatMap(rangeOf));
  const raw = await read(names.raw, newest, poisoned);
  const plans = new Map(options.plans.map((plan) => [plan.version, plan]));
  const verdict = findAnomalies({
    ...{ names, committed, poisoned, due: "committed" },
    raw: raw.messages,
    empty: raw.empty,
    enriched: enriched.messages,
    dlq: dlq.messages,
    starts: { raw: raw.starts, enriched: enriched.starts, dlq: dlq.starts },
    // Whether somebody was killed is not known here: repeats are counted.
    repeats: "after a kill",
    enrichAfresh: (message, found) => enrichAfresh(message, found, plans),
  });
  return { ...verdict, committed };
}

/** As many outputs as raw messages, and room for what stands twice. */
const withRepeats = (messages: number): number => Math.ceil(messages * 1.1) + 5_000;

/** What a dead letter of a batch that nobody can read tells of it. */
function rangeOf(letter: Log["messages"][number][number]): Range[] {
  const [first, last] = [HEADERS.sourceOffset, HEADERS.sourceLastOffset].map((name) => header(letter, name));
  if (!last || !first) return [];
  return [{ partition: letter.partition, first: Number(first), last: Number(last) }];
}

/**
 * Which services are up, from their heartbeats; and the enrichment on Connect, which sends none, from its group.
 *
 * In: the view model, the group's facts. Out: a line for each instance that matters now.
 */
import type { PRESENCES } from "../../schemas/api.ts";
import { HEARTBEAT_INTERVAL_MS, type Heartbeat } from "../../schemas/service.ts";
import type { GroupFacts } from "../reading/group.ts";
import { lastHeard, type ViewModel } from "./view.ts";

export type Presence = (typeof PRESENCES)[number];

export interface ServiceLine {
  service: string;
  instance: string;
  presence: Presence;
  /** Why it is degraded, or by what it is known. */
  reasons: string[];
  /** ms; undefined without heartbeats. */
  startedAt?: number;
  beat?: number;
  version?: string;
  lag?: number;
  registry?: string;
  refusal?: NonNullable<NonNullable<Heartbeat["registry"]>["last_refusal"]>;
  counters: Record<string, number>;
}

/** Half as long again as from one to the next: whoever was killed is not called up for longer. */
const LATE_MS = 1.5 * HEARTBEAT_INTERVAL_MS;
/** Three heartbeats missed. */
const ABSENT_MS = 3 * HEARTBEAT_INTERVAL_MS + 1_000;
/** How long a service that stopped in order, or was replaced, is news. */
const NEWS_MS = 60_000;
const ENRICH = "enrich";

export function presence(view: ViewModel, group: GroupFacts | undefined, now: number): ServiceLine[] {
  const heardUntil = lastHeard(view, now);
  const lines = [...view.services.values()].map((beat): ServiceLine => {
    const silence = view.caughtUp ? heardUntil - beat.heard : 0;
    const isLate = silence > LATE_MS;
    const state = beat.state === "ready" && !isLate ? "up" : "degraded";
    return {
      service: beat.service,
      instance: beat.instance,
      presence: beat.state === "stopping" ? "stopped" : silence > ABSENT_MS ? "absent" : state,
      reasons: isLate ? ["its heartbeat is overdue", ...beat.reasons] : beat.reasons,
      startedAt: Date.parse(beat.started_at) || undefined,
      beat: beat.beat,
      version: beat.version,
      lag: beat.lag,
      registry: beat.registry?.version,
      refusal: beat.registry?.last_refusal ?? undefined,
      counters: beat.counters,
    };
  });
  const here = new Set(lines.filter(isHere).map(({ service }) => service));
  if (!here.has(ENRICH) && group !== undefined && group.members.length > 0) {
    here.add(ENRICH);
    lines.push(...group.members.map(({ clientId, host }) => byGroup(view, group, clientId, host)));
  }
  return lines
    .filter((line) => {
      if (isHere(line)) return true;
      const isOld = heardUntil - (line.beat ?? 0) > NEWS_MS;
      // What is absent stays until its service is back: that it is missed is the news.
      return !isOld || (line.presence === "absent" && !here.has(line.service));
    })
    .sort((a, b) =>
      a.service < b.service ? -1 : a.service > b.service ? 1 : a.instance < b.instance ? -1 : 1,
    );
}

/** The lines of the enrichment, and whether one of them is at work; "not known" before the brokers told of its group, or all is read. */
export function enrichers(view: ViewModel, group: GroupFacts | undefined, now: number) {
  const lines = presence(view, group, now).filter(({ service }) => service === ENRICH);
  if (lines.some(isHere)) return { lines, state: "up" } as const;
  const isUnknown = !view.caughtUp || (lines.length === 0 && group === undefined);
  return { lines, state: isUnknown ? "not known" : "none up" } as const;
}

export const isHere = ({ presence: state }: ServiceLine): boolean => state === "up" || state === "degraded";

const byGroup = (view: ViewModel, group: GroupFacts, clientId: string, host: string): ServiceLine => ({
  service: ENRICH,
  instance: `${clientId} ${host}`.trim(),
  presence: "up",
  reasons: ["known from its consumer group: Connect sends no heartbeat"],
  lag: group.lags.reduce((sum, { lag }) => sum + lag, 0),
  registry: view.judgedBy,
  counters: {},
});

/** Value of `iot.services`: a heartbeat each 5 s from every long-running service. Source: design.md section 3. */
import { Type, type Static } from "@sinclair/typebox";

export const SERVICE_STATES = ["starting", "ready", "degraded", "stopping"] as const;

export const Heartbeat = Type.Object(
  {
    service: Type.String({ description: "enrich, dashboard, simulator, …" }),
    instance: Type.String({ description: "host:pid" }),
    state: Type.Union(SERVICE_STATES.map((state) => Type.Literal(state))),
    reasons: Type.Array(Type.String(), { description: "Why it is not ready; empty when it is" }),
    version: Type.String(),
    started_at: Type.String({ description: "ISO 8601 UTC" }),
    at: Type.String({ description: "Time of this heartbeat, ISO 8601 UTC" }),
    host: Type.String(),
    registry: Type.Optional(
      Type.Object({
        version: Type.String(),
        loaded_at: Type.String({ description: "ISO 8601 UTC" }),
        last_refusal: Type.Union([
          Type.Null(),
          Type.Object({ at: Type.String(), reasons: Type.Array(Type.String()) }),
        ]),
      }),
    ),
    counters: Type.Record(
      Type.String(),
      Type.Number({ description: "Since the start of the process", unit: "1" }),
      { description: "Names as in /metrics without the prefix iot_ and the suffix _total" },
    ),
    lag: Type.Optional(
      Type.Number({ description: "Messages behind, summed over the partitions", unit: "messages" }),
    ),
  },
  { $id: "service", title: "Heartbeat", additionalProperties: true },
);
export type Heartbeat = Static<typeof Heartbeat>;
export const HEARTBEAT_INTERVAL_MS = 5_000;

/**
 * What the dashboard's API answers, under `/api`. Names on the wire stay snake_case.
 *
 * Source: design.md section 7.
 */
import { type Static, Type } from "@sinclair/typebox";
import { Finding, GRADES, METHODS } from "./enriched.ts";

const count = (description: string) => Type.Integer({ minimum: 0, description, unit: "messages" });
const time = (description: string) =>
  Type.Union([Type.String(), Type.Null()], {
    description: `${description}; ISO 8601 UTC, ms; null if none yet`,
  });

const textOrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

export const QualityStats = Type.Object(
  {
    window: Type.String({ description: "What the counts cover: ISO 8601 duration up to now" }),
    messages: count("Enriched messages in the window"),
    good: count("Of these GOOD"),
    uncertain: count("Of these UNCERTAIN"),
    bad: count("Of these BAD"),
    good_percent: Type.Union([Type.Number(), Type.Null()], {
      description: "Share of GOOD, one decimal; null without messages",
      unit: "%",
    }),
    findings: Type.Record(Type.String(), count("Findings of this code"), {
      description: "By code, most frequent first",
    }),
  },
  { additionalProperties: false, description: "Grades and findings of the last hour" },
);

export const Stats = Type.Object(
  {
    total_raw_messages: count("End offsets of iot.raw, summed: repeats and expired messages count"),
    total_enriched_messages: count("End offsets of iot.enriched, summed"),
    total_dead_letters: count("End offsets of iot.raw.dlq, summed"),
    last_raw_message_time: time("Record timestamp of the newest raw message"),
    last_enriched_message_time: time("Enrichment time of the newest enriched message"),
    devices_by_type: Type.Record(
      Type.String(),
      Type.Integer({ minimum: 0, description: "Devices of this type", unit: "devices" }),
      {
        description: "Devices seen in the last hour; unknown where no type fits",
      },
    ),
    kafka_connected: Type.Boolean({ description: "The brokers answered within the last few seconds" }),
    data_quality: QualityStats,
  },
  { $id: "stats", title: "Stats", additionalProperties: false },
);
export type Stats = Static<typeof Stats>;

export const API_TOPICS = ["raw", "enriched", "dlq"] as const;
/** The topics that pages and the API show, by their short names. */
export type ApiTopic = (typeof API_TOPICS)[number];

const oneOf = <T extends string>(values: readonly T[], description: string) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { description },
  );

export const ApiMessage = Type.Object(
  {
    topic: oneOf(API_TOPICS, "Short name"),
    partition: Type.Integer({ minimum: 0, description: "Number of the partition", unit: "1" }),
    offset: Type.Integer({ minimum: 0, description: "Offset in the partition", unit: "1" }),
    timestamp: Type.String({ description: "Record timestamp, ISO 8601 UTC, ms" }),
    key: textOrNull("Record key; null without one"),
    bytes: Type.Integer({ minimum: 0, description: "Size of the value", unit: "B" }),
    device_id: textOrNull("Who sent it: the id in the message, else the record key"),
    device_type: textOrNull(
      "Enriched: as it was judged; else as the message declares it, null where it does not",
    ),
    event_type: textOrNull("As the message says it"),
    source_offset: Type.Optional(
      Type.Integer({ minimum: 0, description: "Offset of the raw message in the same partition", unit: "1" }),
    ),
    method: Type.Optional(oneOf(METHODS, "How the type was decided")),
    grade: Type.Optional(oneOf(GRADES, "The worst finding")),
    findings: Type.Optional(Type.Array(Finding, { description: "Enriched: what is wrong with it" })),
    reason: Type.Optional(Type.String({ description: "Dead letters: one of the closed reasons" })),
    path: Type.Optional(Type.String({ description: "Dead letters: JSON Pointer to the fault" })),
    message: Type.Optional(Type.String({ description: "Dead letters: what is wrong" })),
    value: Type.Unknown({
      description: "The value as it was sent, where it is JSON of at most 200 levels; else null",
    }),
    value_text: Type.Optional(
      Type.String({ description: "The value as a text, where it is JSON of more levels than parsers take" }),
    ),
    value_base64: Type.Optional(Type.String({ description: "The value's bytes, where it is not JSON" })),
  },
  { $id: "message", title: "Message", additionalProperties: false },
);
export type ApiMessage = Static<typeof ApiMessage>;

export const ApiMessages = Type.Object(
  {
    topic: oneOf(API_TOPICS, "Short name"),
    messages: Type.Array(ApiMessage, { description: "Newest first" }),
    matched: count("That match, among those kept"),
    kept: count("Kept in memory and searched"),
    total: count("End offsets of the topic, summed"),
  },
  { $id: "messages", title: "Messages", additionalProperties: false },
);
export type ApiMessages = Static<typeof ApiMessages>;

export const ApiHealth = Type.Object(
  {
    status: oneOf(["ok", "degraded"], "degraded where there is at least one reason"),
    reasons: Type.Array(Type.String(), { description: "Why it is degraded; none when ok" }),
    kafka_connected: Type.Boolean({ description: "The brokers answered within the last few seconds" }),
    kafka_connected_since: time("When the brokers began to answer, or to be away"),
    covers_from: time("Since when the pages know every message"),
    registry_version: Type.Union([Type.String(), Type.Null()], {
      description: "Registry version of the newest enriched message",
    }),
    repeats: count("Enriched messages and dead letters that came again, counted once elsewhere"),
    version: Type.String({ description: "Version of the dashboard" }),
  },
  { $id: "health", title: "Health", additionalProperties: false },
);
export type ApiHealth = Static<typeof ApiHealth>;

const typeNumbers = {
  key: Type.String({ description: "Key of the type in the registry" }),
  name: Type.String({ description: "For people" }),
  category: Type.String({ description: "What it is for, as the registry says it" }),
  devices: Type.Integer({ minimum: 0, description: "Devices seen in the last hour", unit: "devices" }),
  messages: count("Enriched messages in the last hour"),
  good: count("Of these GOOD"),
  uncertain: count("Of these UNCERTAIN"),
  bad: count("Of these BAD"),
};

export const ApiTypes = Type.Object(
  {
    registry_version: textOrNull("Of the registry that is loaded here; null without one"),
    types: Type.Array(Type.Object(typeNumbers, { additionalProperties: false }), {
      description: "In the order of the registry",
    }),
  },
  { $id: "types", title: "Types", additionalProperties: false },
);
export type ApiTypes = Static<typeof ApiTypes>;

export const ApiType = Type.Object(
  {
    ...typeNumbers,
    findings: Type.Record(Type.String(), count("Findings of this code in the last hour"), {
      description: "By code, most frequent first",
    }),
    definition: Type.Unknown({ description: "The type as the registry has it" }),
    shapes: Type.Array(Type.String(), { description: "Ids of the vendors' shapes that are of this type" }),
  },
  { $id: "type", title: "Type", additionalProperties: false },
);
export type ApiType = Static<typeof ApiType>;

const Refusal = Type.Union(
  [
    Type.Null(),
    Type.Object(
      {
        at: Type.String({ description: "When it was refused, ISO 8601 UTC" }),
        reasons: Type.Array(Type.String(), { description: "Each fault with its path" }),
      },
      { additionalProperties: false },
    ),
  ],
  { description: "Refusal of the current file; null when it is the one that is loaded" },
);

export const ApiRegistry = Type.Object(
  {
    version: Type.String({ description: "registry_version of what is loaded here" }),
    loaded_at: Type.String({ description: "ISO 8601 UTC" }),
    last_refusal: Refusal,
    types: Type.Integer({ minimum: 0, description: "Device types", unit: "1" }),
    shapes: Type.Integer({ minimum: 0, description: "Vendors' shapes", unit: "1" }),
    newest_verdict: Type.Union([Type.String(), Type.Null()], {
      description: "registry_version of the newest enriched message or dead letter",
    }),
  },
  { $id: "registry", title: "Registry", additionalProperties: false },
);
export type ApiRegistry = Static<typeof ApiRegistry>;

export const PRESENCES = ["up", "degraded", "stopped", "absent"] as const;

export const ApiService = Type.Object(
  {
    service: Type.String({ description: "Such as enrich or simulator" }),
    instance: Type.String({ description: "Host and process, or the member of the group" }),
    presence: oneOf(PRESENCES, "degraded: it says so, or its heartbeat is overdue; absent: three missed"),
    reasons: Type.Array(Type.String(), { description: "Why it is degraded, or by what it is known" }),
    started_at: time("Start of the process"),
    last_heartbeat: time("Record timestamp of the last heartbeat"),
    version: textOrNull("Of the program; null where no heartbeat says it"),
    lag: Type.Union([Type.Number(), Type.Null()], { description: "Messages behind", unit: "messages" }),
    registry_version: textOrNull("Of the registry that it has loaded; null where it has none"),
    counters: Type.Record(
      Type.String(),
      Type.Number({ description: "Since the start of the process", unit: "1" }),
      { description: "Since the start of the process, by name" },
    ),
  },
  { $id: "service-line", title: "Service", additionalProperties: false },
);
export type ApiService = Static<typeof ApiService>;

export const ApiServices = Type.Object(
  { services: Type.Array(ApiService, { description: "By service and instance" }) },
  { $id: "services", title: "Services", additionalProperties: false },
);
export type ApiServices = Static<typeof ApiServices>;

/** RFC 9457; `parameter` names what was wrong in the request. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer({ description: "HTTP status code", unit: "1" }),
    detail: Type.String(),
    parameter: Type.Optional(Type.String()),
  },
  { $id: "problem", title: "Problem", additionalProperties: false },
);
export type Problem = Static<typeof Problem>;

/**
 * What `enrich()` appends to a raw message, and the whole value of `iot.enriched`.
 *
 * The raw text stays byte for byte; these members follow it in this order. Source: design.md section 3.
 */
import { Type, type Static } from "@sinclair/typebox";

const literals = <T extends string>(values: readonly T[], description: string) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { description },
  ) as unknown as ReturnType<typeof Type.Unsafe<T>>;

export const FINDING_SEVERITY = {
  missing: "bad",
  wrong_type: "bad",
  enum: "bad",
  "range.physical": "bad",
  "range.operating": "uncertain",
  null: "uncertain",
  "type.mismatch": "uncertain",
  unit: "uncertain",
  "timestamp.missing": "uncertain",
  "timestamp.ahead": "uncertain",
  "timestamp.late": "uncertain",
  "missing.optional": "info",
  "timestamp.assumed_utc": "info",
  "timestamp.unix": "info",
  precision: "info",
  "key.missing": "info",
} as const;
/** Beside these, `check.<id>` of a registry check: uncertain. */
export type FindingCode = keyof typeof FINDING_SEVERITY | `check.${string}`;

export const GRADES = ["GOOD", "UNCERTAIN", "BAD"] as const;
export type Grade = (typeof GRADES)[number];
export const METHODS = ["declared", "detected", "ambiguous", "unknown"] as const;
export type Method = (typeof METHODS)[number];
export const SEVERITIES = ["bad", "uncertain", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const Finding = Type.Object(
  {
    code: Type.String({
      description: "Closed list, or check.<id>",
      pattern: "^[a-z_]+([.][a-zA-Z0-9_-]+)*$",
    }),
    path: Type.String({
      description: "JSON Pointer into the raw message; for `missing` where it would stand",
    }),
    expected: Type.Optional(
      Type.String({ description: "What would be right; the value found stands at path" }),
    ),
    severity: literals(SEVERITIES, "How much the finding weighs"),
  },
  { additionalProperties: false },
);
export type Finding = Static<typeof Finding>;

export const Detection = Type.Object(
  {
    method: literals(METHODS, "How the type was decided"),
    score: Type.Integer({ minimum: 0, maximum: 100, description: "How well the type fits", unit: "%" }),
    runner_up: Type.Union([Type.String(), Type.Null()], { description: "The next best type" }),
    reasons: Type.Array(Type.String(), { description: "Words that a person can act on" }),
  },
  { additionalProperties: false },
);
export type Detection = Static<typeof Detection>;

export const EnrichmentInfo = Type.Object(
  {
    enriched_at: Type.String({ description: "Time of the enrichment, ISO 8601 UTC" }),
    enrichment_service: Type.Literal("iot-enrichment-service"),
    enrichment_version: Type.String(),
    device_type_detected: Type.String({ description: "The type's key, or unknown" }),
    registry_version: Type.String({
      description: "metadata.version + '+' + 8 hex digits of the file's SHA-256",
    }),
    detection: Detection,
  },
  { additionalProperties: false },
);

export const DataQuality = Type.Object(
  {
    timestamp_valid: Type.Boolean(),
    measurements_complete: Type.Boolean(),
    completeness: Type.Integer({
      minimum: 0,
      maximum: 100,
      description: "Share of what is required that is there",
      unit: "%",
    }),
    enrichment_success: Type.Boolean(),
    grade: literals(GRADES, "The worst finding"),
    findings: Type.Array(Finding),
  },
  { additionalProperties: false },
);
export type DataQuality = Static<typeof DataQuality>;

export const DeviceMetadata = Type.Object(
  {
    device_type: Type.String(),
    device_type_name: Type.Optional(Type.String()),
    device_type_description: Type.Optional(Type.String()),
    device_category: Type.Optional(Type.String()),
    capabilities: Type.Array(Type.String()),
    data_format: Type.Optional(Type.String()),
    update_frequency: Type.Optional(Type.String()),
    retention_policy: Type.Optional(Type.String()),
    manufacturer: Type.Optional(Type.String()),
    model: Type.Optional(Type.String()),
    specifications: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: false },
);

/** Only for a vendor shape: canonical names and units. */
export const Normalized = Type.Object(
  {
    device_id: Type.String(),
    timestamp: Type.Union([Type.String(), Type.Null()], { description: "ISO 8601 UTC, ms" }),
    measurements: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: false },
);

export const Enriched = Type.Object(
  {
    device_metadata: DeviceMetadata,
    measurement_metadata: Type.Record(Type.String(), Type.Unknown()),
    normalized: Type.Optional(Normalized),
    enrichment_info: EnrichmentInfo,
    data_quality: DataQuality,
  },
  {
    $id: "enriched",
    title: "Enriched",
    description: "Value of iot.enriched: the raw text with these members appended.",
    additionalProperties: true,
  },
);
export type Enriched = Static<typeof Enriched>;

/** Members that we append: a raw message that already holds one is a dead letter, `reserved_member`. */
export const RESERVED_MEMBERS = [
  "device_metadata",
  "measurement_metadata",
  "normalized",
  "enrichment_info",
  "data_quality",
] as const;

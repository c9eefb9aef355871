/**
 * The plan: a registry compiled to plain JSON, all that `judge()` reads. Types, and two constants; long, since it is one contract.
 *
 * In: registry/compile.ts writes it at load; Connect reads it from a file. Out: judge.ts, detect.ts, projections, pages.
 * A change of these types raises PLAN_FORMAT, so an old plan file is refused instead of misread.
 */
import type { Detection } from "../schemas/enriched.ts";
import type { OPS } from "../schemas/registry.ts";

export const PLAN_FORMAT = 2;

/** A device is offline after this many messages that did not come, where the registry does not say. */
export const MISSED_MESSAGES = 6;

export interface Plan {
  format: number;
  /** `registry_version`: metadata.version + "+" + 8 hex digits of the file's SHA-256. */
  version: string;
  types: PlanType[];
  /** Type key -> index in types. Read with Object.hasOwn: the key comes from a message. */
  type_index: Record<string, number>;
  /** Group -> who declares it: bounds the cost of detection. Read with Object.hasOwn. */
  groups: Record<string, PlanGroupIndex>;
  /** How many numbers PlanGroupIndex gives out. */
  field_count: number;
  /** Longest prefix first. */
  sites: PlanSite[];
  /** Most specific first: more predicates come before fewer, then the order of the file. */
  shapes: PlanShape[];
  /** First token of a shape's leading predicate -> indices of the shapes, ascending. */
  shape_index: Record<string, number[]>;
}

/** Each group and each leaf of any type has a number, so that detection looks at a message once and then at numbers. */
export interface PlanGroupIndex {
  /** "Anything of this group is there." */
  field: number;
  /** Leaf -> its number; `value` in a group of one leaf. Read with Object.hasOwn. */
  leaves: Record<string, number>;
  /** Indices of the types that declare the group. */
  types: number[];
}

export interface PlanSite {
  id: string;
  device_prefix: string;
  /** Quantity -> nominal value in the base unit. */
  nominal: Nominal;
}

/** Quantity -> nominal value in the base unit. */
export type Nominal = Record<string, number>;

export interface PlanType {
  key: string;
  name: string;
  description: string;
  category: string;
  /** `{"device_type":…,"retention_policy":…` without the closing brace, so that a maker's members can follow. */
  metadata_json: string;
  /** The type's measurement definitions, whole. */
  measurement_json: string;
  makers: PlanMaker[];
  groups: PlanGroup[];
  /** All leaves of all groups in order. */
  leaves: PlanLeaf[];
  /** Number of each leaf (PlanGroupIndex), in the order of leaves. */
  fields: number[];
  /** Leaf path -> index in leaves. Read with Object.hasOwn. */
  leaf_index: Record<string, number>;
  /** How many groups are required. */
  required: number;
  /** One entry for each kind of mains that the type knows. */
  nominals: Nominal[];
  detect: PlanDetect;
  checks: PlanCheck[];
  alarms: PlanAlarm[];
  /** Expected interval and silence that means offline, ms. */
  heartbeat: { expected_ms: number; offline_after_ms: number } | null;
  /** What `detection` says when a message declares this type and nothing contradicts it, and its JSON. */
  declared: Detection;
  declared_json: string;
}

export interface PlanMaker {
  name: string;
  models: string[];
  /** `,"specifications":{…}` or the empty string. */
  specifications_json: string;
}

export interface PlanGroup {
  name: string;
  /** JSON Pointer into a message of our own form: `/measurements/voltage`. */
  pointer: string;
  /** `value`: one leaf, sent as {"value": n} or bare n. */
  kind: "value" | "phases" | "components";
  /** A required group counts as one in the completeness. */
  required: boolean;
  /** Spellings of the unit that its leaves have in common, the canonical one first; empty if they have none. */
  units: string[];
  /** Its leaves are leaves[first] .. leaves[first + count - 1] of the type. */
  first: number;
  count: number;
}

/** Bounds use ±Number.MAX_VALUE for "none": plain JSON, and always a number. */
export interface PlanLeaf {
  group: string;
  /** `phase_a`; `value` in a group of one leaf. */
  name: string;
  /** Measurement path: `voltage.phase_a`, `frequency`. */
  path: string;
  /** JSON Pointer into a message of our own form; of a group of one leaf the group's. */
  pointer: string;
  quantity: string | null;
  /** As the registry says it; null when it says none. */
  unit: string | null;
  /** To the base unit of the quantity: value * factor + offset. */
  factor: number;
  offset: number;
  kind: "measurement" | "total" | "total_increasing";
  /** Largest growth per hour in the leaf's own unit, or null; for projections. */
  max_rate_per_h: number | null;
  value: "number" | "integer" | "boolean" | "string" | "enum";
  valid_values: (number | string | boolean)[] | null;
  /** In a group of phases each; else only by its own `required: true`. */
  required: boolean;
  /**
   * Between these nothing is to be said of a number but by its share of nominal: inside physical, operating and what a
   * double holds exactly. An empty interval where more than bounds decides (valid_values, whole numbers, texts).
   */
  quiet_min: number;
  quiet_max: number;
  /** valid_values of a leaf without ranges: of these nothing is to be said. */
  quiet_values: (number | string | boolean)[] | null;
  physical_min: number;
  physical_max: number;
  operating_min: number;
  operating_max: number;
  /** Operating range as shares of the nominal value of `quantity`; both 0 when the range is absolute or none. */
  nominal_min: number;
  nominal_max: number;
  /** Words for `expected` of a finding: "a number in V", "0..1000 V", "one of 0, 1". */
  expected_type: string;
  expected_physical: string;
  /** Empty when the range is relative to nominal: judge writes it then. */
  expected_operating: string;
}

export interface PlanDetect {
  /** All must be there. */
  requires: PlanField[];
  /** One of these must be there; empty = no such condition. */
  any_of: PlanField[];
  /** Each excludes the type; other types may declare them. */
  forbids: PlanField[];
  /** Points that the runner-up must be behind. */
  min_margin: number;
  /** "has voltage.*, current.* and status.breaker", "has no demand or humidity"; empty where there is no such rule. */
  requires_words: string;
  forbids_words: string;
}

/** A field of a message: `voltage.*` any leaf of the group, `status.breaker` one leaf, `frequency` a group's one value. */
export interface PlanField {
  path: string;
  group: string;
  /** `*`, the leaf's name, or `value`. */
  leaf: string;
  /** Its number (PlanGroupIndex). */
  field: number;
}

export interface PlanCheck {
  id: string;
  kind: "sum" | "hypot" | "ratio" | "order";
  /** Indices in the type's leaves. */
  of: number[];
  /** Index of the leaf compared with, or -1 (order). */
  equals: number;
  /** Relative, of the larger side. */
  tolerance: number;
  /** Absolute, in the base unit of `equals`. */
  tolerance_absolute: number;
  /** "hypot(power.active, power.reactive)". */
  words: string;
}

/** A predicate on measurements; `leaves` is the path with `*` expanded, as indices in the type's leaves. */
export interface PlanCondition {
  path: string;
  leaves: number[];
  op: PlanOp;
  value: number | string | boolean | (number | string | boolean)[] | null;
  of_nominal: number | null;
}
export type PlanOp = (typeof OPS)[number];

export interface PlanAlarm {
  id: string;
  severity: string;
  message: string;
  /** True when it holds for any leaf. */
  when: PlanCondition;
  /** How long it must hold, ms. */
  for_ms: number;
  /** True when it holds for all leaves; null: cleared when `when` no longer holds. */
  clear_when: PlanCondition | null;
}

export interface PlanPredicate {
  /** Tokens of the JSON Pointer, unescaped. */
  path: string[];
  pointer: string;
  op: PlanOp;
  value: number | string | boolean | (number | string | boolean)[] | null;
}

export interface PlanShape {
  id: string;
  name: string;
  when: PlanPredicate[];
  device_id: { path: string[]; pointer: string } | null;
  /** Measurement path -> JSON Pointer in a message of this shape; of a `pick` where it would stand. */
  places: Record<string, string>;
  /** What `detection` says of a message of this shape that has a type of its own, and its JSON; null without one. */
  detected: Detection | null;
  detected_json: string;
  timestamp: { path: string[]; pointer: string; format: "iso" | "unix_s" | "unix_ms" } | null;
  /** Index in types, or -1. */
  type: number;
  /** What is not there is not missing. */
  partial: boolean;
  /** Those of one group stand together. */
  measurements: PlanExtract[];
}

/** One measurement out of a vendor's message. */
export interface PlanExtract {
  path: string;
  group: string;
  leaf: string;
  from: string[];
  pointer: string;
  /** `from` is an array: the first element for which all of these hold is taken, then what stands at `take` in it. */
  pick: PlanPredicate[] | null;
  take: string[];
  /** A number sent as a string. */
  text: boolean;
  factor: number;
  offset: number;
  map: Record<string, number | string | boolean> | null;
}

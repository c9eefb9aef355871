/**
 * The device registry (`config/device-registry.json`): the original form and the full form, one schema.
 *
 * Unknown keys are faults everywhere but in `specifications` and example messages. What a schema cannot say
 * (units that fit, ranges that nest, types that can be told apart) is in registry/compile.ts.
 * Source: design.md section 5; original-system.md section 5.
 */
import { Type, type Static, type TSchema } from "@sinclair/typebox";
import { QUANTITY_NAMES } from "./measurements.ts";

const CLOSED = { additionalProperties: false } as const;

/** Names of groups and leaves: no dot and no `*`, which separate and match in measurement paths. */
export const NAME_PATTERN = "^[A-Za-z][A-Za-z0-9_-]{0,63}$";
export const TYPE_KEY_PATTERN = "^[A-Za-z][A-Za-z0-9_.-]{0,63}$";
const POINTER_PATTERN = "^(/.*)?$";
const DURATION_PATTERN = "^P.+$";

/** Longest text, characters: some of them stand in every message of a type. */
const MAX_TEXT = 2_000;
const text = (description: string, maxLength = MAX_TEXT) => Type.String({ maxLength, description });
const oneOf = <T extends string>(values: readonly T[], description: string) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { description },
  );
const range = (description: string, unit: string) =>
  Type.Array(Type.Number({ description: "A bound; both belong to the range.", unit }), {
    minItems: 2,
    maxItems: 2,
    description: `[least, greatest]: ${description}`,
  });
const names = (description: string) =>
  Type.Array(Type.String({ pattern: NAME_PATTERN }), { minItems: 1, description });
const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
const duration = (description: string) =>
  Type.String({ pattern: DURATION_PATTERN, description: `${description} ISO 8601 duration, such as PT30S.` });
const pointer = (description: string) =>
  Type.String({ pattern: POINTER_PATTERN, description: `${description} JSON Pointer (RFC 6901).` });

export const OPS = ["=", "!=", "<", "<=", ">", ">=", "in", "exists", "absent"] as const;
export const KINDS = ["measurement", "total", "total_increasing"] as const;
export const CHECK_KINDS = ["sum", "hypot", "ratio", "order"] as const;
export const ALARM_SEVERITIES = ["critical", "major", "minor", "warning"] as const;
export const TIMESTAMP_FORMATS = ["iso", "unix_s", "unix_ms"] as const;
export const DATA_TYPES = [
  "float",
  "double",
  "number",
  "int",
  "integer",
  "bool",
  "boolean",
  "string",
  "enum",
  "object",
] as const;

const OWN_UNIT = "the leaf's unit";
const Scalar = Type.Union(
  [Type.String(), Type.Number({ description: "A value as it is sent.", unit: OWN_UNIT }), Type.Boolean()],
  { description: "A string, a number or a boolean." },
);
const ScalarOrList = Type.Union([...Scalar.anyOf, Type.Array(Scalar)], {
  description: "What to compare with; a list for `in`.",
});

/** What one leaf may say; a group says it as the default of its leaves. */
const leafKeys = {
  quantity: optional(
    oneOf(QUANTITY_NAMES, "What is measured: schemas/measurements.ts lists meanings and units."),
  ),
  unit: optional(text("Unit of the values as sent; with a quantity one of its units.")),
  description: optional(text("For people.")),
  data_type: optional(
    oneOf(
      DATA_TYPES,
      "Type of the values as sent; default: float. The original form says object of a group with components.",
    ),
  ),
  kind: optional(
    oneOf(KINDS, "measurement (default), total (may fall), total_increasing (a counter that only grows)."),
  ),
  min_value: optional(
    Type.Number({ description: "Least value in normal operation (the original form).", unit: OWN_UNIT }),
  ),
  max_value: optional(
    Type.Number({ description: "Greatest value in normal operation (the original form).", unit: OWN_UNIT }),
  ),
  operating: optional(range("values in normal operation; outside is uncertain.", OWN_UNIT)),
  operating_of_nominal: optional(
    range("normal operation as shares of the nominal value of the quantity.", "1"),
  ),
  physical: optional(range("values that the device can report at all; outside is bad.", OWN_UNIT)),
  valid_values: optional(Type.Array(Scalar, { minItems: 1, description: "The only values allowed." })),
  max_rate_per_h: optional(
    Type.Number({
      exclusiveMinimum: 0,
      description: "Largest change in an hour; faster is a finding of projections.",
      unit: "the leaf's unit per hour",
    }),
  ),
  required: optional(Type.Boolean({ description: "A group: default true. A component: default false." })),
};

export const RegistryLeaf = Type.Object(leafKeys, CLOSED);
export type RegistryLeaf = Static<typeof RegistryLeaf>;

export const RegistryMeasurement = Type.Object(
  {
    ...leafKeys,
    phases: optional(names("Names of the phases; each is required.")),
    components: optional(
      Type.Union(
        [
          names("Names of the components."),
          Type.Record(Type.String({ pattern: NAME_PATTERN }), RegistryLeaf, {
            additionalProperties: false,
            description: "Component -> what it measures.",
          }),
        ],
        { description: "The leaves of a group that are not phases." },
      ),
    ),
  },
  CLOSED,
);
export type RegistryMeasurement = Static<typeof RegistryMeasurement>;

const Nominal = Type.Record(
  Type.String({ pattern: NAME_PATTERN }),
  Type.Number({ description: "Nominal value.", unit: "base unit of the quantity" }),
  { additionalProperties: false, description: "Quantity -> nominal value in the quantity's base unit." },
);

const Detect = Type.Object(
  {
    requires: optional(
      Type.Array(Type.String(), {
        description: "Measurement paths (`voltage.*`: any leaf of it) that must all be there.",
      }),
    ),
    any_of: optional(
      Type.Array(Type.String(), { description: "Measurement paths of which one must be there." }),
    ),
    forbids: optional(
      Type.Array(Type.String(), { description: "Measurement paths that exclude this type." }),
    ),
    min_margin: optional(
      Type.Number({
        minimum: 0,
        maximum: 100,
        description: "How far the next type must be behind; default: 20.",
        unit: "points of 100",
      }),
    ),
  },
  { ...CLOSED, description: "How the type is recognised when a message does not declare one." },
);

const Check = Type.Object(
  {
    id: Type.String({ pattern: NAME_PATTERN, description: "A finding is named check.<id>." }),
    kind: oneOf(
      CHECK_KINDS,
      "sum: the sum of `of` equals `equals`; hypot: the root of their squares' sum; ratio: of[0] / of[1]; order: each of `of` is at most the next.",
    ),
    of: Type.Array(Type.String(), { minItems: 1, description: "Measurement paths." }),
    equals: optional(text("Measurement path of the result.")),
    tolerance: optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: "Allowed difference as a share of the larger side; default: 0.01.",
        unit: "1",
      }),
    ),
    tolerance_absolute: optional(
      Type.Number({
        minimum: 0,
        description: "Allowed difference whatever the share: the noise near zero; default: 0.",
        unit: "unit of `equals`",
      }),
    ),
    description: optional(text("For people.")),
  },
  CLOSED,
);
export type RegistryCheck = Static<typeof Check>;

const Condition = Type.Object(
  {
    path: text("Measurement path; `*` means any in `when`, all in `clear_when`."),
    op: oneOf(OPS, "How to compare."),
    value: optional(ScalarOrList),
    of_nominal: optional(
      Type.Number({ description: "Compare with this share of the nominal value.", unit: "1" }),
    ),
  },
  CLOSED,
);
export type RegistryCondition = Static<typeof Condition>;

const Alarm = Type.Object(
  {
    id: Type.String({ pattern: NAME_PATTERN }),
    severity: oneOf(ALARM_SEVERITIES, "How urgent."),
    description: optional(text("What it means and what to do.")),
    when: Condition,
    for: optional(duration("How long it must hold.")),
    clear_when: optional(Condition),
  },
  CLOSED,
);
export type RegistryAlarm = Static<typeof Alarm>;

const Example = Type.Object(
  {
    name: text("What the message shows."),
    key: optional(text("The record key; default: the message's own id, else `example`.")),
    message: Type.Record(Type.String(), Type.Unknown(), { description: "As a device sends it." }),
    expect: Type.Object(
      {
        device_type: optional(text("Key of the type, or unknown.")),
        method: optional(oneOf(["declared", "detected", "ambiguous", "unknown"], "How it was decided.")),
        shape: optional(text("Id of the shape.")),
        device_id: optional(text("The id that the message is filed under.")),
        grade: optional(oneOf(["GOOD", "UNCERTAIN", "BAD"], "The worst finding.")),
        findings: optional(
          Type.Array(Type.String(), { description: "Finding codes that must be there, each one." }),
        ),
        normalized: optional(
          Type.Record(Type.String(), Scalar, { description: "Measurement path -> value after the shape." }),
        ),
      },
      CLOSED,
    ),
  },
  CLOSED,
);
export type RegistryExample = Static<typeof Example>;

const Manufacturer = Type.Object(
  {
    name: text("As a message's `manufacturer` names it."),
    models: optional(
      Type.Array(Type.String(), { description: "Models, as a message's `model` names them." }),
    ),
    specifications: optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "What the data sheet says; any keys." }),
    ),
  },
  CLOSED,
);

export const RegistryType = Type.Object(
  {
    name: text("For people."),
    description: optional(text("For people.")),
    category: optional(text("Such as electrical_protection.")),
    version: optional(text("Version of this definition.")),
    capabilities: optional(Type.Array(text("One capability."), { description: "What the device can do." })),
    nominal: optional(
      Type.Union([Nominal, Type.Array(Nominal, { minItems: 1 })], {
        description: "From a list, the entry nearest to the message's median voltage is taken.",
      }),
    ),
    measurements: Type.Record(Type.String({ pattern: NAME_PATTERN }), RegistryMeasurement, {
      additionalProperties: false,
      description: "Group -> what it measures.",
    }),
    detect: optional(Detect),
    checks: optional(Type.Array(Check, { description: "What must add up." })),
    heartbeat: optional(
      Type.Object(
        {
          expected: optional(duration("How often a message comes.")),
          offline_after: optional(duration("After which silence the device is offline.")),
        },
        CLOSED,
      ),
    ),
    alarms: optional(Type.Array(Alarm, { description: "Carried here, run by projections." })),
    manufacturers: optional(Type.Array(Manufacturer)),
    locations: optional(Type.Array(Type.String())),
    data_format: optional(text("Such as json.")),
    update_frequency: optional(
      text("How often it sends: 5_seconds, 1_minute or PT5S; from it comes when a device counts as silent."),
    ),
    retention_policy: optional(text("Such as 30_days.")),
    examples: optional(
      Type.Array(Example, { description: "Judged at each load; a failing one is a fault." }),
    ),
  },
  CLOSED,
);
export type RegistryType = Static<typeof RegistryType>;

const Predicate = Type.Object(
  {
    path: pointer("Where in the message."),
    op: oneOf(OPS, "How to compare."),
    value: optional(ScalarOrList),
  },
  CLOSED,
);
export type RegistryPredicate = Static<typeof Predicate>;

const Extract = Type.Object(
  {
    from: pointer("Where the value stands."),
    pick: optional(
      Type.Object(
        {
          path: pointer("Where in an element of the array at `from`."),
          op: oneOf(OPS, "How to compare."),
          value: optional(ScalarOrList),
          and: optional(
            Type.Array(Predicate, {
              description: "What must hold of the same element too, such as a phase beside a measurand.",
            }),
          ),
          take: optional(pointer("Where the value stands in the element; default: the element itself.")),
        },
        { ...CLOSED, description: "`from` is an array: take the first element for which all of it holds." },
      ),
    ),
    text: optional(Type.Boolean({ description: "The number is sent as a string." })),
    factor: optional(
      Type.Number({ description: "Multiply by this.", unit: "unit of the type per unit sent" }),
    ),
    offset: optional(Type.Number({ description: "Then add this.", unit: OWN_UNIT })),
    map: optional(
      Type.Record(Type.String(), Scalar, { description: "Value as sent, as a string -> value." }),
    ),
  },
  CLOSED,
);
export type RegistryExtract = Static<typeof Extract>;

export const RegistryShape = Type.Object(
  {
    id: Type.String({ pattern: TYPE_KEY_PATTERN }),
    name: optional(text("For people.")),
    documentation: optional(text("The vendor's public page that says how the message looks.")),
    when: Type.Array(Predicate, { minItems: 1, description: "All must hold." }),
    device_id: optional(pointer("Where the id stands; default: the record key.")),
    timestamp: optional(
      Type.Object(
        { path: pointer("Where the time stands."), format: oneOf(TIMESTAMP_FORMATS, "How it is written.") },
        CLOSED,
      ),
    ),
    device_type: optional(text("Key of the type, when the shape is sent by one type only.")),
    partial: optional(
      Type.Boolean({
        description: "The device sends only what changed: what is not there is not missing.",
      }),
    ),
    measurements: Type.Record(Type.String(), Extract, {
      description: "Measurement path -> where its value stands.",
    }),
    examples: optional(Type.Array(Example)),
  },
  CLOSED,
);
export type RegistryShape = Static<typeof RegistryShape>;

const TYPES = {
  additionalProperties: false,
  description: "Key -> device type.",
};
const SHAPES = { description: "Messages that are not in our own form." };

/** A file that the entry of a registry includes. */
export const RegistryPart = Type.Object(
  {
    $schema: optional(text("For editors.")),
    device_types: optional(Type.Record(Type.String({ pattern: TYPE_KEY_PATTERN }), RegistryType, TYPES)),
    shapes: optional(Type.Array(RegistryShape, SHAPES)),
  },
  {
    ...CLOSED,
    $id: "device-registry-part",
    title: "Part of a device registry",
    description: "Types and shapes, of one vendor say; the entry of the registry includes the file.",
  },
);
export type RegistryPart = Static<typeof RegistryPart>;

export const DeviceRegistry = Type.Object(
  {
    $schema: optional(text("For editors.")),
    include: optional(
      Type.Array(text("A path below this file's folder; * stands for any name."), {
        description: "Files with more types and shapes, taken in the order of their names.",
      }),
    ),
    metadata: Type.Object(
      {
        version: text("Version of the content; first part of registry_version, in every message.", 64),
        schema_version: optional(text("1.0 (the original form) or 2.0.")),
        last_updated: optional(text("A date.")),
        description: optional(text("For people.")),
        contact: optional(text("Who answers for it.")),
      },
      CLOSED,
    ),
    sites: optional(
      Type.Array(
        Type.Object(
          {
            id: Type.String({ pattern: TYPE_KEY_PATTERN }),
            name: optional(text("For people.")),
            device_prefix: Type.String({ minLength: 1, description: "Start of the ids of its devices." }),
            nominal: Nominal,
          },
          CLOSED,
        ),
        { description: "Places whose mains differ; a site decides before the type." },
      ),
    ),
    device_types: Type.Record(Type.String({ pattern: TYPE_KEY_PATTERN }), RegistryType, TYPES),
    shapes: optional(Type.Array(RegistryShape, SHAPES)),
  },
  {
    ...CLOSED,
    $id: "device-registry",
    title: "Device registry",
    description: "What device types exist, what they measure and how their messages look.",
  },
);
export type DeviceRegistry = Static<typeof DeviceRegistry>;

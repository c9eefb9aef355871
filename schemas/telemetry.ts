/**
 * What a device sends to `iot.raw`: the form of our simulator and of the predecessor.
 *
 * Other objects are welcome too when a registry shape knows them. Source: design.md section 3.
 */
import { Type, type Static } from "@sinclair/typebox";

/**
 * 1 to 128 characters, no control characters, no half of a surrogate pair. All in the pattern: TypeBox's maxLength counts
 * UTF-16 units, JSON Schema's counts characters; this counts characters with and without a regex's `u` flag.
 */
export const DeviceId = Type.String({
  pattern: "^(?:[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff]){1,128}$",
  description: "Identity of the device, 1 to 128 characters; also the record key.",
});

export const MeasurementValue = Type.Union([Type.Number(), Type.Null(), Type.String(), Type.Boolean()], {
  description: "Unit, base and range of a leaf stand in the registry; null is not measured.",
  unit: "by registry",
});

export const Measurements = Type.Record(
  Type.String(),
  Type.Union([MeasurementValue, Type.Record(Type.String(), MeasurementValue)]),
  { description: "{group: {leaf: value}} or {group: value}" },
);

export const Telemetry = Type.Object(
  {
    device_id: DeviceId,
    device_type: Type.Optional(Type.String({ description: "A key of the registry's device_types." })),
    manufacturer: Type.Optional(Type.String()),
    model: Type.Optional(Type.String()),
    timestamp: Type.Optional(
      Type.Union(
        [
          Type.String({ description: "ISO 8601; without a zone it is UTC" }),
          Type.Number({ description: "Unix time, seconds or milliseconds by its size", unit: "s or ms" }),
        ],
        { description: "The device's claim of when it measured." },
      ),
    ),
    event_type: Type.Optional(Type.String({ description: "telemetry, or the name of an event" })),
    boot_id: Type.Optional(Type.String({ description: "Changes when the device restarts." })),
    sequence: Type.Optional(
      Type.Integer({ minimum: 0, description: "Counts messages since the boot.", unit: "1" }),
    ),
    measurements: Measurements,
  },
  {
    $id: "telemetry",
    title: "Telemetry",
    description: "Value of iot.raw in our own form.",
    additionalProperties: true,
  },
);
export type Telemetry = Static<typeof Telemetry>;

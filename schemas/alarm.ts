/**
 * Value of `iot.alarms`: one transition of one alarm.
 *
 * The newest transition of an `id` is the alarm as it stands. Rules and their severities are the registry's
 * (registry.ts, `alarms`); `offline` is the rule that every type has. Source: design.md section 3.
 */
import { type Static, Type } from "@sinclair/typebox";
import { ALARM_SEVERITIES } from "./registry.ts";
import { DeviceId } from "./telemetry.ts";

export const ALARM_STATES = ["active", "acknowledged", "cleared"] as const;
export type AlarmState = (typeof ALARM_STATES)[number];

const time = (description: string) => Type.String({ description: `${description}; ISO 8601 UTC, ms` });

/** Fits into a URL: `POST /api/alarms/{id}/acknowledge`. */
export const AlarmId = Type.String({
  pattern: "^[A-Za-z0-9_.~-]{1,128}$",
  description: "Id of one alarm of a rule for a device; the same in all its transitions.",
});

export const Alarm = Type.Object(
  {
    id: AlarmId,
    device_id: DeviceId,
    device_type: Type.String({ description: "Key of the type" }),
    rule: Type.String({ description: "Id of the alarm in the registry, or offline" }),
    severity: Type.Union(
      ALARM_SEVERITIES.map((severity) => Type.Literal(severity)),
      { description: "How urgent" },
    ),
    state: Type.Union(
      ALARM_STATES.map((state) => Type.Literal(state)),
      { description: "What the alarm has become; an acknowledged one is still active" },
    ),
    at: time("When it became so, by measured time"),
    raised_at: time("When the condition had held long enough"),
    path: Type.Optional(Type.String({ description: "Measurement path of the value; none for offline" })),
    value: Type.Optional(
      Type.Union([Type.Number(), Type.String(), Type.Boolean()], {
        description: "The value that made the transition",
        unit: "the leaf's unit in the registry",
      }),
    ),
    why: Type.String({ description: "For people: voltage.phase_b 133.1 V, above 132 V for 10 s" }),
    by: Type.Optional(Type.String({ description: "Who acknowledged it" })),
    command_id: Type.Optional(Type.String({ description: "Id of the command that acknowledged it" })),
    source: Type.Optional(
      Type.Object(
        {
          partition: Type.Integer({
            minimum: 0,
            description: "Number of the partition in iot.raw and iot.enriched",
            unit: "1",
          }),
          source_offset: Type.Integer({ minimum: 0, description: "Offset in iot.raw", unit: "1" }),
        },
        {
          additionalProperties: false,
          description: "The message that made the transition; none for offline",
        },
      ),
    ),
  },
  {
    $id: "alarm",
    title: "Alarm",
    description: "Value of iot.alarms: one transition of one alarm.",
    additionalProperties: false,
  },
);
export type Alarm = Static<typeof Alarm>;

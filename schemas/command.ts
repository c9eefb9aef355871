/**
 * Value of `iot.commands`: what a person asked for. Kept for ever, so a rebuilt view knows it too.
 *
 * The key is the device's id, so the commands of a device keep their order. Source: design.md section 3.
 */
import { type Static, type TProperties, Type } from "@sinclair/typebox";
import { AlarmId } from "./alarm.ts";
import { DeviceId } from "./telemetry.ts";

const command = <const Name extends string, Own extends TProperties>(
  name: Name,
  description: string,
  own: Own,
) =>
  Type.Object(
    {
      command: Type.Literal(name),
      id: Type.String({
        pattern: "^[A-Za-z0-9_.~-]{1,128}$",
        description: "Id of this command; one that is repeated is carried out once",
      }),
      at: Type.String({ description: "When it was given, ISO 8601 UTC, ms" }),
      by: Type.String({ minLength: 1, maxLength: 128, description: "Who gave it" }),
      device_id: DeviceId,
      ...own,
    },
    { description, additionalProperties: false },
  );

const note = (description: string) => Type.Optional(Type.String({ maxLength: 1_000, description }));

export const AcknowledgeAlarm = command("alarm.acknowledge", "Somebody has seen the alarm.", {
  alarm_id: AlarmId,
  note: note("What they say of it"),
});

export const RegisterDevice = command("device.register", "The device is expected, even before it sends.", {
  device_type: Type.Optional(Type.String({ description: "Key of the type" })),
  name: note("For people"),
  location: note("Where it is"),
});

export const RetireDevice = command("device.retire", "The device is gone: its silence raises no alarm.", {
  note: note("Why"),
});

export const Command = Type.Union([AcknowledgeAlarm, RegisterDevice, RetireDevice], {
  $id: "command",
  title: "Command",
  description: "Value of iot.commands.",
});
export type Command = Static<typeof Command>;

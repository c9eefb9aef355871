import { describe, expect, test } from "bun:test";
import { KafkaUnavailable } from "../kafka/errors.ts";
import type { RawMessage } from "./faults.ts";
import { createFleet, type Sent } from "./fleet.ts";
import { startSending } from "./sending.ts";

const fleetOf = (startMs: number) =>
  createFleet(
    { devices: [{ id: "meter-001", type: "smart_meter" }], seed: 1, intervalS: 5, faults: 0 },
    startMs,
  );

/** A loop over one device whose Kafka answers as `answers` say, one after the other; then it is fine. */
function loop(answers: (Error | "never")[], clock = { nowMs: 1_000_000 }) {
  const tried: RawMessage[][] = [];
  const warnings: string[] = [];
  const errors: unknown[] = [];
  const delivered = Promise.withResolvers<Sent[]>();
  const failed = Promise.withResolvers<void>();
  const sending = startSending({
    fleet: fleetOf(clock.nowMs),
    async send(messages) {
      tried.push(messages);
      const answer = answers.shift();
      if (answer === "never") await new Promise(() => {});
      if (answer instanceof Error) throw answer;
    },
    onSent: delivered.resolve,
    onError(error) {
      errors.push(error);
      failed.resolve();
    },
    warn: (message) => warnings.push(message),
    now: () => clock.nowMs,
  });
  return { sending, tried, warnings, errors, delivered: delivered.promise, failed: failed.promise };
}

describe("the sending loop", () => {
  test("sends the same messages again until Kafka has them, and counts them once", async () => {
    const away = new KafkaUnavailable("away");
    const { sending, tried, warnings, delivered } = loop([away, away]);
    const sent = await delivered;
    await sending.stop();
    expect(tried).toHaveLength(3);
    expect(tried[1]).toEqual(tried[0] ?? []);
    expect(tried[2]).toEqual(tried[0] ?? []);
    expect(sent.map(({ message }) => message)).toEqual(tried[0] ?? []);
    expect(warnings).toEqual([]);
  });

  test("an error that no waiting mends ends it", async () => {
    const { sending, tried, errors, failed } = loop([new TypeError("a bug")]);
    await failed;
    await sending.stop();
    expect(errors).toEqual([new TypeError("a bug")]);
    expect(tried).toHaveLength(1);
  });

  test("a stop while Kafka is away says what was not acknowledged", async () => {
    const away = Array.from({ length: 100 }, () => new KafkaUnavailable("away"));
    const { sending, warnings } = loop(away);
    await sending.stop();
    expect(warnings).toEqual(["Kafka is away; messages without an acknowledgement: 1"]);
  });

  test("a stop does not wait for a send that never ends", async () => {
    const { sending, warnings } = loop(["never"]);
    await sending.stop();
    expect(warnings).toEqual(["Kafka is away; messages without an acknowledgement: 1"]);
  });

  test("its health names a send that waits for more than 10 s", () => {
    const clock = { nowMs: 1_000_000 };
    const { sending } = loop(["never"], clock);
    expect(sending.health()).toEqual([]);
    clock.nowMs += 12_000;
    expect(sending.health()).toEqual(["Kafka has taken no message for 12 s"]);
  });
});

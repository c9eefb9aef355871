import { describe, expect, test } from "bun:test";
import { DEAD_LETTER_REASONS, LIMITS } from "../schemas/dead-letter.ts";
import { RESERVED_MEMBERS } from "../schemas/enriched.ts";
import type { Telemetry } from "../schemas/telemetry.ts";
import { breakMessage, PRODUCER_FAULTS, type ProducerFault, type RawMessage } from "./faults.ts";
import { seededRandom } from "./random.ts";

const good: Telemetry = {
  device_id: "breaker-001",
  device_type: "smart_breaker",
  timestamp: "2026-11-25T12:00:00.000Z",
  event_type: "telemetry",
  measurements: { frequency: { value: 59.98 } },
};

const bytesOf = ({ value }: RawMessage) => Buffer.from(value ?? "");
const textOf = (message: RawMessage) => bytesOf(message).toString("utf8");
const objectOf = (message: RawMessage): Record<string, unknown> => JSON.parse(textOf(message));

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function depth(value: unknown): number {
  if (value === null || typeof value !== "object") return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depth));
}

/** What must be so of a message broken in this way, said without the code that broke it. */
const SIGNS: Record<ProducerFault, (message: RawMessage) => boolean> = {
  too_large: (message) => bytesOf(message).length > LIMITS.rawBytes && parses(textOf(message)),
  not_utf8: (message) => !bytesOf(message).equals(Buffer.from(textOf(message))),
  not_json: (message) => !parses(textOf(message)),
  not_object: (message) => {
    const value: unknown = JSON.parse(textOf(message));
    return value === null || typeof value !== "object" || Array.isArray(value);
  },
  empty_object: (message) => Object.keys(objectOf(message)).length === 0,
  too_deep: (message) => depth(objectOf(message)) > LIMITS.depth,
  duplicate_key: (message) => textOf(message).split('"event_type":').length === 3 && parses(textOf(message)),
  reserved_member: (message) => RESERVED_MEMBERS.some((member) => member in objectOf(message)),
  schema: (message) => {
    const { device_id, measurements } = objectOf(message);
    const id = String(device_id);
    const idWrong = id.length < 1 || id.length > 128 || id.endsWith("\u0007");
    return idWrong || typeof measurements !== "object" || Array.isArray(measurements);
  },
  key_mismatch: (message) => message.key !== objectOf(message).device_id,
  bad_timestamp: (message) => {
    const form = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/.exec(
      String(objectOf(message).timestamp),
    );
    const [, year, month, day] = form ?? [];
    return form === null || Number(day) > new Date(Number(year), Number(month), 0).getDate();
  },
};

describe("messages broken on purpose", () => {
  test("there is one kind for each dead-letter reason that a producer can cause", () => {
    const others = ["output_too_large", "internal", "undecodable"];
    expect([...PRODUCER_FAULTS, ...others].sort()).toEqual(Object.keys(DEAD_LETTER_REASONS).sort());
  });

  for (const fault of PRODUCER_FAULTS) {
    test(`${fault}: shows this fault, in each of its forms, and none that is asked for earlier`, () => {
      const random = seededRandom(fault);
      // The decoder asks in the order of the list, and a bad id or time does not hide the faults before it.
      const earlier = PRODUCER_FAULTS.slice(0, PRODUCER_FAULTS.indexOf(fault));
      for (let i = 0; i < 100; i += 1) {
        const message = breakMessage(fault, good, random);
        expect(SIGNS[fault](message)).toBe(true);
        for (const other of earlier)
          if (parses(textOf(message)) || other === "too_large" || other === "not_utf8")
            expect([other, SIGNS[other](message)]).toEqual([other, false]);
      }
    });
  }

  test("all but a contradicting key stay under the key of their device", () => {
    const random = seededRandom("keys");
    for (const fault of PRODUCER_FAULTS) {
      const { key } = breakMessage(fault, good, random);
      expect(key === good.device_id).toBe(fault !== "key_mismatch");
    }
  });

  test("a good message shows none of these faults", () => {
    const message: RawMessage = { key: good.device_id, value: JSON.stringify(good).replace(".000Z", "Z") };
    for (const fault of PRODUCER_FAULTS) expect([fault, SIGNS[fault](message)]).toEqual([fault, false]);
  });
});

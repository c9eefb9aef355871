/**
 * Messages broken on purpose: one way to break a good message for each dead-letter reason that a producer can cause.
 *
 * In: a good message, random. Out: key and value as they go to `iot.raw`.
 * Source: the closed reasons of schemas/dead-letter.ts.
 */
import { type DeadLetterReason, LIMITS } from "../schemas/dead-letter.ts";
import { RESERVED_MEMBERS } from "../schemas/enriched.ts";
import type { Telemetry } from "../schemas/telemetry.ts";
import { pick, type Random } from "./random.ts";

export interface RawMessage {
  key: string;
  /** Null is a tombstone. */
  value: string | Buffer | null;
}

/** No device causes these: a registry that finds thousands of faults, a bug of ours, a client that writes broken batches. */
export type ProducerFault = Exclude<DeadLetterReason, "output_too_large" | "internal" | "undecodable">;
type Break = (good: Telemetry, random: Random) => RawMessage["value"] | RawMessage;

const BREAKS: Record<ProducerFault, Break> = {
  too_large: (good) => JSON.stringify({ ...good, padding: "x".repeat(LIMITS.rawBytes) }),
  not_utf8: (good) => {
    const bytes = Buffer.from(JSON.stringify(good));
    // 0xFF never occurs in UTF-8; the byte replaced is inside the first member's name.
    bytes[3] = 0xff;
    return bytes;
  },
  not_json: (good, random) => {
    const text = JSON.stringify(good);
    return pick([null, "", text.slice(0, text.length / 2), `\ufeff${text}`, `${text}}`], random);
  },
  not_object: (good, random) => pick([JSON.stringify([good]), "42", '"telemetry"', "null"], random),
  empty_object: () => "{}",
  too_deep: (good) => JSON.stringify({ ...good, nested: nested(LIMITS.depth) }),
  duplicate_key: (good) => {
    const text = JSON.stringify(good);
    return `${text.slice(0, -1)},"event_type":"telemetry"}`;
  },
  reserved_member: (good, random) => JSON.stringify({ ...good, [pick(RESERVED_MEMBERS, random)]: {} }),
  schema: (good, random) =>
    JSON.stringify(
      pick<object>(
        [
          { ...good, measurements: "none" },
          { ...good, measurements: [good.measurements] },
          { ...good, device_id: "" },
          { ...good, device_id: "x".repeat(129) },
          { ...good, device_id: `${good.device_id}\u0007` },
        ],
        random,
      ),
    ),
  key_mismatch: (good) => ({ key: `${good.device_id}-other`, value: JSON.stringify(good) }),
  bad_timestamp: (good, random) =>
    JSON.stringify({
      ...good,
      timestamp: pick(
        ["yesterday", "2026-02-30T12:00:00Z", "2026-11-25T25:00:00Z", "25/11/2026 12:00"],
        random,
      ),
    }),
};

export const PRODUCER_FAULTS = Object.keys(BREAKS) as ProducerFault[];

/** The good message, broken so that its dead letter has this reason. */
export function breakMessage(fault: ProducerFault, good: Telemetry, random: Random): RawMessage {
  const broken = BREAKS[fault](good, random);
  const whole = broken !== null && typeof broken === "object" && "key" in broken;
  return whole ? broken : { key: good.device_id, value: broken };
}

/** An array in an array …, so many levels deep. */
function nested(levels: number): unknown {
  return levels === 0 ? 0 : [nested(levels - 1)];
}

/**
 * Why a raw message cannot be enriched: the closed list, in the order in which the decoder asks.
 *
 * The value of `iot.raw.dlq` is the raw bytes; the verdict stands in headers (topics.ts). Source: design.md section 3.
 */
export const DEAD_LETTER_REASONS = {
  undecodable:
    "a batch of records that cannot be read: corrupt, not what it claims to be, or larger than KAFKA_MAX_BATCH_BYTES",
  too_large: "more than 65,536 bytes",
  not_utf8: "the bytes are not UTF-8",
  not_json:
    "not JSON: empty, a tombstone, a byte order mark, a syntax error, a number too large for a double",
  not_object: "JSON, but not an object",
  empty_object: "an object without members",
  too_deep: "nested more than 16 levels deep",
  duplicate_key: "a top-level member appears twice",
  reserved_member: "contains a member that the enrichment appends",
  schema: "no device id, a malformed id, or measurements that are not an object",
  key_mismatch: "the record key contradicts the device id",
  bad_timestamp: "neither ISO 8601 nor a Unix time in s or ms nor the shape's format, or an impossible date",
  output_too_large: "the enriched message would exceed 1,000,000 bytes",
  internal: "a bug in the enrichment",
} as const;
export type DeadLetterReason = keyof typeof DEAD_LETTER_REASONS;

export const LIMITS = {
  /** Largest raw message, bytes. */
  rawBytes: 65_536,
  /** Largest enriched message, bytes. */
  outputBytes: 1_000_000,
  /** Deepest nesting; the outermost object is level 1. */
  depth: 16,
  /** Headers iot.path and iot.message, bytes. */
  pathHeaderBytes: 256,
  messageHeaderBytes: 512,
} as const;

/** A message as it was read: numbers for offset and time, bytes for the rest. */

import type { IHeaders, KafkaMessage } from "kafkajs";

export interface InMessage {
  offset: number;
  key: Buffer | null;
  value: Buffer | null;
  /** The record timestamp, ms */
  timestamp: number;
  /** Only where a number cannot hold it: the record timestamp as it is, decimal. Whoever passes it on passes on this one. */
  exactTimestamp?: string;
  headers: Record<string, Buffer>;
}

const NONE: Record<string, Buffer> = Object.freeze({});

export function toInMessage(message: KafkaMessage): InMessage {
  const made: InMessage = {
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    timestamp: Number(message.timestamp),
    headers: toHeaders(message.headers),
  };
  if (!Number.isSafeInteger(made.timestamp)) made.exactTimestamp = message.timestamp;
  return made;
}

/** Of a header that stands several times the last counts, as Java's `lastHeader` has it; one without a value is left out. */
function toHeaders(headers: IHeaders | undefined): Record<string, Buffer> {
  let found = NONE;
  for (const name in headers) {
    const value = headers[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last === undefined || last === null) continue;
    if (found === NONE) found = Object.create(null) as Record<string, Buffer>;
    found[name] = Buffer.isBuffer(last) ? last : Buffer.from(last);
  }
  return found;
}

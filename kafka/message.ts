/** A message as it was read: numbers for offset and time, bytes for the rest. */

export interface InMessage {
  offset: number;
  key: Buffer | null;
  value: Buffer | null;
  /** The record timestamp, ms */
  timestamp: number;
  /** The exact record timestamp, decimal, where a number cannot hold it. Whoever passes the message on passes on this one. */
  exactTimestamp?: string;
  headers: Record<string, Buffer>;
}

export const NO_HEADERS: Record<string, Buffer> = Object.freeze({});

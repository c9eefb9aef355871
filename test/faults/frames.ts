/**
 * Kafka's frames in a byte stream: four bytes of length, then (in a request) API key, version and correlation id.
 *
 * In: chunks as TCP gives them. Out: whole frames, their length in front. Source: kafka.apache.org/protocol#protocol_common.
 */

/** The APIs that our clients use, by their key on the wire. */
export const API = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
} as const;
export type ApiName = keyof typeof API;

/** Returns a function that takes the next chunk and gives the frames that it completes. */
export function frameCutter(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Buffer[] = [];
    while (rest.length >= 4) {
      const end = 4 + rest.readInt32BE(0);
      if (rest.length < end) break;
      frames.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    return frames;
  };
}

export function requestOf(frame: Buffer): { api: number; correlationId: number } {
  return { api: frame.readInt16BE(4), correlationId: frame.readInt32BE(8) };
}

/** Of an answer: its correlation id stands first. */
export function answerOf(frame: Buffer): { correlationId: number } {
  return { correlationId: frame.readInt32BE(4) };
}

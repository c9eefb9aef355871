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

/** A topic or authorisation that refuses: the brokers' answer to a produce request, for every partition that it names. */
export function refusalOf(frame: Buffer, errorCode: number): { topic: string; answer: Buffer } {
  const version = frame.readInt16BE(6);
  const client = frame.readInt16BE(12);
  let at = 14 + Math.max(0, client);
  if (version >= 3) at += 2 + Math.max(0, frame.readInt16BE(at)); // the transactional id
  at += 2 + 4 + 4; // acks, time-out, one topic
  const name = frame.readInt16BE(at);
  const topic = frame.toString("utf8", at + 2, at + 2 + name);
  at += 2 + name;
  const partitions = frame.readInt32BE(at);
  at += 4;
  const parts = [int32(frame.readInt32BE(8)), int32(1), int16(name), Buffer.from(topic), int32(partitions)];
  for (let left = partitions; left > 0; left--) {
    parts.push(frame.subarray(at, at + 4), int16(errorCode), Buffer.alloc(16, 0xff));
    if (version >= 5) parts.push(Buffer.alloc(8, 0xff));
    at += 8 + Math.max(0, frame.readInt32BE(at + 4));
  }
  const body = Buffer.concat([...parts, int32(0)]); // not throttled
  return { topic, answer: Buffer.concat([int32(body.length), body]) };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  return int32(value).subarray(2);
}

/** A client that sends any bytes, and waits for answers; whoever makes it ends it. */
import { connect } from "node:net";
import type { Api } from "./apis/api.ts";
import { Reader, Writer } from "./protocol/codec.ts";
import { int16, int32, nullableString } from "./protocol/fields.ts";

export interface RawClient {
  send(bytes: Uint8Array): void;
  /** The next answer, without its length; rejects when the connection ends instead. */
  answer(): Promise<Buffer>;
  /** Sends a request and reads the answer to it. */
  ask<T>(api: Api, version: number, request: unknown): Promise<T>;
  /** Resolves when the broker has ended the connection. */
  ended: Promise<void>;
  end(): void;
  /** Reads nothing until `resume()`. */
  pause(): void;
  resume(): void;
}

let correlation = 0;

export function request(api: Api, version: number, value: unknown, correlationId = ++correlation): Buffer {
  return rawRequest(api.key, version, (writer) => api.request.write(writer, value, version), correlationId);
}

export function rawRequest(
  key: number,
  version: number,
  body: (writer: Writer) => void = () => {},
  correlationId = ++correlation,
): Buffer {
  const writer = new Writer();
  int16.write(writer, key, 0);
  int16.write(writer, version, 0);
  int32.write(writer, correlationId, 0);
  nullableString.write(writer, "test", 0);
  body(writer);
  return Buffer.from(writer.frame());
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect(port, "127.0.0.1");
  let received = Buffer.alloc(0);
  let wake = Promise.withResolvers<void>();
  let isEnded = false;
  const ended = Promise.withResolvers<void>();
  const tell = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    tell();
  });
  const finish = () => {
    isEnded = true;
    ended.resolve();
    tell();
  };
  socket.on("end", finish);
  socket.on("close", finish);
  socket.on("error", finish);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", () => resolve());
    socket.once("error", reject);
  });

  async function answer(): Promise<Buffer> {
    while (received.length < 4 || received.length < 4 + received.readInt32BE(0)) {
      if (isEnded) throw new Error("the connection has ended");
      await wake.promise;
    }
    const end = 4 + received.readInt32BE(0);
    const frame = received.subarray(4, end);
    received = received.subarray(end);
    return frame;
  }

  return {
    send: (bytes) => void socket.write(bytes),
    answer,
    async ask<T>(api: Api, version: number, value: unknown): Promise<T> {
      socket.write(request(api, version, value));
      return decode<T>(api, version, await answer());
    },
    ended: ended.promise,
    end: () => socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}

export function decode<T>(api: Api, version: number, frame: Buffer): T {
  const reader = new Reader(frame);
  const correlationId = int32.read(reader, 0);
  return { correlationId, ...(api.response.read(reader, version) as object) } as T;
}

/**
 * One client's connection: requests in, one after the other, answers out in the same order.
 *
 * In: bytes. Out: bytes. Errors: what is not Kafka, or not a version that we have, is said and ends the connection.
 * One request at a time, as Kafka does it: order and a bound on memory come of themselves.
 */
import type { Socket } from "bun";
import { apiVersions, versionsOf } from "./apis/18-api-versions.ts";
import type { Api, Broker } from "./apis/api.ts";
import { Frames } from "./frames.ts";
import { ProtocolError, Reader, Writer } from "./protocol/codec.ts";
import { ERROR } from "./protocol/errors.ts";
import * as t from "./protocol/fields.ts";

/** Frames that wait for their turn; beyond it the client's bytes stay in the network. */
const MAX_WAITING = 64;

export class Connection {
  private readonly frames = new Frames();
  private readonly waiting: Buffer[] = [];
  private readonly gone = new AbortController();
  private busy = false;
  private unsent: Buffer = Buffer.alloc(0);
  private drained: (() => void) | undefined;

  constructor(
    private readonly socket: Socket<Connection | undefined>,
    private readonly broker: Broker,
  ) {}

  receive(chunk: Buffer): void {
    try {
      for (const frame of this.frames.push(chunk)) this.waiting.push(frame);
    } catch (error) {
      this.end(error);
    }
    if (this.waiting.length > MAX_WAITING) this.socket.pause();
    if (!this.busy) void this.work();
  }

  /** The socket takes bytes again. */
  drain(): void {
    // -1 from a socket that is closing.
    this.unsent = this.unsent.subarray(Math.max(0, this.socket.write(this.unsent)));
    if (this.unsent.length === 0) this.drained?.();
  }

  close(): void {
    this.waiting.length = 0;
    this.gone.abort();
    this.drained?.();
  }

  private async work(): Promise<void> {
    this.busy = true;
    try {
      for (let frame = this.waiting.shift(); frame; frame = this.waiting.shift()) {
        const answer = await this.answer(frame);
        if (this.gone.signal.aborted) break;
        if (answer) await this.send(answer);
        if (this.waiting.length === 0) this.socket.resume();
      }
    } catch (error) {
      this.end(error);
    }
    this.busy = false;
  }

  private end(error: unknown): void {
    const why = error instanceof ProtocolError ? error.message : error instanceof Error ? error.stack : error;
    this.broker.report.warn(`connection from ${this.socket.remoteAddress} ended: ${why}`);
    this.close();
    this.socket.end();
  }

  private async answer(frame: Buffer): Promise<Buffer | undefined> {
    const reader = new Reader(frame);
    const key = t.int16.read(reader, 0);
    const version = t.int16.read(reader, 0);
    const correlationId = t.int32.read(reader, 0);
    const api = this.broker.apis.find((it) => it.key === key);
    if (!api) throw new ProtocolError(`API ${key} version ${version} is not supported`);
    const [least, most] = api.versions;
    const isSupported = version >= least && version <= most;
    if (api === apiVersions && !isSupported) {
      return encode(api, 0, correlationId, versionsOf(this.broker, ERROR.UNSUPPORTED_VERSION));
    }
    if (!isSupported) throw new ProtocolError(`${api.name} version ${version}: expected ${least} to ${most}`);
    // The header has a plain string even in flexible versions.
    const clientId = t.nullableString.read(reader, 0) ?? "";
    reader.compact = version >= api.flexibleFrom;
    reader.skipTags();
    const clientHost = `/${this.socket.remoteAddress}`;
    const request = decode(api, reader, version);
    const call = { version, clientId, clientHost, signal: this.gone.signal };
    const response = await api.handle(this.broker, request, call);
    return response === undefined ? undefined : encode(api, version, correlationId, response);
  }

  /** Resolves when the socket has taken all of it: a client that does not read is not answered further. */
  private async send(bytes: Buffer): Promise<void> {
    this.unsent = bytes;
    this.drain();
    if (this.unsent.length > 0) {
      await new Promise<void>((resolve) => {
        this.drained = resolve;
      });
    }
  }
}

function decode(api: Api, reader: Reader, version: number): unknown {
  try {
    return api.request.read(reader, version);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError(`${api.name} version ${version}: ${error.message}`);
  }
}

/** The header of an answer has no tags, not even that of ApiVersions 3, our only flexible one (KIP-511). */
function encode(api: Api, version: number, correlationId: number, response: unknown): Buffer {
  const writer = new Writer();
  t.int32.write(writer, correlationId, 0);
  writer.compact = version >= api.flexibleFrom;
  api.response.write(writer, response, version);
  return writer.frame();
}

/**
 * One client's connection: requests in, one after the other, answers out in the same order.
 *
 * Errors: what is not Kafka, or not a version that we have, is said and ends the connection.
 * One request at a time, as in Kafka: order and a bound on memory come of themselves.
 */
import type { Socket } from "bun";
import { SQLiteError } from "bun:sqlite";
import { apiVersions, versionsOf } from "./apis/api-versions.ts";
import type { Api, Broker } from "./apis/api.ts";
import { Frames } from "./frames.ts";
import { ProtocolError, Reader, Writer } from "./protocol/codec.ts";
import { ERROR } from "./protocol/errors.ts";
import * as t from "./protocol/fields.ts";

/** Requests that wait for their turn; beyond it the client's bytes stay in the network. */
const MAX_WAITING = 8;
/** Room for one answer at a time: the page faults of fresh megabytes cost as much as filling them. */
let space: Buffer | undefined = Buffer.allocUnsafeSlow(4_194_304);

export class Connection {
  private readonly frames = new Frames();
  private readonly waiting: Buffer[] = [];
  private readonly gone = new AbortController();
  /** What is being answered, for the log. */
  private request = "";
  private isBusy = false;
  private unsent: Buffer = Buffer.alloc(0);
  private allSent: (() => void) | undefined;

  constructor(
    private readonly socket: Socket<Connection | undefined>,
    private readonly broker: Broker,
  ) {}

  receive(chunk: Buffer): void {
    if (this.gone.signal.aborted) return;
    try {
      for (const frame of this.frames.push(chunk)) this.waiting.push(frame);
    } catch (error) {
      this.end(error);
    }
    if (this.waiting.length > MAX_WAITING) this.socket.pause();
    if (!this.isBusy) void this.work();
  }

  /** The socket takes bytes again. */
  drain(): void {
    // -1 from a socket that is closing.
    this.unsent = this.unsent.subarray(Math.max(0, this.socket.write(this.unsent)));
    if (this.unsent.length === 0) this.allSent?.();
  }

  close(): void {
    this.waiting.length = 0;
    this.unsent = Buffer.alloc(0);
    this.gone.abort();
    this.allSent?.();
  }

  private end(error: unknown): void {
    const isExpected = error instanceof ProtocolError || error instanceof SQLiteError;
    const why = error instanceof Error ? (isExpected ? error.message : error.stack) : error;
    this.broker.report.warn(`connection from ${this.socket.remoteAddress} ended: ${this.request}${why}`);
    this.close();
    this.socket.end();
  }

  private async work(): Promise<void> {
    this.isBusy = true;
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
    this.isBusy = false;
  }

  private async answer(frame: Buffer): Promise<Writer | undefined> {
    const reader = new Reader(frame);
    const key = t.int16.read(reader, 0);
    const version = t.int16.read(reader, 0);
    const correlationId = t.int32.read(reader, 0);
    const api = this.broker.apis.find((it) => it.key === key);
    this.request = `${api?.name ?? `API ${key}`} version ${version}: `;
    if (!api) throw new ProtocolError("not supported");
    const [least, most] = api.versions;
    if (version < least || version > most) {
      if (api !== apiVersions) throw new ProtocolError(`expected ${least} to ${most}`);
      return encode(api, 0, correlationId, versionsOf(this.broker, ERROR.UNSUPPORTED_VERSION));
    }
    const clientId = t.nullableString.read(reader, 0) ?? "";
    const call = { version, clientId, clientHost: `/${this.socket.remoteAddress}`, signal: this.gone.signal };
    const response = await api.handle(this.broker, api.request.read(reader, version), call);
    return response === undefined ? undefined : encode(api, version, correlationId, response);
  }

  /** Resolves when the socket has taken all of it: a client that does not read is not answered further. */
  private async send(answer: Writer): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.allSent = resolve;
    const mine = space;
    this.unsent = answer.frame(mine);
    space = undefined;
    this.drain();
    await promise;
    space ??= mine;
  }
}

/** The header of an answer never has tags: of all APIs only ApiVersions is flexible here, and its has none. */
function encode(api: Api, version: number, correlationId: number, response: unknown): Writer {
  const writer = new Writer();
  t.int32.write(writer, correlationId, 0);
  api.response.write(writer, response, version);
  return writer;
}

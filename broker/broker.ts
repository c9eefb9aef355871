/**
 * The embedded broker: one node that speaks the Kafka wire protocol, for development and tests.
 *
 * In: an address and a data folder (none: in memory). Out: a running broker and how to stop it.
 * Errors: DataFolderError (one line; nothing was touched), or the system's own for an address in use.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { Broker } from "./apis/api.ts";
import { APIS } from "./apis/table.ts";
import { Connection } from "./connection.ts";
import { BATCHES, type DatabaseOptions, fileIn, metaValue, newFiles, prepare, refusal } from "./database.ts";
import { Groups } from "./groups.ts";
import { listenWithRoom } from "./listen.ts";
import { Log } from "./log.ts";
import { startRetention } from "./retention.ts";
import { Topics } from "./topic-store.ts";

export interface BrokerLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface BrokerOptions extends DatabaseOptions {
  /** Default 127.0.0.1: there is no authentication. */
  host?: string;
  /** Default 0: a free one. */
  port?: number;
  /** What clients are told to connect to. Default: host and port. */
  advertisedHost?: string;
  advertisedPort?: number;
  /** Default: silent. */
  log?: BrokerLog;
  /** Default false: topics are created by those who know how many partitions they need. */
  autoCreateTopics?: boolean;
  /** How long a new group waits for more members. Default 50, at most 200. */
  firstRebalanceDelayMs?: number;
  /** How often old messages are looked for. Default 30 s. */
  retentionCheckMs?: number;
  /** Tests only: false stores batches without looking at their records, for readers that are to meet bad ones. */
  validate?: boolean;
}

export interface RunningBroker {
  host: string;
  port: number;
  clusterId: string;
  stop(): Promise<void>;
}

const SILENT: BrokerLog = { info() {}, warn() {}, error() {} };

export async function startBroker(options: BrokerOptions = {}): Promise<RunningBroker> {
  const { host = "127.0.0.1", port = 0, dataDir, log: report = SILENT } = options;
  const made = dataDir === undefined ? [] : newFiles(dataDir);
  let database: Database | undefined;
  try {
    database = new Database(dataDir === undefined ? ":memory:" : fileIn(dataDir), { create: true });
    prepare(database, options);
    const clusterId = metaValue(database, "clusterId", () => Bun.randomUUIDv7("base64url"));
    const log = new Log(database, report, dataDir && join(dataDir, BATCHES), options.fsync);
    const topics = new Topics(database, log);
    const groups = new Groups(database, Math.min(200, options.firstRebalanceDelayMs ?? 50));
    const broker: Broker = {
      clusterId,
      host: options.advertisedHost ?? (host === "0.0.0.0" ? "127.0.0.1" : host),
      port: options.advertisedPort ?? 0,
      autoCreateTopics: options.autoCreateTopics ?? false,
      validate: options.validate ?? true,
      logDir: dataDir ?? "memory",
      apis: APIS,
      topics,
      log,
      groups,
      report,
    };
    const listener = listenWithRoom((it) => listen(host, it, broker), port, report);
    broker.port ||= listener.port;
    const stopRetention = startRetention(database, topics, log, options.retentionCheckMs);
    const stop = async () => {
      await listener.stop();
      stopRetention();
      database?.close();
    };
    return { host, port: listener.port, clusterId, stop };
  } catch (error) {
    database?.close();
    throw refusal(error, dataDir, made);
  }
}

function listen(host: string, port: number, broker: Broker) {
  return Bun.listen<Connection | undefined>({
    hostname: host,
    port,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        // A client whose machine is gone without a word.
        socket.setKeepAlive(true, 60_000);
        socket.data = new Connection(socket, broker);
      },
      data: (socket, chunk) => socket.data?.receive(chunk),
      drain: (socket) => socket.data?.drain(),
      close: (socket) => socket.data?.close(),
      error: (socket) => socket.terminate(),
    },
  });
}

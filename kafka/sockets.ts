/**
 * The sockets of a client: as kafkajs makes them, but small requests do not wait for more, and what is half open is found at once.
 *
 * kafkajs gives up a connection whose request has no answer in time (the patch), then asks for metadata on another one to the same
 * broker, which may be as dead: one time limit after the other. In: who hears of answers and of early ends. Out: kafkajs's socket factory.
 * When a connection is given up, those to the same address that have been silent as long are ended too.
 */
import net from "node:net";
import tls from "node:tls";
import type { ISocketFactory } from "kafkajs";

/** An answer that takes longer is not awaited; also the silence after which a connection is not trusted. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** Answers beyond these are not told: a connection with so many works. */
const COUNTED = 8;
/** What a listener with TLS begins its answer with to somebody without. */
const TLS_ALERT = 0x15;
const SILENT_MS = REQUEST_TIMEOUT_MS - 1_000;

interface Link {
  socket: net.Socket;
  /** When the last bytes came, ms. */
  heard: number;
}

export interface SocketWatcher {
  /** Another answer has come on this connection, the so-manyeth. */
  answered(address: string, answers: number): void;
  /** The broker has ended the connection. */
  ended(address: string, answers: number): void;
}

export function socketFactory(watcher: SocketWatcher, silentMs = SILENT_MS): ISocketFactory {
  const links = new Map<string, Set<Link>>();
  return ({ host, port, ssl, onConnect }) => {
    const address = `${host}:${port}`;
    const servername = net.isIP(host) ? {} : { servername: host };
    const socket = ssl
      ? tls.connect({ host, port, ...servername, ...ssl }, onConnect)
      : net.connect({ host, port }, onConnect);
    // A broker that hangs still takes connections. One request is under way at a time until we are in.
    let answers = 0;
    socket.on("data", (bytes) => {
      const isAlert = !ssl && answers === 0 && bytes[0] === TLS_ALERT;
      if (answers < COUNTED && !isAlert) watcher.answered(address, ++answers);
    });
    socket.once("end", () => {
      if (!socket.destroyed) watcher.ended(address, answers);
    });
    socket.setKeepAlive(true, 60_000);
    socket.setNoDelay(true);
    // kafkajs ends a socket that never connected again with each attempt, and each adds a listener.
    socket.setMaxListeners(0);
    const all = links.get(address) ?? new Set();
    links.set(address, all.add(follow({ socket, heard: performance.now() }, all, silentMs)));
    return socket;
  };
}

function follow(link: Link, all: Set<Link>, silentMs: number): Link {
  const { socket } = link;
  let ended = false;
  socket.on("data", () => {
    link.heard = performance.now();
  });
  socket.once("end", () => {
    // Bun tells of an end after our own destroy, too.
    ended = !socket.destroyed;
  });
  socket.once("close", (hadError) => {
    all.delete(link);
    // Destroyed by kafkajs: neither side had ended it.
    if (!hadError && !ended && !socket.writableEnded) distrust(all, silentMs);
  });
  return link;
}

function distrust(all: Set<Link>, silentMs: number): void {
  const now = performance.now();
  for (const { socket, heard } of all)
    if (now - heard >= silentMs)
      socket.destroy(new Error("no answers on another connection to the same broker"));
}

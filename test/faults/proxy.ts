/**
 * A TCP proxy that knows Kafka's frames, to break a connection where it hurts: clients reach the broker through it alone.
 *
 * In: the broker's port, told once it is known (the broker must advertise the proxy's). Out: switches for each fault.
 * Nothing on TCP is lost from the middle of a stream, so a blackhole holds the bytes and delivers them late, also those of a client that
 *   has given up since: a produce request may arrive after its own repetition.
 * Source: the toxics of Shopify's toxiproxy, and KAFKA-21074's disconnectOn, delayOn and blackholeClient.
 */
import { once } from "node:events";
import net from "node:net";
import { API, type ApiName, answerOf, frameCutter, refusalOf, requestOf } from "./frames.ts";

export interface Weather {
  /** Each frame waits so long, both ways. */
  latencyMs: number;
  /** Frames come in pieces: single bytes first (FIRST_BYTES of them), then this many bytes a second. 0 = whole. */
  bytesPerS: number;
  /** Which way nothing comes through for now. */
  held: "nothing" | "requests" | "answers" | "both";
  /** New connections are closed at once, as by a machine without a broker. */
  refuses: boolean;
  /** Kafka's code with which the output topics refuse what is produced to them; 0 = they take it. */
  outputsRefuse: number;
}

/** What happens once, at the next request of an API: cut before the broker has it, when it has answered, in the middle of the answer. */
export interface Trap {
  api: ApiName;
  effect: "cut before" | "cut after" | "cut within" | "delay";
  delayMs?: number;
}

export interface FaultProxy {
  port: number;
  weather: Weather;
  /** Where the broker listens. */
  aim(port: number): void;
  trap(trap: Trap): void;
  /** No request has met it yet. */
  armed(trap: Trap): boolean;
  untrap(trap: Trap): void;
  /** Cuts every connection in the middle of whatever passes; gives how many there were. */
  cut(): number;
  /** The broker's side is gone, and the clients are not told: they talk to nobody until they give up. */
  halfOpen(): number;
  /** Fair weather, no traps. */
  clear(): void;
  stop(): void;
}

export const FAIR: Weather = {
  latencyMs: 0,
  bytesPerS: 0,
  held: "nothing",
  refuses: false,
  outputsRefuse: 0,
};
const FIRST_BYTES = 64;
const PIECE = 4_096;

interface Link {
  client: net.Socket;
  broker: net.Socket;
  /** Half open: what the client sends goes nowhere. */
  mute: boolean;
  /** Traps that have met their request: by the correlation id whose answer they wait for. */
  caught: Map<number, Trap>;
}

export async function startProxy(): Promise<FaultProxy> {
  const weather = { ...FAIR };
  const links = new Set<Link>();
  let target = 0;
  let traps: Trap[] = [];

  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    if (weather.refuses || target === 0) return void client.destroy();
    void serve(client);
  });

  async function serve(client: net.Socket): Promise<void> {
    const broker = net.connect({ host: "127.0.0.1", port: target, allowHalfOpen: true });
    const link: Link = { client, broker, mute: false, caught: new Map() };
    links.add(link);
    for (const socket of [client, broker]) socket.setNoDelay(true).on("error", () => {});
    const refused = new Promise<void>((resolve) => broker.once("error", () => resolve()));
    const both = Promise.all([
      pump(link, client, broker, (frame) => passRequest(link, frame)),
      pump(link, broker, client, (frame) => passAnswer(link, frame)),
    ]);
    await Promise.race([both, refused]);
    sever(link);
  }

  function sever(link: Link): void {
    links.delete(link);
    link.client.destroy();
    link.broker.destroy();
  }

  /** False: the frame goes no further. */
  async function passRequest(link: Link, frame: Buffer): Promise<boolean> {
    const { api, correlationId } = requestOf(frame);
    const trap = traps.find((one) => API[one.api] === api);
    if (trap) traps = traps.filter((one) => one !== trap);
    if (trap?.effect === "cut before") sever(link);
    else if (trap) link.caught.set(correlationId, trap);
    await passes("requests");
    if (weather.outputsRefuse !== 0 && api === API.Produce) {
      const { topic, answer } = refusalOf(frame, weather.outputsRefuse);
      if (topic.endsWith(".enriched") || topic.endsWith(".dlq")) {
        await send(link.client, answer);
        return false;
      }
    }
    return !link.mute;
  }

  async function passAnswer(link: Link, frame: Buffer): Promise<boolean> {
    const { correlationId } = answerOf(frame);
    const trap = link.caught.get(correlationId);
    link.caught.delete(correlationId);
    if (trap?.effect === "cut within") {
      await send(link.client, frame.subarray(0, Math.ceil(frame.length / 2)));
      // Time for it to leave this process.
      await Bun.sleep(5);
    }
    if (trap?.effect === "cut after" || trap?.effect === "cut within") sever(link);
    if (trap?.delayMs !== undefined) await Bun.sleep(trap.delayMs);
    await passes("answers");
    return true;
  }

  async function passes(way: "requests" | "answers"): Promise<void> {
    if (weather.latencyMs > 0) await Bun.sleep(weather.latencyMs);
    while (weather.held === way || weather.held === "both") await Bun.sleep(10);
  }

  async function pump(
    link: Link,
    from: net.Socket,
    to: net.Socket,
    pass: (frame: Buffer) => Promise<boolean>,
  ): Promise<void> {
    const cut = frameCutter();
    try {
      for await (const chunk of from)
        for (const frame of cut(chunk as Buffer)) if (await pass(frame)) await write(to, frame);
    } catch {
      // A reset: for the other side it is the end, like any other.
    }
    if (!link.mute) to.end();
  }

  async function write(to: net.Socket, frame: Buffer): Promise<void> {
    const { bytesPerS } = weather;
    if (bytesPerS === 0) return send(to, frame);
    const first = Math.min(FIRST_BYTES, frame.length);
    for (let at = 0; at < first; at++) {
      await send(to, frame.subarray(at, at + 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (let at = first; at < frame.length; at += PIECE) {
      const piece = frame.subarray(at, at + PIECE);
      await send(to, piece);
      await Bun.sleep((piece.length / bytesPerS) * 1000);
    }
  }

  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const cut = (): number => {
    const all = [...links];
    for (const link of all) sever(link);
    return all.length;
  };
  return {
    port: (server.address() as net.AddressInfo).port,
    weather,
    aim(port) {
      target = port;
    },
    trap: (trap) => void traps.push(trap),
    armed: (trap) => traps.includes(trap),
    untrap(trap) {
      traps = traps.filter((one) => one !== trap);
    },
    cut,
    halfOpen() {
      const open = [...links].filter(({ mute }) => !mute);
      for (const link of open) {
        link.mute = true;
        link.broker.destroy();
      }
      return open.length;
    },
    clear() {
      Object.assign(weather, FAIR);
      traps = [];
    },
    stop() {
      Object.assign(weather, FAIR);
      server.close();
      cut();
    },
  };
}

/** Resolves when the socket takes more, so that a slow reader slows the sender. */
async function send(to: net.Socket, bytes: Buffer): Promise<void> {
  if (to.destroyed || to.write(bytes)) return;
  const done = new AbortController();
  const { signal } = done;
  const events = ["drain", "close"].map((event) => once(to, event, { signal }).catch(() => {}));
  await Promise.race(events);
  done.abort();
}

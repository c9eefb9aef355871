/**
 * The streams: each view in use is rendered once, twice a second, and all its clients get the same bytes.
 *
 * In: the view model, a page's LivePage. Out: text/event-stream responses: first a full snapshot, then what changed.
 * A client reads at its own pace: it gets the frames it missed, or a snapshot when it missed many. Nothing is queued for
 * it: one that takes nothing costs the rest of one frame here, and is cut when a frame has waited for it too long.
 * Source: WHATWG HTML, section 9.2 (event stream format); htmx 4 `hx-sse`, `<hx-partial>`.
 */
import { type Channel, createChannel } from "./channel.ts";
import { event, type LivePage } from "./frames.ts";
import type { ViewModel } from "./view.ts";

const TICK_MS = 500;
/** A frame that a client has not taken for so long cuts it; the socket is closed within four seconds more. */
const STUCK_MS = 10_000;
const MAX_CLIENTS = 4_000;

interface Client {
  seq: number;
  /** While it waits for a frame. */
  wake?: () => void;
  /** When the oldest frame that it has not taken was made, ms; undefined while it is not behind. */
  late?: number;
  cut(): void;
}

interface Looked {
  channel: Channel;
  clients: Set<Client>;
}

export interface Hub {
  connect(page: LivePage, request: Request, server: TimeoutServer | undefined): Response;
  clients(): number;
  /** Clients that were cut since they did not read. */
  cut(): number;
  /** How long the oldest frame that a client has not taken waits, ms. */
  longestWait(): number;
  stop(): void;
}

/** The part of Bun's server that a stream needs. */
export interface TimeoutServer {
  timeout(request: Request, seconds: number): void;
}

/** Calls back until the returned function is called. */
export type Ticker = (tick: () => void) => () => void;

const everyTick: Ticker = (tick) => {
  const timer = setInterval(tick, TICK_MS);
  return () => clearInterval(timer);
};

/** `build` names the assets that these frames belong to. */
export function createHub(
  view: ViewModel,
  build: string,
  clock: () => number = Date.now,
  start: Ticker = everyTick,
): Hub {
  /** By the page's key: what somebody looks at. */
  const looked = new Map<string, Looked>();
  let clients = 0;
  let cut = 0;
  let stopped = false;
  let endTicks: (() => void) | undefined;

  function connect(page: LivePage, request: Request, server: TimeoutServer | undefined): Response {
    if (stopped || clients >= MAX_CLIENTS)
      return new Response("too many streams; try again\n", { status: 503, headers: { "retry-after": "5" } });
    const at = looked.get(page.key) ?? open(page);
    const { channel } = at;
    const client: Client = {
      seq: -1,
      cut() {
        cut++;
        leave();
        // What the socket holds already can only be given up by closing it.
        server?.timeout(request, 1);
      },
    };
    at.clients.add(client);
    clients++;
    endTicks ??= start(tick);
    server?.timeout(request, 0);

    function leave(): void {
      if (!at.clients.delete(client)) return;
      clients--;
      if (at.clients.size === 0) looked.delete(page.key);
      if (clients === 0) {
        endTicks?.();
        endTicks = undefined;
      }
    }
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          while (client.seq === channel.seq() && !stopped)
            await new Promise<void>((resolve) => {
              client.wake = resolve;
            });
          client.late = undefined;
          if (!stopped && at.clients.has(client)) {
            controller.enqueue(channel.since(client.seq, clock()));
            client.seq = channel.seq();
            return;
          }
          // One that was cut, and reads on all the same, comes again and begins anew.
          if (stopped) controller.enqueue(encode(event("iot:bye", "{}")));
          controller.close();
          leave();
        },
        cancel: leave,
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: STREAM_HEADERS });
  }

  function open(page: LivePage): Looked {
    const at = { channel: createChannel(page, view, build, clock()), clients: new Set<Client>() };
    looked.set(page.key, at);
    return at;
  }

  function tick(): void {
    const now = clock();
    for (const { channel, clients: all } of looked.values()) {
      for (const client of all) if (now - (client.late ?? now) >= STUCK_MS) client.cut();
      if (!channel.tick(now)) continue;
      for (const client of all) {
        if (client.wake === undefined) client.late ??= now;
        else wake(client);
      }
    }
  }

  function wake(client: Client): void {
    const { wake: resolve } = client;
    client.wake = undefined;
    resolve?.();
  }

  return {
    connect,
    clients: () => clients,
    cut: () => cut,
    longestWait() {
      const now = clock();
      let longest = 0;
      for (const { clients: all } of looked.values())
        for (const { late } of all) longest = Math.max(longest, now - (late ?? now));
      return longest;
    },
    stop() {
      stopped = true;
      endTicks?.();
      for (const { clients: all } of looked.values()) for (const client of all) wake(client);
    },
  };
}

const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

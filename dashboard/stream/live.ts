/**
 * The streams: each view in use is rendered once, twice a second, and all its clients get the same bytes.
 *
 * In: the view model, a page's LivePage. Out: text/event-stream responses: first a full snapshot, then what changed.
 * A client reads at its own pace: it gets the frames it missed, or a snapshot when it missed many. Nothing is queued for
 * it: one that takes nothing costs a piece of a frame here, and is cut when one has waited for it too long.
 * Errors: a view that cannot be rendered ends its streams and is said; the others go on.
 * Source: WHATWG HTML, section 9.2 (event stream format); htmx 4 `hx-sse`, `<hx-partial>`.
 */
import { type Channel, createChannel } from "./channel.ts";
import { event, type LivePage } from "./frames.ts";
import type { ViewModel } from "../model/view.ts";

const TICK_MS = 500;
/** A frame that a client has not taken for so long cuts it; the socket is closed within four seconds more. */
const STUCK_MS = 10_000;
/** What the server's socket holds of a frame for one client; the frame itself is shared. */
const PIECE_BYTES = 65_536;
const MAX_CLIENTS = 4_000;
/** Different views at once: a search costs up to ten milliseconds each time. */
const MAX_VIEWS = 200;
/** A view that fails is said again after so long without one. */
const SAY_MS = 60_000;

interface Client {
  seq: number;
  /** What it has not taken of its last frame. */
  rest?: Uint8Array;
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
  onError: (error: Error) => void = console.error,
): Hub {
  /** By the page's key: what somebody looks at. */
  const looked = new Map<string, Looked>();
  let failedAt = Number.NEGATIVE_INFINITY;
  let clients = 0;
  let cut = 0;
  let stopped = false;
  let endTicks: (() => void) | undefined;
  let restedAt = 0;
  let restUntil = 0;

  function connect(page: LivePage, request: Request, server: TimeoutServer | undefined): Response {
    const isFull = clients >= MAX_CLIENTS || (looked.size >= MAX_VIEWS && !looked.has(page.key));
    if (stopped || isFull)
      return new Response("too many streams; try again\n", { status: 503, headers: { "retry-after": "5" } });
    const at = looked.get(page.key) ?? open(page);
    const { channel } = at;
    const client: Client = {
      seq: -1,
      cut() {
        cut++;
        leave();
        wake(client);
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
    const isIn = () => at.clients.has(client);
    function piece(): Uint8Array | undefined {
      try {
        const bytes = client.rest ?? channel.since(client.seq, clock());
        if (client.rest === undefined) client.seq = channel.seq();
        const isWhole = bytes.length <= PIECE_BYTES;
        client.rest = isWhole ? undefined : bytes.subarray(PIECE_BYTES);
        return isWhole ? bytes : bytes.subarray(0, PIECE_BYTES);
      } catch (error) {
        fail(page.key, error);
        return undefined;
      }
    }
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          while (client.rest === undefined && client.seq === channel.seq() && !stopped && isIn())
            await new Promise<void>((resolve) => {
              client.wake = resolve;
            });
          client.late = undefined;
          const bytes = stopped || !isIn() ? undefined : piece();
          if (bytes !== undefined) return controller.enqueue(bytes);
          // One that was cut, and reads on all the same, comes again and begins anew. No word into the middle of a frame.
          if (stopped && client.rest === undefined) controller.enqueue(encode(event("iot:bye", "{}")));
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
    if (now < restUntil && now > restedAt) return;
    const began = performance.now();
    for (const [key, { channel, clients: all }] of looked) {
      for (const client of all) if (now - (client.late ?? now) >= STUCK_MS) client.cut();
      try {
        if (!channel.tick(now)) continue;
      } catch (error) {
        fail(key, error);
      }
      for (const client of all) {
        if (client.wake === undefined) client.late ??= now;
        else wake(client);
      }
    }
    // At most half of the time, however many different views there are: they come less often, the reading goes on.
    restedAt = now;
    restUntil = now + 2 * (performance.now() - began);
  }

  function fail(key: string, error: unknown): void {
    if (clock() - failedAt > SAY_MS)
      onError(new Error(`the view "${key}" cannot be rendered`, { cause: error }));
    failedAt = clock();
    for (const client of looked.get(key)?.clients ?? []) client.cut();
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

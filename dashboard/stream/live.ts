/**
 * The streams: each view in use is rendered once, twice a second, and all its clients get the same bytes.
 *
 * In: the view model, a page's LivePage. Out: text/event-stream responses: first a full snapshot, then what changed.
 * A client reads at its own pace: it gets the frames it missed, or a snapshot when it missed many. Nothing is queued for
 * it but one piece of a frame, beside what the kernel holds, and one that takes nothing for a minute is cut.
 * Errors: a view that cannot be rendered ends its streams and is said; the others go on.
 * Source: WHATWG HTML, section 9.2 (event stream format); htmx 4 `hx-sse`, `<hx-partial>`.
 */
import type { ViewModel } from "../model/view.ts";
import { type Channel, createChannel } from "./channel.ts";
import { encode, event, type LivePage, STREAM_HEADERS } from "./frames.ts";

const TICK_MS = 500;
/** A frame that the socket has not taken for so long cuts its client. */
const STUCK_MS = 60_000;
/** What is handed to a socket at once: so much of our memory waits for a client at most. */
const PIECE = 65_536;
const MAX_CLIENTS = 4_000;
/** One address (a company may stand behind one) may have this many of them, so that it leaves some for the others. */
const MAX_CLIENTS_OF_ONE = 3_000;
/** Different views at once: a search costs up to ten milliseconds each time. */
const MAX_VIEWS = 200;
/** One address may have this many of them, so that it leaves some for the others. */
const MAX_VIEWS_OF_ONE = 50;
/** A view that fails is said again after so long without one. */
const SAY_MS = 60_000;

interface Client {
  seq: number;
  /** Whose it is, undefined where that is not known. */
  from: string | undefined;
  /** What it has not been given of its last frame. */
  rest?: Uint8Array;
  /** While it waits for a frame, or for room: the socket has taken all it was given. */
  wake?: () => void;
  /** When the oldest frame that it has not been given was made, ms; undefined while it is not behind. */
  late?: number;
  cut(): void;
}

interface OpenView {
  channel: Channel;
  clients: Set<Client>;
}

export interface Hub {
  connect(page: LivePage, request: Request, server: StreamServer | undefined): Response;
  clients(): number;
  /** Clients that were cut since they did not read. */
  cut(): number;
  /** How long the oldest frame that a client has not been given waits, ms. */
  longestWait(): number;
  stop(): void;
}

/** The part of Bun's server that a stream needs. */
export interface StreamServer {
  timeout(request: Request, seconds: number): void;
  requestIP?(request: Request): { address: string; port: number } | null;
}

export interface HubOptions {
  clock?: () => number;
  /** Calls back until the returned function is called. */
  start?(tick: () => void): () => void;
  onError?(error: Error): void;
  /** True where a proxy stands before this: who asks is the last name in its X-Forwarded-For. */
  behindProxy?: boolean;
}

const everyTick = (tick: () => void) => {
  const timer = setInterval(tick, TICK_MS);
  return () => clearInterval(timer);
};

const refusal = (status: number, words: string) =>
  new Response(`${words}\n`, { status, headers: { "retry-after": "5" } });

/** `build` names the assets that these frames belong to. */
export function createHub(view: ViewModel, build: string, options: HubOptions = {}): Hub {
  const { clock = Date.now, start = everyTick, onError = console.error } = options;
  /** The views that somebody looks at, by the page's key. */
  const openViews = new Map<string, OpenView>();
  let failedAt = Number.NEGATIVE_INFINITY;
  let clients = 0;
  let cut = 0;
  let stopped = false;
  let endTicks: (() => void) | undefined;
  let restedAt = 0;
  let restUntil = 0;

  function viewsOf(from: string): number {
    const isIts = ({ clients: some }: OpenView) => [...some].some((client) => client.from === from);
    return [...openViews.values()].filter(isIts).length;
  }

  function streamsOf(from: string): number {
    let count = 0;
    for (const client of all()) if (client.from === from) count++;
    return count;
  }

  function connect(page: LivePage, request: Request, server: StreamServer | undefined): Response {
    const remote = server?.requestIP?.(request);
    const forwarded = options.behindProxy
      ? request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim()
      : undefined;
    const from = forwarded ?? remote?.address;
    const isNew = !openViews.has(page.key);
    if (isNew && from !== undefined && viewsOf(from) >= MAX_VIEWS_OF_ONE)
      return refusal(429, `${from} has ${MAX_VIEWS_OF_ONE} different views open: close some`);
    if (from !== undefined && streamsOf(from) >= MAX_CLIENTS_OF_ONE)
      return refusal(429, `${from} has ${MAX_CLIENTS_OF_ONE} streams open: close some`);
    if (stopped || clients >= MAX_CLIENTS || (isNew && openViews.size >= MAX_VIEWS))
      return refusal(503, "too many streams; try again");
    const at = openViews.get(page.key) ?? open(page);
    const { channel } = at;
    const client: Client = {
      seq: -1,
      from,
      cut() {
        cut++;
        leave();
        wake(client);
        // Where the socket holds something here, it says so only to the clock.
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
      if (at.clients.size === 0) {
        openViews.delete(page.key);
        channel.close();
      }
      if (clients === 0) {
        endTicks?.();
        endTicks = undefined;
      }
    }
    const isIn = () => at.clients.has(client);
    const hasMore = () => client.rest !== undefined || client.seq !== channel.seq();
    function piece(): Uint8Array | undefined {
      try {
        const bytes = client.rest ?? channel.since(client.seq, clock());
        if (client.rest === undefined) client.seq = channel.seq();
        const isWhole = bytes.length <= PIECE;
        client.rest = isWhole ? undefined : bytes.subarray(PIECE);
        return isWhole ? bytes : bytes.subarray(0, PIECE);
      } catch (error) {
        fail(page.key, error);
        return undefined;
      }
    }
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          while (!stopped && isIn() && !hasMore())
            await new Promise<void>((resolve) => {
              client.wake = resolve;
            });
          client.late = undefined;
          const bytes = stopped || !isIn() ? undefined : piece();
          if (bytes !== undefined) return controller.enqueue(bytes);
          // One that was cut has its connection reset, so that nothing waits for it any more; it may come again. Without a
          // reason: Bun prints one.
          if (!isIn()) return controller.error();
          // No word into the middle of a frame.
          if (client.rest === undefined) controller.enqueue(encode(event("iot:bye", "{}")));
          controller.close();
          leave();
        },
        cancel: leave,
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: STREAM_HEADERS });
  }

  function open(page: LivePage): OpenView {
    const at = { channel: createChannel(page, view, build, clock()), clients: new Set<Client>() };
    openViews.set(page.key, at);
    return at;
  }

  function* all(): Generator<Client> {
    for (const { clients: some } of openViews.values()) yield* some;
  }

  function tick(): void {
    const now = clock();
    if (now < restUntil && now > restedAt) return;
    const began = performance.now();
    for (const [key, { channel, clients: some }] of openViews) {
      for (const client of some) if (now - (client.late ?? now) >= STUCK_MS) client.cut();
      try {
        if (!channel.tick(now)) continue;
      } catch (error) {
        fail(key, error);
      }
      for (const client of some) {
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
    for (const client of openViews.get(key)?.clients ?? []) client.cut();
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
      return Math.max(0, ...Array.from(all(), ({ late = now }) => now - late));
    },
    stop() {
      stopped = true;
      endTicks?.();
      for (const client of all()) wake(client);
    },
  };
}

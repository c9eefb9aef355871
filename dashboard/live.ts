/**
 * The streams: each view in use is rendered once, twice a second, and all its clients get the same bytes.
 *
 * In: the view model, a page's LivePage. Out: text/event-stream responses: first a full snapshot, then what changed.
 * A client reads at its own pace: it gets the frames it missed, or a snapshot when it missed many; one that reads
 * nothing costs no memory here and is cut by the server's own timeout.
 * Source: WHATWG HTML, section 9.2 (event stream format); htmx 4 `hx-sse`, `<hx-partial>`.
 */
import { type Cards, event, type LivePage, partial } from "./frames.ts";
import type { ViewModel } from "./view.ts";

const TICK_MS = 500;
/** Without news: time alone makes a device silent, and the page listens for a sign of life. */
const REFRESH_MS = 1_000;
const SLOW_MS = 2_000;
/** Frames kept for a client that is behind; beyond it a snapshot is smaller. */
const KEPT_FRAMES = 8;
/** And only so much of them: put together they are a client's own, a snapshot is shared. */
const MAX_MISSED_BYTES = 65_536;
/** A connection on which nothing could be written for so long is closed by the server. */
const STUCK_S = 12;
const MAX_CLIENTS = 4_000;

interface Client {
  seq: number;
  wake?: () => void;
}

interface Channel {
  page: LivePage;
  clients: Set<Client>;
  seq: number;
  frames: Uint8Array[];
  snapshot?: { seq: number; bytes: Uint8Array };
  cards: Map<string, string>;
  /** What the feed has shown: highest serial, newest time. */
  serial: number;
  newest: number;
  version: number;
  renderedAt: number;
  slowAt: number;
}

export interface Hub {
  connect(page: LivePage, request: Request, server: TimeoutServer | undefined): Response;
  clients(): number;
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
  const channels = new Map<string, Channel>();
  let clients = 0;
  let stopped = false;
  let endTicks: (() => void) | undefined;

  function connect(page: LivePage, request: Request, server: TimeoutServer | undefined): Response {
    if (stopped || clients >= MAX_CLIENTS)
      return new Response("too many streams; try again\n", { status: 503, headers: { "retry-after": "5" } });
    const channel = channels.get(page.key) ?? open(page);
    const client: Client = { seq: -1 };
    channel.clients.add(client);
    clients++;
    endTicks ??= start(tick);

    const leave = () => {
      if (!channel.clients.delete(client)) return;
      clients--;
      if (channel.clients.size === 0) channels.delete(page.key);
      if (clients === 0) {
        endTicks?.();
        endTicks = undefined;
      }
    };
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          server?.timeout(request, STUCK_S);
          while (client.seq === channel.seq && !stopped)
            await new Promise<void>((resolve) => {
              client.wake = resolve;
            });
          if (!channel.clients.has(client)) return;
          if (stopped) {
            controller.enqueue(encode(event("iot:bye", "{}")));
            controller.close();
            leave();
            return;
          }
          controller.enqueue(nextFor(client, channel));
        },
        cancel: leave,
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: STREAM_HEADERS });
  }

  function open(page: LivePage): Channel {
    const channel: Channel = {
      page,
      clients: new Set(),
      seq: 0,
      frames: [],
      cards: new Map(),
      serial: 0,
      newest: 0,
      version: -1,
      renderedAt: 0,
      slowAt: 0,
    };
    channels.set(page.key, channel);
    render(channel, clock());
    return channel;
  }

  function nextFor(client: Client, channel: Channel): Uint8Array {
    const behind = channel.seq - client.seq;
    const missed = client.seq < 0 || behind > channel.frames.length ? [] : channel.frames.slice(-behind);
    client.seq = channel.seq;
    const [only] = missed;
    if (missed.length === 1 && only !== undefined) return only;
    const bytes = missed.reduce((sum, frame) => sum + frame.length, 0);
    if (missed.length === 0 || bytes > MAX_MISSED_BYTES) return snapshotOf(channel);
    return new Uint8Array(Buffer.concat(missed));
  }

  function snapshotOf(channel: Channel): Uint8Array {
    if (channel.snapshot?.seq !== channel.seq)
      channel.snapshot = { seq: channel.seq, bytes: encode(snapshotText(channel, clock())) };
    return channel.snapshot.bytes;
  }

  function tick(): void {
    const now = clock();
    for (const channel of channels.values()) {
      if (channel.version === view.version && now - channel.renderedAt < REFRESH_MS) continue;
      const text = render(channel, now);
      channel.seq++;
      channel.frames.push(encode(tickText(channel, now, false) + text));
      if (channel.frames.length > KEPT_FRAMES) channel.frames.shift();
      for (const client of channel.clients) client.wake?.();
    }
  }

  /** What changed since the last rendering, as events. */
  function render(channel: Channel, now: number): string {
    channel.version = view.version;
    channel.renderedAt = now;
    let changed = changes(channel, channel.page.cards(view, now));
    if (channel.page.slow && now - channel.slowAt >= SLOW_MS) {
      channel.slowAt = now;
      changed += changes(channel, channel.page.slow(view, now));
    }
    return event(undefined, changed) + event(undefined, newRows(channel));
  }

  function changes(channel: Channel, cards: Cards): string {
    let changed = "";
    for (const [id, element] of Object.entries(cards)) {
      const html = String(element);
      const before = channel.cards.get(id);
      channel.cards.set(id, html);
      if (before === undefined || withoutAges(before) !== withoutAges(html))
        changed += partial(id, "outerMorph", html);
    }
    return changed;
  }

  /** New rows go on top; where a late one belongs between those that stand, the whole feed is sent. */
  function newRows(channel: Channel): string {
    const { feed } = channel.page;
    if (feed === undefined) return "";
    const all = feed.rows(view);
    const rows = all.filter((row) => row.serial > channel.serial);
    const late = rows.some((row) => row.time < channel.newest);
    channel.serial = view.serial;
    channel.newest = Math.max(channel.newest, rows[0]?.time ?? 0);
    if (rows.length === 0) return "";
    if (late || rows.length === all.length) return partial("feed", "outerMorph", String(feed.whole(all)));
    return partial("feed", "afterbegin", rows.map((row) => String(feed.render(row))).join(""));
  }

  function snapshotText(channel: Channel, now: number): string {
    const { feed } = channel.page;
    let text = "";
    for (const [id, html] of channel.cards) text += partial(id, "outerMorph", html);
    if (feed !== undefined) text += partial("feed", "outerMorph", String(feed.whole(feed.rows(view))));
    return tickText(channel, now, true) + event(undefined, text);
  }

  function tickText(channel: Channel, now: number, whole: boolean): string {
    const tick = { now, seq: channel.seq, whole, build, ...channel.page.tick(view, now, whole) };
    return event("iot:tick", JSON.stringify(tick), String(channel.seq));
  }

  return {
    connect,
    clients: () => clients,
    stop() {
      stopped = true;
      endTicks?.();
      for (const channel of channels.values()) for (const client of channel.clients) client.wake?.();
    },
  };
}

const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** Ages tick in the browser: that alone is no reason to send a card again. */
const withoutAges = (html: string): string => html.replace(/(<time [^>]*data-age[^>]*>).*?<\/time>/gs, "$1");

const encoder = new TextEncoder();
const encode = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

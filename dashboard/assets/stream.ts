/**
 * One htmx `hx-sse` connection as plain callbacks: the only file of ours that knows htmx's names.
 *
 * Source: htmx.org 4.0.1, dist/ext/hx-sse.js. htmx does not retry a refused first connect: it is asked to here, and at the
 * latest by the element's `hx-trigger="load, every 5s"`; its `hx-sync="this:drop"` keeps that from opening a second stream.
 */
import type { Standing } from "../model/standing.ts";
import htmx from "htmx.org";
import "htmx.org/dist/ext/hx-csp.js";
import "htmx.org/dist/ext/hx-sse.js";

export interface Tick {
  now: number;
  seq: number;
  /** The frame has the full series, as the first of a connection does. */
  whole: boolean;
  build?: string;
  /** Up to when what the frame shows is known. */
  standing?: Standing;
  /** Totals of raw, enriched, dlq. */
  counts?: number[];
  topic?: string;
  /** The shares of the last hour: [name, messages]. */
  shares?: Record<string, [string, number][]>;
  /** The new values, by the id of their chart. */
  charts?: Record<
    string,
    { from: number; stepMs: number; begin: number; values: Record<string, (number | null)[]> }
  >;
}

export interface Stream {
  /** False on a page that is not live. */
  exists: boolean;
  onConnect(): void;
  /** `attempt` counts from 1. */
  onLost(attempt: number): void;
  onTick(tick: Tick): void;
  /** False keeps the piece from being put on the page. `whole`: it replaces the feed. */
  onHtml(html: string, isFeed: boolean, whole: boolean): boolean;
  onSwapped(): void;
}

/** hx-sse's own record of a connection, as far as it is used here. */
interface Connection {
  attempt: number;
  reader: ReadableStreamDefaultReader | null;
  delayCanceller: (() => void) | null;
}

const FIRST_RETRY_MS = 1_500;
const FEED = '<hx-partial hx-target="#feed"';

export function follow(element: HTMLElement | null, to: Omit<Stream, "exists">) {
  let connection: Connection | undefined;
  let refused = 0;
  let hurry = false;

  const on = <T>(name: string, listener: (detail: T, event: Event) => void) =>
    element?.addEventListener(name, (event) => listener((event as CustomEvent<T>).detail, event));

  on<{ connection: Connection }>("htmx:sse:before:connection", (detail) => {
    connection = detail.connection;
    if (connection.attempt > 0) to.onLost(connection.attempt);
    // The delay begins after this event.
    if (hurry) setTimeout(() => detail.connection.delayCanceller?.());
    hurry = false;
  });
  on("htmx:sse:after:connection", () => {
    refused = 0;
    to.onConnect();
  });
  on("htmx:sse:close", () => {
    connection = undefined;
    to.onLost(++refused);
  });
  // Before a stream is open, a refused connect is an error of the request.
  for (const name of ["htmx:error", "htmx:response:error"])
    on(name, () => {
      if (connection !== undefined) return;
      to.onLost(++refused);
      setTimeout(() => connection === undefined && again(), FIRST_RETRY_MS);
    });
  on<{ message: { data: string; event: string } }>("htmx:sse:before:message", ({ message }, event) => {
    if (message.event) return;
    const isFeed = message.data.startsWith(FEED);
    const whole = message.data.startsWith(`${FEED} hx-swap="outerMorph"`);
    if (!to.onHtml(message.data, isFeed, whole)) event.preventDefault();
  });
  on("htmx:sse:after:message", () => to.onSwapped());
  on<{ data: string }>("iot:tick", ({ data }) => to.onTick(JSON.parse(data) as Tick));

  const swap = (html: string, target: HTMLElement, style: string) =>
    htmx.swap({ text: html, sourceElement: target, target, swap: style });

  /** Connects again at once: the server begins with a full snapshot. */
  function again(): void {
    if (element === null) return;
    hurry = true;
    if (connection?.reader) void connection.reader.cancel();
    else if (connection?.delayCanceller) connection.delayCanceller();
    else if (connection === undefined) {
      const url = element.getAttribute("hx-sse:connect");
      if (url !== null) void htmx.ajax("GET", url, { source: element });
    }
  }

  return {
    exists: element !== null,
    again,

    /** Puts pieces on the page that were held back. */
    async put(html: string): Promise<void> {
      if (element !== null) await swap(html, element, "none");
      to.onSwapped();
    },

    /** Fetches what stands behind an opened row, once. */
    async load(details: HTMLDetailsElement): Promise<void> {
      const link = details.querySelector<HTMLAnchorElement>("a.whole");
      if (link === null || details.querySelector(".more") !== null) return;
      const more = document.createElement("div");
      more.className = "more";
      details.querySelector(".detail")?.append(more);
      try {
        const response = await fetch(`${link.pathname}?part=value`);
        if (!response.ok) throw new Error(`the server answered ${response.status}`);
        await swap(await response.text(), more, "innerHTML");
      } catch (error) {
        more.textContent = `Could not be loaded: ${error instanceof Error ? error.message : error}`;
      }
    },
  };
}

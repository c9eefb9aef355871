/** What a stream is made of: the pieces that a page gives, and their form on the wire. */
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Row } from "../model/row.ts";
import type { ViewModel } from "../model/view.ts";
import type { Watch } from "../model/filters.ts";

/** An element of a page: the page and its stream render it by the same line. */
export interface Card {
  /** The element's id. */
  id: string;
  /**
   * How often the stream sends it again, if it has changed: with each frame; every two seconds, which is soon enough for
   * what counts over an hour; or never, since the browser goes on with what is in it.
   */
  pace: "frame" | "slow" | "never";
  render(at: { view: ViewModel; now: number }): JSX.Element;
}

export interface LivePage {
  /** Equal keys share one rendering. */
  key: string;
  cards: readonly Card[];
  feed?: {
    limit: number;
    /** Newest first, at most `limit`. */
    rows(view: ViewModel): Row[];
    render(row: Row): JSX.Element;
    /** The element `#feed`, whole. */
    whole(rows: Row[]): JSX.Element;
  };
  /** What `feed.rows` looks for, while somebody looks at this page. */
  watch?: Watch;
  /** Gives what the charts and the counters need: the full series if `whole`, else its last steps. */
  tick(view: ViewModel, now: number, whole: boolean): object;
}

/** htmx puts `html` where `id` is. */
export const partial = (id: string, swap: string, html: string): string =>
  `<hx-partial hx-target="#${id}" hx-swap="${swap}">${html}</hx-partial>`;

/** Every line is prefixed: a CR in a device's text would otherwise end the event and begin another. */
export function event(name: string | undefined, data: string, id?: string): string {
  if (data === "") return "";
  const head = (id === undefined ? "" : `id: ${id}\n`) + (name === undefined ? "" : `event: ${name}\n`);
  return `${head}data: ${data.replace(/\r\n|\r|\n/g, "\ndata: ")}\n\n`;
}

export const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

const encoder = new TextEncoder();
export const encode = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

/**
 * What one view in use has sent: rendered once for all who look, as frames that go on from each other and as a snapshot.
 *
 * In: the view model, a page's LivePage. Out: bytes of events. Only what changed is in a frame; ages alone are no change.
 */
import { openWatch } from "../model/watch.ts";
import { type Card, encode, event, type LivePage, partial } from "./frames.ts";
import type { Row } from "../model/row.ts";
import { standing } from "../model/standing.ts";
import type { ViewModel } from "../model/view.ts";

/** How often a view without news is rendered: time alone makes a device silent, which the page tells within a second; and it listens for a sign of life. */
const REFRESH_MS = 400;
const SLOW_MS = 2_000;
/** Frames kept for a client that is behind; beyond it a snapshot is smaller. */
const KEPT_FRAMES = 8;
/** How many bytes of kept frames a client may get: put together they are its own, a snapshot is shared. */
const MAX_MISSED_BYTES = 65_536;

export interface Channel {
  /** Number of the newest frame. */
  seq(): number;
  /** Makes a frame if there is something to tell; true then. */
  tick(now: number): boolean;
  /** What a client that has frame `seq` needs; -1 has none. */
  since(seq: number, now: number): Uint8Array;
  /** When nobody looks any more. */
  close(): void;
}

/** `build` names the assets that the frames belong to. */
export function createChannel(page: LivePage, view: ViewModel, build: string, opened: number): Channel {
  const cards = new Map<string, string>();
  const frames: Uint8Array[] = [];
  let seq = 0;
  let snapshot: { seq: number; bytes: Uint8Array } | undefined;
  let version = -1;
  let renderedAt = 0;
  let slowAt = 0;
  /** The charts' past as it was last sent whole. */
  let past = view.past;
  let wholeAt = opened;
  /** What the feed has shown: the rows, the highest serial, the newest time. */
  let shown: Row[] = [];
  let serial = 0;
  let newest = 0;
  const close = page.watch === undefined ? () => {} : openWatch(view, page.watch, opened);
  try {
    render(opened);
  } catch (error) {
    close();
    throw error;
  }

  return {
    seq: () => seq,
    close,

    tick(now) {
      if (version === view.version && now - renderedAt < REFRESH_MS) return false;
      const text = render(now);
      seq++;
      const whole = view.past !== past && isOld(wholeAt, now);
      if (whole) {
        past = view.past;
        wholeAt = now;
      }
      frames.push(encode(tickText(now, whole) + text));
      if (frames.length > KEPT_FRAMES) frames.shift();
      return true;
    },

    since(has, now) {
      const behind = seq - has;
      const missed = has < 0 || behind > frames.length ? [] : frames.slice(-behind);
      const [only] = missed;
      if (missed.length === 1 && only !== undefined) return only;
      const bytes = missed.reduce((sum, frame) => sum + frame.length, 0);
      if (missed.length > 0 && bytes <= MAX_MISSED_BYTES) return new Uint8Array(Buffer.concat(missed));
      if (snapshot?.seq !== seq) snapshot = { seq, bytes: encode(snapshotText(now)) };
      return snapshot.bytes;
    },
  };

  /** What changed since the last rendering, as events. */
  function render(now: number): string {
    version = view.version;
    renderedAt = now;
    const isSlowDue = isOld(slowAt, now);
    if (isSlowDue) slowAt = now;
    const isDue: Record<Card["pace"], boolean> = { frame: true, slow: isSlowDue, never: false };
    const due = page.cards.filter(({ pace }) => isDue[pace]);
    return event(undefined, changes(due, now)) + event(undefined, newRows());
  }

  function changes(due: Card[], now: number): string {
    let changed = "";
    for (const { id, render: draw } of due) {
      const html = String(draw({ view, now }));
      const before = cards.get(id);
      cards.set(id, html);
      if (before === undefined || withoutAges(before) !== withoutAges(html))
        changed += partial(id, "outerMorph", html);
    }
    return changed;
  }

  /** New rows go on top; where a late one belongs between those that stand, the whole feed is sent. */
  function newRows(): string {
    const { feed } = page;
    if (feed === undefined) return "";
    const all = feed.rows(view);
    shown = all;
    const rows = all.filter((row) => row.serial > serial);
    const late = rows.some((row) => row.time < newest);
    serial = view.serial;
    newest = Math.max(newest, rows[0]?.time ?? 0);
    if (rows.length === 0) return "";
    if (late || rows.length === all.length) return partial("feed", "outerMorph", String(feed.whole(all)));
    return partial("feed", "afterbegin", rows.map((row) => String(feed.render(row))).join(""));
  }

  function snapshotText(now: number): string {
    const { feed } = page;
    let text = "";
    for (const [id, html] of cards) text += partial(id, "outerMorph", html);
    // The feed is as of the last frame, like the cards: what came since goes on top with the next one, and must not stand there already.
    if (feed !== undefined) text += partial("feed", "outerMorph", String(feed.whole(shown)));
    return tickText(now, true) + event(undefined, text);
  }

  function tickText(now: number, whole: boolean): string {
    const tick = { now, seq, whole, build, standing: standing(view, now), ...page.tick(view, now, whole) };
    return event("iot:tick", JSON.stringify(tick), String(seq));
  }
}

/** A clock that was set back must not hold anything up until it is where it was. */
const isOld = (since: number, now: number): boolean => now < since || now - since >= SLOW_MS;

/** Ages tick in the browser: that alone is no reason to send a card again. */
const withoutAges = (html: string): string => html.replace(/(<time [^>]*data-age[^>]*>).*?<\/time>/gs, "$1");

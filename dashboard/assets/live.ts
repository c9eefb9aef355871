/**
 * What a page does in the browser beside htmx: tells the state of the stream, lets ages tick, pauses, opens details.
 *
 * In: events of htmx's hx-sse and our `iot:tick`. Out: the pill, the banner, `data-age` texts, `iot:draw` for charts.
 * The listeners stand before htmx starts: the first frame of a fast server would be missed otherwise.
 */
import { clockSeconds, count, duration } from "../format.ts";
import { listenToCopies } from "./copy.ts";
import { listenToKeys } from "./keys.ts";
import { follow } from "./stream.ts";
import type { Standing } from "../model/standing.ts";

const API_TOPICS = ["raw", "enriched", "dlq"];

const $ = <T extends Element = HTMLElement>(selector: string): T | null =>
  document.querySelector<T>(selector);

/** No frame for so long: the stream is dead, whatever the socket says. The server sends one each half second. */
const DEAD_MS = 7_000;
/** A page whose frames are this old is not called live; once its connection is lost, it says that it is cut. */
const CUT_MS = 2_500;
const AGE_MS = 200;
/** Frames so old were in store on a slow line: a new connection begins with how it is now. */
const LATE_MS = 5_000;
/** How often a page may reload itself: behind a balancer it and its stream may be of two builds. */
const RELOAD_MS = 10_000;

let ticked = Number(document.body.dataset.now);
/** Server's clock minus ours: ages are told by the server's. */
let ahead = ticked - Date.now();
let tickedHere = Date.now();
let connected = false;
/** The next frame is the first of its connection. */
let fresh = true;
let late = false;
let attempt = 0;
/** A tab that was hidden let go of its stream: for a moment it is not lost, only not back yet. */
let backAt = 0;
let paused = false;
let countsAtPause: number[] | undefined;
let counts: number[] = [];
let topic = 0;
/** What came for the feed while a row was open; the oldest would be trimmed anyway. */
let held: string[] = [];
const MAX_HELD = 50;

const now = (): number => Date.now() + ahead;

// --- the stream -----------------------------------------------------------------------------------------------

const stream = follow($("#live"), {
  onConnect() {
    connected = true;
    fresh = true;
    attempt = 0;
  },
  onLost(tries) {
    connected = false;
    attempt = tries;
    show();
  },
  onTick(tick) {
    connected = true;
    ticked = tick.now;
    tickedHere = Date.now();
    // The quickest frame tells best how the clocks differ; each connection asks anew, since a clock may be set.
    ahead = fresh ? ticked - tickedHere : Math.max(ahead, ticked - tickedHere);
    fresh = false;
    late = now() - ticked > LATE_MS;
    if (late) return stream.again();
    counts = tick.counts ?? counts;
    standing = tick.standing ?? standing;
    topic = tick.topic === undefined ? topic : API_TOPICS.indexOf(tick.topic);
    // Another build answers: its markup may not fit these scripts.
    if (tick.build !== document.body.dataset.build && !paused && performance.now() > RELOAD_MS)
      location.reload();
    document.dispatchEvent(new CustomEvent("iot:draw", { detail: { tick, paused } }));
    show();
  },
  onHtml(html, isFeed, whole) {
    if (paused || late) return false;
    if (!isFeed || $("#feed details[open]") === null) return true;
    held = whole ? [html] : [...held, html].slice(-MAX_HELD);
    return false;
  },
  onSwapped() {
    trim();
    tickAges();
  },
});

/** New rows came on top: the oldest leave, but never one that somebody reads. */
function trim(): void {
  const feed = $("#feed");
  const limit = Number(feed?.dataset.limit ?? 0);
  if (feed === null || limit === 0) return;
  const rows = [...feed.children];
  for (const row of rows.slice(limit)) if (row.querySelector("details[open]") === null) row.remove();
}

// --- the pill and the banner ----------------------------------------------------------------------------------

type State = "wait" | "late" | "again" | "paused" | "cut" | Standing["state"];
const LOOK: Record<State, [icon: string, word: string]> = {
  wait: ["off", "Connecting"],
  live: ["ok", "Live"],
  late: ["warn", "Waiting"],
  again: ["warn", "Reconnecting"],
  paused: ["warn", "Paused"],
  cut: ["crit", "Offline"],
  // The line is well: what stands on the page is not.
  away: ["crit", "Kafka away"],
  reading: ["info", "Reading back"],
  behind: ["warn", "Behind"],
};
let shown: State | undefined;
let standing: Standing = { state: "live", at: ticked };

function stateNow(): State {
  const silent = Date.now() - Math.max(tickedHere, backAt);
  if (paused) return "paused";
  if (connected && silent < CUT_MS) return standing.state;
  const isFirst = attempt === 0 && (shown === undefined || shown === "wait");
  if (isFirst && silent < DEAD_MS) return "wait";
  if (connected && silent < DEAD_MS) return "late";
  return silent < CUT_MS ? "again" : "cut";
}

function show(): void {
  const state = stateNow();
  const pill = $("#pill");
  if (pill === null || !stream.exists) return;
  const [icon, word] = LOOK[state];
  if (state !== shown) {
    shown = state;
    pill.dataset.state = state;
    const svg = pill.querySelector("svg");
    svg?.setAttribute("class", icon);
    svg?.querySelector("use")?.setAttribute("href", `#${icon}`);
    setText(pill.querySelector("[role=status]"), word);
    document.body.classList.toggle("is-cut", state === "cut");
  }
  const news = countsAtPause === undefined ? 0 : (counts[topic] ?? 0) - (countsAtPause[topic] ?? 0);
  const at = state === "away" || state === "behind" ? standing.at : ticked;
  const old = at === 0 || state === "reading" ? "" : duration(now() - at);
  const age = state === "paused" ? `${count(Math.max(0, news))} new` : old;
  setText(pill.querySelector(".age"), age);
  showCut(state);
}

function showCut(state: State): void {
  const banner = $("#cut");
  if (banner === null) return;
  banner.hidden = state !== "cut";
  if (state !== "cut") return;
  setText($("#cut-at"), `${clockSeconds(ticked)} UTC`);
  const tries = attempt > 0 ? `, attempt ${attempt}` : "";
  setText($("#cut-what"), `Trying again${tries}. What you see is ${duration(now() - ticked)} old.`);
}

function setText(element: Element | null, text: string): void {
  if (element !== null && element.textContent !== text) element.textContent = text;
}

// --- ages -----------------------------------------------------------------------------------------------------

function tickAges(): void {
  const at = now();
  for (const element of document.querySelectorAll<HTMLElement>("time[data-age]")) {
    const age = duration(at - Number(element.dataset.age));
    if (element.dataset.big === undefined) {
      setText(element, age);
      continue;
    }
    const space = age.indexOf(" ");
    setText(element.querySelector("span"), age.slice(0, space));
    setText(element.querySelector("small"), `${age.slice(space + 1)} ago`);
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) backAt = Date.now();
});

setInterval(() => {
  if (document.hidden) return;
  if (!paused) tickAges();
  if (connected && stream.exists && Date.now() - Math.max(tickedHere, backAt) > DEAD_MS) {
    connected = false;
    stream.again();
  }
  show();
}, AGE_MS);

// --- pause ----------------------------------------------------------------------------------------------------

function pause(on: boolean): void {
  if (!stream.exists || on === paused) return;
  paused = on;
  countsAtPause = on ? counts : undefined;
  held = [];
  const button = $("#pause");
  button?.setAttribute("aria-pressed", String(on));
  button?.classList.toggle("main", on);
  setText(button?.querySelector("span") ?? null, on ? "Resume" : "Pause");
  // What was missed is not made up for: the server's snapshot is the truth.
  if (!on) stream.again();
  show();
}
$("#pause")?.addEventListener("click", () => pause(!paused));
$("#cut-try")?.addEventListener("click", () => stream.again());

// --- details --------------------------------------------------------------------------------------------------

document.addEventListener(
  "toggle",
  (event) => {
    const details = event.target;
    if (!(details instanceof HTMLDetailsElement) || details.closest("#feed") === null) return;
    if (details.open) void stream.load(details);
    else void release();
  },
  true,
);

/** The last open row was closed: what came meanwhile goes on top. A paused page stays as it is: a snapshot ends the pause. */
async function release(): Promise<void> {
  while (!paused && $("#feed details[open]") === null) {
    const html = held.shift();
    if (html === undefined) break;
    await stream.put(html);
  }
}

listenToKeys(() => pause(!paused));
listenToCopies();
show();

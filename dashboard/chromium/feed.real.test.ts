/**
 * A live feed at 50 messages a second, while somebody resizes, points at rows, opens them, pauses and reconnects: at each
 * frame a row stands once and in order, and whenever it is quiet the page has exactly the rows that the API names.
 * `FEED_WATCH_SECONDS=120` watches for two minutes.
 */
import { afterEach, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import type { ApiMessages, ApiTopic } from "../../schemas/api.ts";
import { fold } from "../model/fold.ts";
import type { ViewModel } from "../model/view.ts";
import { enriched, raw, record } from "../sample.fixture.ts";
import { ACTS, ids } from "./acts.fixture.ts";
import { inChromium } from "./in-chromium.fixture.ts";

const WATCH_MS = Number(Bun.env.FEED_WATCH_SECONDS ?? 10) * 1_000;
const PARTITIONS = 6;
const EACH_MS = 100;

inChromium("a feed that somebody uses in Chromium", ({ live, served }) => {
  let stop = () => {};
  afterEach(() => stop());

  /** Whatever its reader does, and then it is what the API has. */
  async function staysTrue({ path, topic, rows, at, mixed = false }: Watched) {
    const source = sending(served().view, at, mixed);
    stop = source.stop;
    const { page, context } = await live(path);
    // Somebody else looks on: the frames go on for both when this page comes again.
    const other = await live(path);
    for (const each of [page, other.page]) await watch(each);
    const wrong: string[] = [];
    const until = performance.now() + WATCH_MS;
    for (let round = 0; round < ACTS.length || performance.now() < until; round++) {
      const [name, act] = ACTS[round % ACTS.length] ?? ACTS[0];
      source.start();
      await act(page);
      source.stop();
      for (const each of [page, other.page]) {
        wrong.push(...(await seen(each)).map((what) => `${name}: ${what}`));
        wrong.push(
          ...(await differs(each, `${served().url}/api/messages?topic=${topic}&limit=${rows}`)).map(
            (what) => `after ${name}: ${what}`,
          ),
        );
      }
    }
    expect(wrong).toEqual([]);
    await context.close();
    await other.context.close();
  }

  const timeout = WATCH_MS + 120_000;
  // A frame has some of the rows, half of them, and all.
  test(
    "no row stands twice at 10 messages a second",
    () => staysTrue({ path: "/?tab=enriched", topic: "enriched", rows: 15, at: 1 }),
    timeout,
  );
  test(
    "nor at 50, on a page of more rows",
    () => staysTrue({ path: "/messages?topic=enriched", topic: "enriched", rows: 50, at: 5 }),
    timeout,
  );
  test(
    "nor out of order where late ones come between",
    () => staysTrue({ path: "/?tab=raw", topic: "raw", rows: 15, at: 5, mixed: true }),
    timeout,
  );
});

interface Watched {
  path: string;
  topic: ApiTopic;
  /** That the page shows. */
  rows: number;
  /** Messages each tenth of a second. */
  at: number;
  /** A batch of each partition for itself, so that what comes later is often older. */
  mixed?: boolean;
}

function sending(view: ViewModel, atOnce: number, mixed: boolean) {
  const next = Array.from({ length: PARTITIONS }, () => 2_000);
  let timer: Timer | undefined;
  let turn = 0;
  function batch() {
    const now = Date.now();
    turn++;
    for (let i = 0; i < atOnce; i++) {
      const partition = (turn * atOnce + i) % PARTITIONS;
      const offset = next[partition] ?? 0;
      next[partition] = offset + 1;
      const timestamp = now - (mixed ? (i * 37 + turn * 13) % EACH_MS : atOnce - i);
      const value = { device_id: `watched-${partition}`, timestamp: new Date(timestamp).toISOString() };
      const common = { partition, highWatermark: offset + 1 };
      const key = value.device_id;
      fold(
        view,
        { ...common, topic: "raw", messages: [record(offset, raw(value), { timestamp, key })] },
        now,
      );
      const messages = [record(offset, enriched(value), { timestamp, key, source: offset })];
      fold(view, { ...common, topic: "enriched", messages }, now);
    }
  }
  return {
    start: () => {
      timer ??= setInterval(batch, EACH_MS);
    },
    stop: () => {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

interface Watching {
  wrong: string[];
  frames: number;
}

/** Looks at the feed with each frame that the browser draws, in this page and in those that it loads after it. */
async function watch(page: Page): Promise<void> {
  const look = () => {
    const watching = window as unknown as Watching;
    if (watching.wrong !== undefined) return;
    watching.wrong = [];
    watching.frames = 0;
    const at = () => {
      const rows = [...document.querySelectorAll("#feed > li")];
      const ids = rows.map(({ id }) => id);
      const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
      if (twice.length > 0) watching.wrong.push(`stands twice: ${twice.join(" ")}`);
      const times = rows.map((row) => row.querySelector("time")?.getAttribute("datetime") ?? "");
      const isMixed = times.some((time, i) => i > 0 && time > (times[i - 1] ?? ""));
      if (isMixed) watching.wrong.push(`not in order: ${times.map((time) => time.slice(14)).join(" ")}`);
      watching.frames++;
      requestAnimationFrame(at);
    };
    requestAnimationFrame(at);
  };
  await page.context().addInitScript(look);
  await page.evaluate(look);
}

/** What was wrong since it was asked last, each once. */
const seen = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const watching = window as unknown as Watching;
    const found =
      watching.frames === 0 ? ["no frame was looked at"] : [...new Set(watching.wrong)].slice(0, 5);
    watching.wrong = [];
    watching.frames = 0;
    return found;
  });

/** Nothing is sent any more: within a few frames the page and the API name the same rows. */
async function differs(page: Page, api: string): Promise<string[]> {
  const { topic, messages } = (await (await fetch(api)).json()) as ApiMessages;
  const told = messages.map(({ partition, offset }) => `m-${topic}-${partition}-${offset}`);
  const limit = performance.now() + 8_000;
  let shown = await ids(page);
  while (shown.join() !== told.join() && performance.now() < limit) {
    await page.waitForTimeout(100);
    shown = await ids(page);
  }
  return shown.join() === told.join() ? [] : [`shown ${shown.join(" ")}, the API has ${told.join(" ")}`];
}

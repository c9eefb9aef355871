/**
 * Does half an hour of messages make a page or the dashboard grow?
 *
 * In: `--minutes 30 --rate 2000`, messages a second. Out: a line each minute with the heap (collected), DOM nodes and
 * listeners of the overview and of the messages page, and the least memory of the dashboard in that minute; at the end the
 * slope of each after the first third, and exit code 1 if one grows by more than its limit and does not fall back.
 */
import { parseArgs } from "node:util";
import type { Browser, CDPSession } from "playwright-core";
import { launch } from "../dashboard/chromium/browser.fixture.ts";
import { startStack, usageOf } from "./dashboard.part.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, rate: { type: "string", default: "2000" } },
});
const MINUTES = Number(values.minutes);
const RATE = Number(values.rate);
/** Rings fill and code is compiled meanwhile. */
const WARM_UP = 1 / 3;
/** It grows if the fitted line rises by more than this share of the mean and than is noise for its unit, and stays there. */
const SHARE = 0.1;
const NOISE: Record<string, number> = { "heap MiB": 1, nodes: 400, listeners: 20, "server MiB": 32 };
const LOOK_MS = 3_000;
const COLLECTIONS = 4;
const PAGES = { overview: "/", messages: "/messages?topic=enriched" };

type Sample = Record<string, number>;
const samples: Sample[] = [];
const stack = await startStack(RATE);
let browser: Browser | undefined;
try {
  browser = await launch();
  const gauges = await Promise.all(
    Object.entries(PAGES).map(([name, path]) => watch(browser as Browser, name, path)),
  );
  const [began, sentBefore] = [Date.now(), stack.sent()];
  for (let minute = 1; minute <= MINUTES; minute++) {
    const sample: Sample = { minute, "server MiB": await leastMemory(began + minute * 60_000) };
    for (const gauge of gauges) Object.assign(sample, await gauge());
    samples.push(sample);
    console.log(
      Object.entries(sample)
        .map(([name, value]) => `${name} ${Number.isInteger(value) ? value : value.toFixed(1)}`)
        .join(" · "),
    );
  }
  judge(stack.sent() - sentBefore);
} finally {
  await browser?.close();
  await stack.stop();
}

/** What the dashboard's memory falls to between its collections, in the time that is left until then. */
async function leastMemory(until: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  do {
    await Bun.sleep(Math.min(LOOK_MS, Math.max(0, until - Date.now())));
    least = Math.min(least, (await usageOf(stack.pid)).mib);
  } while (Date.now() < until);
  return least;
}

async function watch(on: Browser, name: string, path: string): Promise<() => Promise<Sample>> {
  const page = await on.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(stack.url + path, { waitUntil: "domcontentloaded" });
  await page.waitForSelector("#pill[data-state=live]");
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  return async () => {
    const {
      JSHeapUsedSize = Number.NaN,
      Nodes = Number.NaN,
      JSEventListeners = Number.NaN,
    } = await collected(cdp);
    const state = await page.getAttribute("#pill", "data-state");
    if (state !== "live") console.error(`${name}: the pill says ${state}`);
    return {
      [`${name} heap MiB`]: JSHeapUsedSize / 1_048_576,
      [`${name} nodes`]: Nodes,
      [`${name} listeners`]: JSEventListeners,
    };
  };
}

/** Right after a collection: a frame that comes between it and the reading leaves what it replaced, so the least counts. */
async function collected(cdp: CDPSession): Promise<Record<string, number>> {
  let best: Record<string, number> = {};
  for (let i = 0; i < COLLECTIONS; i++) {
    await cdp.send("HeapProfiler.collectGarbage");
    const { metrics } = await cdp.send("Performance.getMetrics");
    const found = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    if (!((found.Nodes ?? 0) >= (best.Nodes ?? Number.POSITIVE_INFINITY))) best = found;
  }
  return best;
}

function judge(sent: number): void {
  const steady = samples.slice(Math.ceil(samples.length * WARM_UP));
  const rows: Record<string, object> = {};
  for (const name of Object.keys(samples[0] ?? {}).filter((key) => key !== "minute")) {
    const points = steady.map((sample) => [sample.minute ?? 0, sample[name] ?? Number.NaN] as const);
    const mean = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
    const rise = slope(points) * MINUTES;
    // What is given back did not grow: a hump, while the machine was busy elsewhere, tilts the line too.
    const third = Math.ceil(points.length / 3);
    const least = (some: typeof points) => Math.min(...some.map(([, y]) => y));
    const kept = least(points.slice(-third)) - least(points.slice(0, third));
    const noise = Object.entries(NOISE).find(([unit]) => name.endsWith(unit))?.[1] ?? 0;
    const limit = Math.max(SHARE * mean, noise);
    const grows = !(rise <= limit || kept <= limit / 2);
    if (grows) process.exitCode = 1;
    rows[name] = {
      first: samples[0]?.[name]?.toFixed(1),
      mean: mean.toFixed(1),
      most: Math.max(...points.map(([, y]) => y)).toFixed(1),
      last: samples.at(-1)?.[name]?.toFixed(1),
      [`rise in ${MINUTES} min`]: rise.toFixed(2),
      "least, last third over first": kept.toFixed(2),
      verdict: grows ? "GROWS" : "bounded",
    };
  }
  console.log(`${(sent / MINUTES / 60).toFixed(0)} messages a second for ${MINUTES} minutes`);
  console.table(rows);
}

/** Least squares. */
function slope(points: (readonly [x: number, y: number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return under === 0 ? 0 : over / under;
}

/**
 * How soon is a message on the page, and what does a page cost its browser, at 10,000 messages a second?
 *
 * In: messages a second (10,000). The embedded broker, the dashboard as it runs, a real Chromium. Out: record -> pixel of
 * marked messages, main thread of the overview, its long tasks, size of the first page and its scripts, what the dashboard
 * itself needs. A task counts by the CPU time of its thread: on a busy machine the clock also counts the time in which the
 * thread was not let run. Exit code 1 if a limit is broken.
 */
import type { Browser, Page } from "playwright-core";
import { launch } from "../dashboard/chromium/browser.fixture.ts";
import { type Stack, startStack, usageOf } from "./dashboard.part.ts";

const PER_SECOND = Number(process.argv[2] ?? 10_000);
const SECONDS = 20;
const LIMIT_PIXEL_MS = 1_000;
const LIMIT_THREAD_MS = 150;
const LIMIT_TASK_MS = 50;
const LIMIT_KIB = { html: 20, live: 20, all: 105 };

const stack = await startStack(PER_SECOND);
let browser: Browser | undefined;
try {
  browser = await launch();
  await bench(stack, browser);
} finally {
  await browser?.close();
  await stack.stop();
}

async function bench({ url, pid, sent, acks, mark, marked }: Stack, chromium: Browser): Promise<void> {
  const watched = await chromium.newPage();
  await watched.goto(`${url}/messages?device=marker`, { waitUntil: "domcontentloaded" });
  await watched.waitForSelector("#pill[data-state=live]");
  await watched.evaluate(() => {
    const page = window as unknown as { delays: number[] };
    page.delays = [];
    const seen = new Set<string>();
    new MutationObserver(() => {
      for (const row of document.querySelectorAll("#feed > li")) {
        if (seen.has(row.id)) continue;
        seen.add(row.id);
        const at = row.querySelector("time")?.dateTime ?? "";
        requestAnimationFrame(() => page.delays.push(Date.now() - Date.parse(at)));
      }
    }).observe(document.querySelector("main") ?? document.body, { childList: true, subtree: true });
  });
  mark(true);

  const overview = await chromium.newPage({ viewport: { width: 1440, height: 900 } });
  await overview.goto(url, { waitUntil: "domcontentloaded" });
  await overview.waitForSelector("#pill[data-state=live]");
  await Bun.sleep(5_000);
  const began = performance.now();
  const [cpuFrom, sentFrom] = [await usageOf(pid), sent()];
  const tasks = await tasksOf(chromium, overview);
  const [cpuTo, sentTo] = [await usageOf(pid), sent()];
  // Starting and ending the trace takes its time too.
  const seconds = (performance.now() - began) / 1_000;
  mark(false);
  // What is on its way.
  await Bun.sleep(3_000);
  const delays = (await watched.evaluate(() => (window as unknown as { delays: number[] }).delays)).sort(
    (a, b) => a - b,
  );
  const shareOf = (all: number[], share: number) =>
    all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? Number.NaN;
  const at = (share: number) => shareOf(delays, share);
  const sends = acks().toSorted((a, b) => a - b);
  const over = (of: (task: Task) => number) => tasks.filter((task) => of(task) > LIMIT_TASK_MS).length;
  const most = (of: (task: Task) => number) => Math.max(0, ...tasks.map(of)).toFixed(0);
  const perSecond = (of: (task: Task) => number) => tasks.reduce((sum, task) => sum + of(task), 0) / SECONDS;
  const [byCpu, byClock] = [(task: Task) => task.cpu, (task: Task) => task.clock];
  const sizes = await weights(url);
  console.table({
    "messages per second": ((sentTo - sentFrom) / seconds).toFixed(0),
    "record to pixel, p50 / p95 / p99 ms": `${at(0.5)} / ${at(0.95)} / ${at(0.99)}`,
    "marked messages that were on the page, of those sent": `${delays.length} of ${marked()}`,
    "of it: until the broker had it, p50 / p95 ms": `${shareOf(sends, 0.5).toFixed(0)} / ${shareOf(sends, 0.95).toFixed(0)}`,
    "main thread of the overview, ms per second": `${perSecond(byCpu).toFixed(0)} CPU, ${perSecond(byClock).toFixed(0)} by the clock`,
    [`tasks over ${LIMIT_TASK_MS} ms in ${SECONDS} s`]: `${over(byCpu)} by CPU, longest ${most(byCpu)} ms; ${over(byClock)} by the clock, longest ${most(byClock)} ms`,
    "dashboard: CPU, % of a core": ((cpuTo.seconds - cpuFrom.seconds) * (100 / seconds)).toFixed(0),
    "dashboard: memory, MiB": cpuTo.mib.toFixed(0),
    "first page, KiB gz": sizes.html.toFixed(1),
    "scripts, KiB gz": `${sizes.live.toFixed(1)} without charts, ${sizes.all.toFixed(1)} with`,
  });
  const isBroken =
    !(at(0.95) <= LIMIT_PIXEL_MS) ||
    delays.length < marked() ||
    perSecond(byCpu) > LIMIT_THREAD_MS ||
    over(byCpu) > 0 ||
    Object.entries(LIMIT_KIB).some(([name, limit]) => sizes[name as keyof typeof sizes] > limit);
  if (isBroken) process.exitCode = 1;
}

/** What the main thread of a page did for a while, task by task, ms. */
interface Task {
  clock: number;
  cpu: number;
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  dur?: number;
  tdur?: number;
  args: { name?: string; data?: { frames?: { url: string; processId: number }[] } };
}

async function tasksOf(chromium: Browser, page: Page): Promise<Task[]> {
  await chromium.startTracing(page, {
    categories: ["-*", "disabled-by-default-devtools.timeline", "toplevel", "__metadata"],
  });
  await Bun.sleep(SECONDS * 1_000);
  const { traceEvents } = JSON.parse((await chromium.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const isOverview = ({ url }: { url: string }) => new URL(url).pathname === "/";
  const started = traceEvents.find(({ name }) => name === "TracingStartedInBrowser");
  const pid = started?.args.data?.frames?.find(isOverview)?.processId;
  const main = traceEvents.find(
    (event) => event.name === "thread_name" && event.pid === pid && event.args.name === "CrRendererMain",
  );
  if (main === undefined) throw new Error("the trace does not name the page's main thread");
  return traceEvents
    .filter(({ name, pid, tid }) => name === "RunTask" && pid === main.pid && tid === main.tid)
    .map(({ dur = 0, tdur = 0 }) => ({ clock: dur / 1_000, cpu: tdur / 1_000 }));
}

/** What comes over the wire, KiB. */
async function weights(url: string) {
  const sizeOf = async (path: string) => {
    const answer = await fetch(url + path, { headers: { "accept-encoding": "gzip" }, decompress: false });
    return (await answer.bytes()).length / 1_024;
  };
  const html = await (await fetch(url)).text();
  const scripts = [...html.matchAll(/src="([^"]+\.js)"/g)].map((match) => match[1] ?? "");
  const sizes = await Promise.all(scripts.map(sizeOf));
  return {
    html: await sizeOf("/"),
    live: sizes[scripts.findIndex((path) => path.includes("/live-"))] ?? Number.NaN,
    all: sizes.reduce((a, b) => a + b, 0),
  };
}

/**
 * How soon is a message on the page, and what does a page cost its browser, at 10,000 messages a second?
 *
 * In: the embedded broker, the dashboard as it runs, a real Chromium. Out: record -> pixel of marked messages, main thread
 * of the overview, long tasks, size of the first page and its scripts, what the dashboard itself needs. Half of the
 * messages go to iot.raw, half to iot.enriched; none is enriched here.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "../dashboard/browser.case.ts";
import { seededView } from "../dashboard/pictures.case.ts";
import { createKafka } from "../kafka/client.ts";
import { createProducer, type OutMessage } from "../kafka/producer.ts";
import { HEADERS } from "../schemas/topics.ts";

const PER_SECOND = Number(process.argv[2] ?? 10_000);
const SECONDS = 20;
const TURN_MS = 100;
const MARK_MS = 237;
const BROKER_PORT = 29_392;
const PORT = 29_501;
const LIMIT_PIXEL_MS = 1_000;
const LIMIT_THREAD_MS = 150;

const dataDir = await mkdtemp(join(tmpdir(), "bench-page-"));
const env = {
  ...process.env,
  KAFKA_BROKERS: `127.0.0.1:${BROKER_PORT}`,
  PORT: String(PORT),
  DATA_DIR: dataDir,
  LOG_LEVEL: "warn",
};
const run = (...args: string[]) =>
  Bun.spawn([process.execPath, ...args], { env, stdio: ["ignore", "inherit", "inherit"] });
const children = [run("broker/main.ts", "--port", String(BROKER_PORT))];
try {
  await until(async () =>
    (await Bun.connect({ hostname: "127.0.0.1", port: BROKER_PORT, socket: { data() {} } })).end(),
  );
  await run("runtime/topics.ts").exited;
  const dashboard = run("dashboard/main.ts");
  children.push(dashboard);
  await until(async () => {
    if ((await fetch(`http://127.0.0.1:${PORT}/readyz`)).status !== 200) throw new Error("not ready");
  });
  await bench(dashboard.pid);
} finally {
  for (const child of children.reverse()) child.kill();
  await Promise.all(children.map((child) => child.exited));
  await rm(dataDir, { recursive: true, force: true });
}

async function bench(pid: number): Promise<void> {
  const log = { info() {}, warn: console.warn, error: console.error };
  const producer = await createProducer(
    createKafka({ brokers: [`127.0.0.1:${BROKER_PORT}`], clientId: "bench" }, log),
  );
  const load = await loadOf();
  let sent = 0;
  let sending = false;
  let markAt = Number.POSITIVE_INFINITY;
  const began = Date.now();
  const feed = setInterval(async () => {
    const due = Math.floor(((Date.now() - began) / 1_000) * PER_SECOND) - sent;
    if (sending || due <= 0) return;
    sending = true;
    sent += due;
    const half = Math.ceil(due / 2);
    // In the same batch as its neighbours: out of the order of the source offsets it would be a repeat.
    const isMarked = Date.now() >= markAt;
    if (isMarked) markAt = Date.now() + MARK_MS;
    const enriched = [...load.enriched(half), ...(isMarked ? [load.marker()] : [])];
    await Promise.all([producer.send("iot.raw", load.raw(half)), producer.send("iot.enriched", enriched)]);
    sending = false;
  }, TURN_MS);

  const browser = await launch();
  const url = `http://127.0.0.1:${PORT}`;
  const marked = await browser.newPage();
  await marked.goto(`${url}/messages?device=marker`, { waitUntil: "domcontentloaded" });
  await marked.waitForSelector("#pill[data-state=live]");
  await marked.evaluate(() => {
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
  markAt = 0;

  const overview = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await overview.goto(url, { waitUntil: "domcontentloaded" });
  await overview.waitForSelector("#pill[data-state=live]");
  await Bun.sleep(5_000);
  await overview.evaluate(() => {
    const page = window as unknown as { long: number[] };
    page.long = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) page.long.push(entry.duration);
    }).observe({ type: "longtask" });
  });
  const cdp = await overview.context().newCDPSession(overview);
  await cdp.send("Performance.enable");
  const thread = async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
    return { tasks: of("TaskDuration") * 1_000, heap: of("JSHeapUsedSize") / 1_048_576, nodes: of("Nodes") };
  };
  const [from, cpuFrom, sentFrom] = [await thread(), await cpuOf(pid), sent];
  await Bun.sleep(SECONDS * 1_000);
  const [to, cpuTo] = [await thread(), await cpuOf(pid)];
  const delays = (await marked.evaluate(() => (window as unknown as { delays: number[] }).delays)).sort(
    (a, b) => a - b,
  );
  const long = await overview.evaluate(() => (window as unknown as { long: number[] }).long);
  const perSecond = (to.tasks - from.tasks) / SECONDS;
  clearInterval(feed);
  await browser.close();
  await producer.stop();

  const at = (share: number) =>
    delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? Number.NaN;
  console.table({
    "messages per second": ((sent - sentFrom) / SECONDS).toFixed(0),
    "record to pixel, p50 / p95 / p99 ms": `${at(0.5)} / ${at(0.95)} / ${at(0.99)} (${delays.length} marked)`,
    "main thread of the overview, ms per second": perSecond.toFixed(0),
    "tasks over 50 ms": `${long.length} in ${SECONDS} s, longest ${Math.max(0, ...long).toFixed(0)} ms`,
    "heap, MiB / DOM nodes": `${to.heap.toFixed(1)} / ${to.nodes}`,
    "dashboard: CPU, % of a core": ((cpuTo.seconds - cpuFrom.seconds) * (100 / SECONDS)).toFixed(0),
    "dashboard: memory, MiB": cpuTo.mib.toFixed(0),
    ...(await weights(url)),
  });
  if (!(at(0.95) <= LIMIT_PIXEL_MS) || perSecond > LIMIT_THREAD_MS) process.exitCode = 1;
}

/** Messages as the simulator and the shipped registry make them, in turns. */
async function loadOf() {
  const view = await seededView();
  const raws = view.topics.raw.newest.rows;
  const rows = view.topics.enriched.newest.rows;
  const sources = new Map<number, number>();
  let turn = 0;
  const partitionOf = () => turn++ % 6;
  const messages = (from: typeof rows, count: number, headers: boolean): OutMessage[] =>
    Array.from({ length: count }, () => {
      const partition = partitionOf();
      const row = from[turn % from.length];
      return {
        key: row?.key ?? null,
        value: row?.value ?? null,
        partition,
        ...(headers && sourced(partition)),
      };
    });
  const sourced = (partition: number) => {
    const source = sources.get(partition) ?? 0;
    sources.set(partition, source + 1);
    return { headers: { [HEADERS.sourceOffset]: String(source) } };
  };
  const template = rows.findLast((row) => row.key === "sensor-001")?.value?.toString() ?? "{}";
  return {
    raw: (count: number) => messages(raws, count, false),
    enriched: (count: number) => messages(rows, count, true),
    marker(): OutMessage {
      const value = JSON.parse(template);
      value.device_id = "marker";
      value.timestamp = new Date().toISOString();
      const partition = partitionOf();
      return { key: "marker", value: JSON.stringify(value), partition, ...sourced(partition) };
    },
  };
}

async function weights(url: string): Promise<Record<string, string>> {
  const html = await (await fetch(url)).text();
  const scripts = [...html.matchAll(/src="([^"]+\.js)"/g)].map((match) => match[1] ?? "");
  const sizes = await Promise.all(
    scripts.map(async (path) => Bun.gzipSync(await (await fetch(url + path)).bytes(), { level: 9 }).length),
  );
  const kb = (bytes: number) => (bytes / 1_024).toFixed(1);
  const live = sizes[scripts.findIndex((path) => path.includes("/live-"))] ?? 0;
  return {
    "first page, KiB gz": kb(Bun.gzipSync(html).length),
    "scripts, KiB gz": `${kb(live)} without charts, ${kb(sizes.reduce((a, b) => a + b, 0))} with`,
  };
}

async function cpuOf(pid: number): Promise<{ seconds: number; mib: number }> {
  const shown = await new Response(
    Bun.spawn(["ps", "-o", "cputimes=,rss=", "-p", String(pid)]).stdout,
  ).text();
  const [seconds = 0, kib = 0] = shown.trim().split(/\s+/).map(Number);
  return { seconds, mib: kib / 1_024 };
}

async function until(attempt: () => Promise<unknown>): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; await Bun.sleep(100)) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

/**
 * The dashboard as it runs, over the embedded broker, and messages for it at a steady rate.
 *
 * Half of the messages go to iot.raw, half to iot.enriched, in turns over the partitions: as the simulator and the shipped
 * registry make them, with the time of their sending. None is enriched here: the dashboard is what is asked about.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededView } from "../docs/pictures.ts";
import { createKafka } from "../kafka/client.ts";
import { createProducer, type OutMessage } from "../kafka/producer.ts";
import { HEADERS } from "../schemas/topics.ts";

const PARTITIONS = 6;
const TURN_MS = 100;
const MAX_ARREARS_MS = 500;
const MARK_MS = 237;
const START_LIMIT_MS = 30_000;

export interface Stack {
  url: string;
  /** The dashboard's process. */
  pid: number;
  /** How many were sent so far. */
  sent(): number;
  /** How long each send took until it was acknowledged, ms: until then a message can be on no page. */
  acks(): number[];
  /** Starts to send one message of the device "marker" every 237 ms, or ends it. */
  mark(on: boolean): void;
  /** How many of them were sent. */
  marked(): number;
  stop(): Promise<void>;
}

export async function startStack(perSecond: number): Promise<Stack> {
  const dataDir = await mkdtemp(join(tmpdir(), "bench-dashboard-"));
  const [brokerPort, port] = [freePort(), freePort()];
  const brokers = `127.0.0.1:${brokerPort}`;
  const env = {
    ...process.env,
    KAFKA_BROKERS: brokers,
    PORT: String(port),
    DATA_DIR: dataDir,
    LOG_LEVEL: "warn",
  };
  const children: Bun.Subprocess[] = [];
  const run = (...args: string[]) => {
    const child = Bun.spawn([process.execPath, ...args], { env, stdio: ["ignore", "inherit", "inherit"] });
    children.push(child);
    return child;
  };
  let endFeed = async () => {};
  const stop = async () => {
    await endFeed();
    for (const child of children.toReversed()) {
      child.kill();
      await child.exited;
    }
    await rm(dataDir, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void stop().finally(() => process.exit(1)));
  try {
    run("broker/main.ts", "--port", String(brokerPort));
    await until(async () =>
      (await Bun.connect({ hostname: "127.0.0.1", port: brokerPort, socket: { data() {} } })).end(),
    );
    await run("runtime/prepare-topics.ts").exited;
    const dashboard = run("dashboard/main.ts");
    const url = `http://127.0.0.1:${port}`;
    await until(async () => {
      if ((await fetch(`${url}/readyz`)).status !== 200) throw new Error("not ready");
    });
    const feed = await startFeed(brokers, perSecond);
    endFeed = feed.stop;
    return {
      url,
      pid: dashboard.pid,
      sent: feed.sent,
      acks: feed.acks,
      mark: feed.mark,
      marked: feed.marked,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startFeed(brokers: string, perSecond: number) {
  const log = { info() {}, warn: console.warn, error: console.error };
  const producer = await createProducer(createKafka({ brokers: [brokers], clientId: "bench" }, log));
  const load = await loadOf();
  const acks: number[] = [];
  let sent = 0;
  let sending: Promise<unknown> | undefined;
  let markAt = Number.POSITIVE_INFINITY;
  let marked = 0;
  let until = Date.now();
  const timer = setInterval(() => {
    if (sending !== undefined) return;
    // What a stall left over is not made up for: a burst is another question.
    const since = Math.max(until, Date.now() - MAX_ARREARS_MS);
    const due = Math.floor(((Date.now() - since) / 1_000) * perSecond);
    until = since + (due / perSecond) * 1_000;
    if (due <= 0) return;
    sent += due;
    const half = Math.ceil(due / 2);
    // The marker goes into the same batch as its neighbours: out of the order of the source offsets it would be a repeat.
    const isMarked = Date.now() >= markAt;
    if (isMarked) {
      markAt = Date.now() + MARK_MS;
      marked++;
    }
    const enriched = [...load.enriched(half), ...(isMarked ? [load.marker()] : [])];
    const began = performance.now();
    sending = Promise.all([producer.send("iot.raw", load.raw(half)), producer.send("iot.enriched", enriched)])
      .then(() => acks.push(performance.now() - began))
      .catch((error: unknown) => console.error(`not sent: ${error}`))
      .finally(() => {
        sending = undefined;
      });
  }, TURN_MS);
  return {
    sent: () => sent,
    acks: () => acks,
    mark(on: boolean) {
      markAt = on ? 0 : Number.POSITIVE_INFINITY;
    },
    marked: () => marked,
    async stop() {
      clearInterval(timer);
      await sending;
      await producer.stop();
    },
  };
}

async function loadOf() {
  const view = await seededView();
  const { raw, enriched } = view.topics;
  const raws = raw.newest.rows.map(({ key, value }) => ({ key, pieces: timeless(value) }));
  const rows = enriched.newest.rows.map(({ key, value }) => ({ key, pieces: timeless(value) }));
  const sources = new Map<number, number>();
  let turn = 0;
  const sourced = (partition: number) => {
    const source = sources.get(partition) ?? 0;
    sources.set(partition, source + 1);
    return { headers: { [HEADERS.sourceOffset]: String(source) } };
  };
  const messages = (from: typeof rows, count: number, withSource: boolean): OutMessage[] => {
    const time = new Date().toISOString();
    return Array.from({ length: count }, () => {
      const partition = turn++ % PARTITIONS;
      const row = from[turn % from.length];
      const value = row?.pieces.join(time) ?? null;
      return { key: row?.key ?? null, value, partition, ...(withSource && sourced(partition)) };
    });
  };
  const template = rows.findLast((row) => row.key === "sensor-001")?.pieces ?? ["{}"];
  return {
    raw: (count: number) => messages(raws, count, false),
    enriched: (count: number) => messages(rows, count, true),
    marker(): OutMessage {
      const value = { ...JSON.parse(template.join(new Date().toISOString())), device_id: "marker" };
      const partition = turn++ % PARTITIONS;
      return { key: "marker", value: JSON.stringify(value), partition, ...sourced(partition) };
    },
  };
}

/** A text without its times, cut where they stood. */
const timeless = (value: Buffer | null): string[] =>
  (value?.toString() ?? "").split(/(?<="(?:timestamp|enriched_at)":")\d{4}-[^"]+(?=")/);

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function until(attempt: () => Promise<unknown>): Promise<void> {
  for (const deadline = Date.now() + START_LIMIT_MS; ; await Bun.sleep(100)) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

/** CPU seconds so far and resident memory of a process, by `ps`. */
export async function usageOf(pid: number): Promise<{ seconds: number; mib: number }> {
  const shown = await new Response(
    Bun.spawn(["ps", "-o", "cputimes=,rss=", "-p", String(pid)]).stdout,
  ).text();
  const [seconds = 0, kib = 0] = shown.trim().split(/\s+/).map(Number);
  return { seconds, mib: kib / 1_024 };
}

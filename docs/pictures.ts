/**
 * `bun run screenshots`: the pictures of README and docs, from seeded data and a fixed clock.
 *
 * In: the simulator with a seed, the pinned registry; what is wrong is put in by hand, so that there is something to see.
 * Out: docs/pictures/*.png. Needs Chromium.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadRegistry } from "../config/registry-file.ts";
import { bytesToText } from "../enrich/bytes-to-text.ts";
import { enrich } from "../enrich/enrich.fixture.ts";
import { showUsage } from "../runtime/usage.ts";
import { HEADERS } from "../schemas/topics.ts";
import { createFleet, numbered } from "../simulator/fleet.ts";
import { launch } from "../dashboard/chromium/browser.fixture.ts";
import { fold } from "../dashboard/model/fold.ts";
import { NOW, record } from "../dashboard/sample.fixture.ts";
import { serveDashboard } from "../dashboard/serve.fixture.ts";
import { createView, setCatalog, setEnds, setKafka, type ViewModel } from "../dashboard/model/view.ts";

const HOUR_MS = 3_600_000;
const PARTITIONS = 6;
const OFFSETS = 690_000;
/** The enrichment was restarted here: nothing for nine seconds, then what had waited. */
const RESTART = NOW - 8 * 60_000;
const RESTART_MS = 9_000;

type Message = Record<string, unknown> & {
  device_id: string;
  measurements: Record<string, Record<string, number>>;
};

/** What is wrong in the pictures, by device. */
const WRONG: Record<string, (message: Message, atMs: number) => Message | undefined> = {
  "breaker-007": (message) => {
    if (message.measurements.voltage) message.measurements.voltage.phase_b = 133.1;
    return message;
  },
  "meter-007": ({ measurements: { power_factor: _, ...measurements }, ...message }) => ({
    ...(message as Message),
    measurements,
  }),
  "breaker-019": (message, atMs) => (atMs > NOW - 42_000 ? undefined : message),
  "sensor-004": (message, atMs) => (atMs > NOW - 21 * 60_000 ? undefined : message),
};

export async function seededView(): Promise<ViewModel> {
  const loaded = await loadRegistry("test/registry/device-registry.json");
  const view = createView(NOW);
  view.coveredFrom = NOW - HOUR_MS;
  view.caughtUp = true;
  setKafka(view, true, NOW);
  view.kafka.since = NOW - 6 * 24 * HOUR_MS;
  setCatalog(view, { ...loaded, loadedAt: new Date(NOW - 29 * HOUR_MS).toISOString(), refusal: () => null });
  const next = {
    raw: Array(PARTITIONS).fill(OFFSETS),
    enriched: Array(PARTITIONS).fill(OFFSETS - 170),
    dlq: Array(PARTITIONS).fill(170),
  };

  const put = (key: string | null, value: Uint8Array, atMs: number) => {
    const partition = key === null ? 0 : Number(BigInt(Bun.hash(key)) % BigInt(PARTITIONS));
    const source = next.raw[partition]++;
    const add = (
      topic: "raw" | "enriched" | "dlq",
      offset: number,
      text: string | Uint8Array,
      headers: Record<string, string>,
    ) => {
      const message = record(offset, text, {
        key,
        timestamp: atMs,
        headers,
        ...(topic !== "raw" && { source }),
      });
      fold(view, { topic, partition, messages: [message], highWatermark: offset + 1 }, NOW);
    };
    add("raw", source, value, {});
    const waits = atMs >= RESTART && atMs < RESTART + RESTART_MS;
    const enrichedAt = waits ? RESTART + RESTART_MS + 40 : atMs + 3 + (source % 9);
    const bytes = Buffer.from(value);
    const result = enrich(
      bytesToText(bytes),
      { key, timestamp: atMs, bytes: bytes.length },
      loaded.plan,
      enrichedAt,
    );
    const registry = { [HEADERS.registry]: loaded.version };
    if (result.to === "enriched") add("enriched", next.enriched[partition]++, result.value, registry);
    else
      add("dlq", next.dlq[partition]++, value, {
        ...registry,
        [HEADERS.reason]: result.reason,
        [HEADERS.path]: result.path,
        [HEADERS.message]: result.message,
      });
  };

  const devices = numbered({ breakers: 36, meters: 16, sensors: 9 });
  const fleet = createFleet({ devices, seed: 7, faults: 0.0004 }, NOW - HOUR_MS);
  let turn = 0;
  for (let atMs = fleet.nextMs(); atMs < NOW; atMs = fleet.nextMs()) {
    for (const { message, fault } of fleet.take(atMs)) {
      if (message.value === null) continue;
      const wrong = message.key === null || fault !== undefined ? undefined : WRONG[message.key];
      const changed =
        wrong === undefined ? message.value : wrong(JSON.parse(String(message.value)) as Message, atMs);
      if (changed === undefined) continue;
      put(
        message.key,
        Buffer.from(
          typeof changed === "object" && !(changed instanceof Uint8Array) ? JSON.stringify(changed) : changed,
        ),
        atMs,
      );
    }
    if (turn++ % 120 === 0)
      for (const id of ["gw-0412", "gw-0413", "gw-0414"])
        put(
          id,
          Buffer.from(
            JSON.stringify({
              device_id: id,
              timestamp: new Date(atMs).toISOString(),
              event_type: "status_change",
              measurements: { fill_level: { value: 61 }, valve: { value: 1 } },
            }),
          ),
          atMs,
        );
  }
  for (const topic of ["raw", "enriched", "dlq"] as const)
    setEnds(
      view,
      topic,
      next[topic].map((high, partition) => ({ partition, high })),
    );
  return view;
}

async function takePictures(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const view = await seededView();
  const served = await serveDashboard({ view, now: () => NOW });
  const message = view.topics.enriched.newest.rows.findLast((row) => row.key === "breaker-007");
  const browser = await launch();
  const pictures = [
    { name: "overview-1440", path: "/", width: 1440, height: 1000 },
    {
      name: "message-1440",
      path: `/messages/enriched/${message?.partition}/${message?.offset}`,
      width: 1440,
      height: 1000,
    },
    { name: "overview-390", path: "/", width: 390, height: 844 },
  ];
  for (const colorScheme of ["light", "dark"] as const)
    for (const { name, path, width, height } of pictures) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme,
        deviceScaleFactor: 1,
      });
      const page = await context.newPage();
      await page.goto(`${served.url}${path}?live=off`, { waitUntil: "load" });
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), animations: "disabled" });
      await context.close();
    }
  await browser.close();
  await served.stop();
}

if (import.meta.main) {
  const [folder, ...more] = process.argv.slice(2);
  const isGiven = folder !== undefined && !folder.startsWith("-");
  showUsage(
    "bun run screenshots [FOLDER]   takes the pictures of README and docs into docs/pictures, or FOLDER; needs Chromium",
    [],
    isGiven ? more : process.argv.slice(2),
  );
  await takePictures(folder ?? "docs/pictures");
}

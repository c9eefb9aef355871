/** A dashboard without Kafka for tests and pictures: a view model that the test fills, served for real. */
import { createApp } from "./app.tsx";
import { type Archive, createArchive, type ArchiveBrokers } from "./reading/archive.ts";
import { loadAssets } from "./assets/manifest.ts";
import { createView, type ViewModel } from "./model/view.ts";
import type { Group } from "./reading/group.ts";
import { createHub } from "./stream/live.ts";

export interface Served {
  url: string;
  view: ViewModel;
  port: number;
  clients(): number;
  /** How long the oldest frame that a client has not taken waits, ms. */
  longestWait(): number;
  /** Requests that are not answered to their end: streams are among them. */
  open(): number;
  stop(): Promise<void>;
}

/** Nothing older than what is kept. */
const NOTHING: ArchiveBrokers = { from: async () => [], span: async () => undefined };

export const NO_GROUP: Group = { last: () => undefined, first: async () => undefined };

export interface ServeOptions {
  group?: Group;
  places?: ArchiveBrokers;
  /** The archive to use in place of one that asks `places`. */
  archive?: Archive;
  port?: number;
  view?: ViewModel;
  now?: () => number;
  hosts?: string[];
  /** What the streams say of their build; the pages' own if none is given. */
  build?: string;
  /** Has the streams tick when the test says; by the clock if it is not given. */
  start?: (tick: () => void) => () => void;
}

export async function appFor({
  view = createView(Date.now()),
  now = Date.now,
  places = NOTHING,
  archive = createArchive(view, places, now),
  group = NO_GROUP,
  hosts = [],
  build,
  start,
}: ServeOptions = {}) {
  const assets = await loadAssets();
  /** Brokers that are not said to be away answer at any time. */
  const clock = () => {
    const at = now();
    if (view.kafka.connected) view.kafka.answered = at;
    return at;
  };
  const hub = createHub(view, build ?? assets.build, { clock, start });
  const app = createApp({
    view,
    hub,
    archive,
    group,
    assets,
    now: clock,
    health: () => (view.kafka.connected ? [] : ["Kafka does not answer"]),
    probe: async () => undefined,
    version: "test",
    hosts,
  });
  return { app, hub, view, assets };
}

export async function serveDashboard(options: ServeOptions = {}): Promise<Served> {
  const { app, hub, view } = await appFor(options);
  const server = Bun.serve({ hostname: "127.0.0.1", port: options.port ?? 0, fetch: app.fetch });
  const port = server.port ?? 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    view,
    clients: hub.clients,
    longestWait: hub.longestWait,
    open: () => server.pendingRequests,
    async stop() {
      hub.stop();
      await server.stop(true);
    },
  };
}

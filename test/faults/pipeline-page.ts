/**
 * The pipeline page of a dashboard that reads what a run has left: its words on whether the accounts balance.
 *
 * In: the brokers, the topics' prefix, the enrichers' group; each enricher's counters go out as its heartbeat. Out: the page's HTML.
 * Everything is the real thing but the programs: heartbeat, reader, view, group, page.
 */
import { readSettings } from "../../config/env.ts";
import { appFor } from "../../dashboard/serve.fixture.ts";
import { askKafka, createGroup } from "../../dashboard/reading/group.ts";
import { startReader } from "../../dashboard/reading/reader.ts";
import { createView } from "../../dashboard/model/view.ts";
import { createKafka } from "../../kafka/client.ts";
import { startHeartbeat } from "../../runtime/heartbeat.ts";
import { createLog } from "../../runtime/log.ts";
import { until } from "../processes.fixture.ts";

const SILENT = { info() {}, warn() {}, error() {} };

/** As enrich/main.ts sends it, by the real heartbeat: once. */
export async function beat(
  brokers: string,
  prefix: string,
  instance: string,
  counters: Record<string, number>,
): Promise<void> {
  const heartbeat = startHeartbeat(
    {
      ...{ name: "enrich", version: "planted", instance, startedAt: new Date() },
      settings: readSettings({ TOPIC_PREFIX: prefix }),
      log: createLog("enrich", "fatal"),
      kafka: createKafka({ brokers: [brokers], clientId: "planted" }, SILENT),
    },
    () => ({ state: "ready", reasons: [], counters }),
  );
  await heartbeat.stop();
}

/** After `beats` instances have been heard. */
export async function pipelinePage(
  brokers: string,
  prefix: string,
  groupId: string,
  beats: number,
): Promise<string> {
  const { topics } = readSettings({ TOPIC_PREFIX: prefix });
  const kafka = createKafka({ brokers: [brokers], clientId: "page" }, SILENT);
  const view = createView(Date.now());
  let crash: Error | undefined;
  const reader = startReader({
    ...{ view, kafka, topics, groupId: `page-${prefix}`, log: SILENT },
    onCrash: (error) => {
      crash = error;
    },
  });
  try {
    await until(
      "the dashboard has read it all",
      () => {
        if (crash) throw crash;
        return view.caughtUp && view.services.size === beats;
      },
      { withinMs: 60_000 },
    );
    const group = createGroup(askKafka(kafka, groupId, topics.raw), () => {});
    const { app } = await appFor({ view, group });
    return await (await app.request("/pipeline", { headers: { host: "127.0.0.1" } })).text();
  } finally {
    await reader.stop();
  }
}

/**
 * A heartbeat each 5 s on `iot.services`: state, reasons, counters.
 *
 * A heartbeat that cannot be sent is skipped: its absence is what tells the readers.
 */
import { HEARTBEAT_INTERVAL_MS, type Heartbeat } from "../config/topic-specs.ts";
import { createProducer } from "../kafka/producer.ts";
import type { Settings } from "../config/env.ts";
import type { Kafka } from "../kafka/client.ts";
import type { Log } from "./log.ts";

export type Beat = Pick<Heartbeat, "state" | "reasons" | "counters" | "lag" | "registry">;

/** What a heartbeat says of its service, and what it is sent by. */
interface Sender {
  name: string;
  version: string;
  instance: string;
  startedAt: Date;
  settings: Settings;
  kafka: Kafka;
  log: Log;
}

export function startHeartbeat(sender: Sender, beat: () => Beat): { stop(): Promise<void> } {
  const { kafka, log, settings, name, instance } = sender;
  const producer = createProducer(kafka);
  let sending: Promise<void> | undefined;
  let stopped = false;

  const send = async () => {
    const value: Heartbeat = {
      service: name,
      instance,
      version: sender.version,
      started_at: sender.startedAt.toISOString(),
      at: new Date().toISOString(),
      host: instance.slice(0, instance.lastIndexOf(":")),
      ...beat(),
    };
    try {
      const target = await producer;
      await target.send(settings.topics.services, [
        { key: `${name}/${instance}`, value: JSON.stringify(value) },
      ]);
    } catch (error) {
      log.debug("heartbeat not sent", { error: String(error) });
    }
  };
  const tick = () => {
    // One at a time: while the brokers are away the next ones would only queue.
    if (stopped || sending !== undefined) return;
    sending = send().finally(() => {
      sending = undefined;
    });
  };
  tick();
  const timer = setInterval(tick, HEARTBEAT_INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      stopped = true;
      // A last one says "stopping"; while the brokers are away it must not hold the stop.
      await Promise.race([(sending ?? Promise.resolve()).then(send), Bun.sleep(500)]);
      await Promise.race([producer.then((open) => open.stop()).catch(() => {}), Bun.sleep(500)]);
    },
  };
}

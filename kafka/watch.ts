/** Asks the brokers every few seconds, on a connection of its own, whether messages wait; the watchdog judges. */

import type { Kafka } from "kafkajs";
import { endOffsets } from "./admin.ts";
import { sleep } from "./backoff.ts";
import { reasonOf } from "./errors.ts";
import { committedOffsets } from "./lag.ts";
import type { Watchdog } from "./watchdog.ts";

export interface WatchOptions {
  groupId: string;
  topics: string[];
  /** Where a partition begins for which the group has committed nothing. */
  fromBeginning: boolean;
  /** False: the group commits nothing. */
  commit: boolean;
  everyMs: number;
  /** A question that is open for so long is one that hangs: the client itself would say so after a minute. */
  lateMs?: number;
  stop: AbortSignal;
}

export function watchOffsets(kafka: Kafka, watchdog: Watchdog, options: WatchOptions) {
  const { groupId, topics, fromBeginning, commit, everyMs, lateMs = 5_000, stop } = options;
  let unreachable: string | undefined;
  /** Since when a question is open, ms. */
  let asking: number | undefined;

  async function run(): Promise<void> {
    for (;;) {
      await sleep(everyMs, stop);
      if (stop.aborted) return;
      asking = performance.now();
      try {
        for (const topic of topics) await compare(topic);
        unreachable = undefined;
      } catch (error) {
        unreachable = `group ${groupId}: the brokers do not report their offsets: ${reasonOf(error)}`;
      }
      asking = undefined;
    }
  }

  async function compare(topic: string): Promise<void> {
    const unknown = watchdog.unknown().filter((place) => place.topic === topic);
    const committed =
      commit && unknown.length > 0 ? await committedOffsets(kafka, groupId, topic) : undefined;
    for (const { partition, low, high } of await endOffsets(kafka, topic)) {
      const start = committed?.get(partition) ?? (fromBeginning ? low : high);
      if (unknown.some((place) => place.partition === partition)) watchdog.begins(topic, partition, start);
      watchdog.ends(topic, partition, high);
    }
  }

  function reason(): string | undefined {
    const openMs = asking === undefined ? 0 : performance.now() - asking;
    if (unreachable !== undefined || openMs < lateMs) return unreachable;
    return `group ${groupId}: the brokers have not reported their offsets for ${Math.round(openMs / 1000)} s`;
  }

  return { run, reason };
}

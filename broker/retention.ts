/**
 * Drops the oldest messages of each partition by age and by size, and gives the disk its pages back.
 *
 * A batch goes when its newest message is older than `retention.ms`, or when what is behind it fills
 * `retention.bytes`; as in Kafka only from the start of the log on. Steps are small: the broker serves between them.
 */
import type { Database } from "bun:sqlite";
import { pragma } from "./database.ts";
import type { Log } from "./log.ts";
import type { Topics } from "./topic-store.ts";

/** Batches of a partition, and pages. */
const STEP = 1_000;
const BETWEEN_STEPS_MS = 20;

/** Gives how to stop it. */
export function startRetention(database: Database, topics: Topics, log: Log, everyMs = 30_000): () => void {
  const check = () => {
    let isMore = false;
    try {
      isMore = sweep(topics, log, Date.now()) || vacuum(database);
    } catch (error) {
      log.report.error(`old messages cannot be dropped: ${error}`);
    }
    timer = setTimeout(check, isMore ? BETWEEN_STEPS_MS : everyMs).unref();
  };
  let timer: Timer = setTimeout(check, everyMs).unref();
  return () => clearTimeout(timer);
}

/** One step in each partition; true when there was something to drop. */
function sweep(topics: Topics, log: Log, now: number): boolean {
  let isMore = false;
  for (const { name, partitions } of topics.all()) {
    const ageMs = topics.limit(name, "retention.ms");
    const size = topics.limit(name, "retention.bytes");
    for (const partition of partitions) {
      let { logStart: start, bytes: left } = partition;
      for (const { lastOffset, maxTimestamp, bytes } of log.oldest(partition, STEP)) {
        const isOld = ageMs >= 0 && maxTimestamp < now - ageMs;
        const isTooMuch = size >= 0 && left - bytes >= size;
        if (!isOld && !isTooMuch) break;
        start = Math.max(start, lastOffset + 1);
        left -= bytes;
      }
      if (left === partition.bytes) continue;
      log.trim(partition, start);
      isMore = true;
    }
  }
  return isMore;
}

function vacuum(database: Database): boolean {
  if (pragma(database, "freelist_count") === 0) return false;
  // Each page is a row: they are only freed as the rows are read.
  database.query(`PRAGMA incremental_vacuum(${STEP})`).all();
  if (pragma(database, "freelist_count") === 0) database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  return true;
}

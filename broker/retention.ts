/**
 * Drops the oldest messages of each partition by age and by size, and gives the disk its pages back.
 *
 * A batch goes when its newest message is older than `retention.ms`, or when what is behind it fills
 * `retention.bytes`; as in Kafka only from the start of the log on. Steps are small: the broker serves between them.
 */
import type { Database } from "bun:sqlite";
import { pragma } from "./database.ts";
import type { Log } from "./log.ts";
import type { Topics } from "./topics.ts";

const STEP_BATCHES = 1_000;
const STEP_PAGES = 1_000;
const BETWEEN_STEPS_MS = 20;

/** Gives how to stop it. */
export function startRetention(database: Database, topics: Topics, log: Log, everyMs = 30_000): () => void {
  let timer: Timer;
  const check = () => {
    let isMore = false;
    try {
      isMore = sweep(topics, log, Date.now()) || vacuum(database);
    } catch (error) {
      log.report.error(`old messages cannot be dropped: ${error}`);
    }
    timer = setTimeout(check, isMore ? BETWEEN_STEPS_MS : everyMs).unref();
  };
  timer = setTimeout(check, everyMs).unref();
  return () => clearTimeout(timer);
}

/** One step in each partition; true while there is more to drop. */
function sweep(topics: Topics, log: Log, now: number): boolean {
  let isMore = false;
  for (const { name, partitions } of topics.all()) {
    const ageMs = topics.limit(name, "retention.ms");
    const size = topics.limit(name, "retention.bytes");
    for (const partition of partitions) {
      let { logStart: start, bytes: left } = partition;
      let count = 0;
      for (const { lastOffset, maxTimestamp, bytes } of log.places(partition)) {
        const isOld = ageMs >= 0 && maxTimestamp < now - ageMs;
        const isTooMuch = size >= 0 && left - bytes >= size;
        if ((!isOld && !isTooMuch) || count === STEP_BATCHES) break;
        start = Math.max(start, lastOffset + 1);
        left -= bytes;
        count++;
      }
      if (count > 0) log.trim(partition, start);
      isMore ||= count === STEP_BATCHES;
    }
  }
  return isMore;
}

function vacuum(database: Database): boolean {
  if (pragma(database, "freelist_count") === 0) return false;
  // Each page is a row: they are only freed as the rows are read.
  database.query(`PRAGMA incremental_vacuum(${STEP_PAGES})`).all();
  const isMore = pragma(database, "freelist_count") > 0;
  if (!isMore) database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  return isMore;
}

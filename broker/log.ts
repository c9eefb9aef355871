/**
 * The log of each partition: batches appended, read, found by time and trimmed in SQLite.
 *
 * In: whole batches, checked. Out: the same bytes, again checked, in offset order and without a hole.
 * Invariant: memory is changed after the transaction has committed, so a full disk leaves it as it was.
 */
import type { Database } from "bun:sqlite";
import type { BrokerLog } from "./broker.ts";
import { pragma } from "./database.ts";
import { type Producers, rememberSequence } from "./producers.ts";
import { type BatchHeader, batchFault, batchHeader, firstRecordSince, placeBatch } from "./protocol/batch.ts";

export interface Partition {
  topicId: number;
  topic: string;
  index: number;
  /** The first offset that may be read. */
  logStart: number;
  /** The offset of the next message. */
  end: number;
  /** Of all batches kept. */
  bytes: number;
  producers: Producers;
  /** Fetches that wait; called with the bytes that came, infinite when the topic is deleted. */
  waiters: Set<(bytes: number) => void>;
}

export interface Write {
  partition: Partition;
  batch: Buffer;
  header: BatchHeader;
}

interface BatchRow {
  base_offset: number;
  last_offset: number;
  data: Uint8Array;
}

interface Place {
  base_offset: number;
  last_offset: number;
  max_timestamp: number;
  bytes: number;
}

export type ReadResult = { batches: Buffer[]; bytes: number; damaged: boolean };

/** Batches looked at after a start for what idempotent producers wrote last. */
const RECENT_BATCHES = 200;
/** Deleted or vacuumed in one step, so that no step holds up the broker for long. */
const STEP = 1_000;

export class Log {
  private readonly insert;
  private readonly select;
  private readonly places;
  private readonly since;
  private readonly moveStart;
  private readonly remove;
  private writable = true;
  private readonly reported = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly log: BrokerLog,
  ) {
    const place = "topic_id = ? AND partition = ?";
    this.insert = database.query("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.select = database.query<BatchRow, [number, number, number]>(
      `SELECT base_offset, last_offset, data FROM batch WHERE ${place} AND last_offset >= ? ORDER BY last_offset`,
    );
    this.places = database.query<Place, [number, number, number]>(
      `SELECT base_offset, last_offset, max_timestamp, bytes FROM batch
       WHERE ${place} AND last_offset >= ? ORDER BY last_offset`,
    );
    this.since = database.query<BatchRow, [number, number, number, number]>(
      `SELECT base_offset, last_offset, data FROM batch
       WHERE ${place} AND last_offset >= ? AND max_timestamp >= ? ORDER BY last_offset`,
    );
    this.moveStart = database.query("INSERT OR REPLACE INTO log_start VALUES (?, ?, ?)");
    this.remove = database.query(`DELETE FROM batch WHERE ${place} AND last_offset < ?`);
  }

  /** A partition as the database has it; a torn tail is cut back to the last whole batch, and said. */
  load(topicId: number, topic: string, index: number): Partition {
    const { log_start } = this.database
      .query<{ log_start: number }, [number, number]>(
        "SELECT max(log_start) AS log_start FROM log_start WHERE topic_id = ? AND partition = ?",
      )
      .get(topicId, index) ?? { log_start: 0 };
    const partition: Partition = {
      topicId,
      topic,
      index,
      logStart: log_start ?? 0,
      end: log_start ?? 0,
      bytes: 0,
      producers: new Map(),
      waiters: new Set(),
    };
    this.cutTornTail(partition);
    const sum = this.database
      .query<{ bytes: number | null; end: number | null }, [number, number]>(
        "SELECT sum(bytes) AS bytes, max(last_offset) + 1 AS end FROM batch WHERE topic_id = ? AND partition = ?",
      )
      .get(topicId, index);
    partition.bytes = sum?.bytes ?? 0;
    partition.end = Math.max(partition.end, sum?.end ?? 0);
    return partition;
  }

  /** Walks back from the newest batch to the first whole one; what it meets on the way is cut off. */
  private cutTornTail(partition: Partition): void {
    const newest = this.database.query<BatchRow & { rowid: number }, [number, number]>(
      `SELECT rowid, base_offset, last_offset, data FROM batch
       WHERE topic_id = ? AND partition = ? ORDER BY last_offset DESC LIMIT ${RECENT_BATCHES}`,
    );
    const recent: { header: BatchHeader; baseOffset: number }[] = [];
    for (const row of newest.all(partition.topicId, partition.index)) {
      const batch = intactBatch(row);
      if (batch) {
        recent.unshift({ header: batchHeader(batch), baseOffset: row.base_offset });
      } else if (recent.length === 0) {
        this.log.error(
          `${partition.topic}[${partition.index}]@${row.base_offset}: damaged at the end of the log; ` +
            `offsets ${row.base_offset} to ${row.last_offset} are cut off`,
        );
        this.database.run("DELETE FROM batch WHERE rowid = ?", [row.rowid]);
      }
    }
    for (const { header, baseOffset } of recent) rememberSequence(partition.producers, header, baseOffset);
  }

  /** Stores the batches of one request in one transaction; gives their base offsets. Throws when SQLite does. */
  append(writes: Write[]): number[] {
    const offsets: number[] = [];
    try {
      this.database.transaction(() => {
        for (const { partition, batch, header } of writes) {
          const { topicId, index, end } = partition;
          placeBatch(batch, end);
          offsets.push(end);
          this.insert.run(
            topicId,
            index,
            end + header.count - 1,
            end,
            header.maxTimestamp,
            batch.length,
            batch,
          );
        }
      })();
    } catch (error) {
      if (this.writable) this.log.error(`cannot write: ${message(error)}; produce requests are refused`);
      this.writable = false;
      throw error;
    }
    if (!this.writable) this.log.info("writes work again");
    this.writable = true;
    for (const { partition, batch, header } of writes) {
      rememberSequence(partition.producers, header, partition.end);
      partition.end += header.count;
      partition.bytes += batch.length;
      for (const wake of [...partition.waiters]) wake(batch.length);
    }
    return offsets;
  }

  /** Whole batches from the one that holds `offset`, up to `maxBytes`, but one at least. Stops before damage. */
  read(partition: Partition, offset: number, maxBytes: number): ReadResult {
    const result: ReadResult = { batches: [], bytes: 0, damaged: false };
    if (offset >= partition.end) return result;
    let expected: number | undefined;
    try {
      for (const row of this.select.iterate(partition.topicId, partition.index, offset)) {
        const batch = intactBatch(row);
        const follows = expected === undefined ? row.base_offset <= offset : row.base_offset === expected;
        if (!batch || !follows) {
          this.reportDamage(partition, expected ?? offset, row.last_offset + 1);
          result.damaged = true;
          break;
        }
        if (result.batches.length > 0 && result.bytes + batch.length > maxBytes) break;
        result.batches.push(batch);
        result.bytes += batch.length;
        expected = row.last_offset + 1;
        if (result.bytes >= maxBytes) break;
      }
    } catch (error) {
      this.reportDamage(partition, expected ?? offset, undefined, error);
      result.damaged = true;
    }
    return result;
  }

  /** Said once for each place, however often a consumer tries. */
  private reportDamage(
    partition: Partition,
    offset: number,
    next: number | undefined,
    error?: unknown,
  ): void {
    const place = `${partition.topic}[${partition.index}]@${offset}`;
    if (this.reported.has(place)) return;
    this.reported.add(place);
    const why = error === undefined ? "expected a whole batch, found damage" : message(error);
    const advice = next === undefined ? "" : `; set the group's offset to ${next} to go on behind it`;
    this.log.error(`${place}: ${why}${advice}`);
  }

  /** The first message at or after `timestamp` (ms), in offset order. */
  firstSince(partition: Partition, timestamp: number): { offset: number; timestamp: number } | undefined {
    const { topicId, index, logStart } = partition;
    for (const row of this.since.iterate(topicId, index, logStart, timestamp)) {
      const batch = intactBatch(row);
      const found = batch && firstRecordSince(batch, timestamp);
      if (found) return { ...found, offset: Math.max(found.offset, logStart) };
    }
    return undefined;
  }

  /** Batches in offset order without their data, from the log start on. */
  walk(partition: Partition): IterableIterator<Place> {
    return this.places.iterate(partition.topicId, partition.index, partition.logStart);
  }

  /** Moves the log start up to `offset` and drops the batches that lie before it as a whole. */
  trim(partition: Partition, offset: number): void {
    const { topicId, index } = partition;
    let dropped = 0;
    for (const place of this.walk(partition)) {
      if (place.last_offset >= offset) break;
      dropped += place.bytes;
    }
    this.database.transaction(() => {
      this.moveStart.run(topicId, index, offset);
      this.remove.run(topicId, index, offset);
    })();
    partition.logStart = offset;
    partition.bytes -= dropped;
  }

  /** Gives free pages back to the disk, some at a time; true while there are more. */
  vacuum(): boolean {
    this.database.query(`PRAGMA incremental_vacuum(${STEP})`).all();
    return pragma(this.database, "freelist_count") > 0;
  }
}

/** The batch of a row, if it is whole and is the one that its row says; else undefined. */
function intactBatch(row: BatchRow): Buffer | undefined {
  const batch = Buffer.from(row.data.buffer, row.data.byteOffset, row.data.byteLength);
  if (batchFault(batch)) return undefined;
  const { baseOffset, lastOffset } = batchHeader(batch);
  return baseOffset === row.base_offset && lastOffset === row.last_offset ? batch : undefined;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

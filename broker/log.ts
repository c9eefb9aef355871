/**
 * The log of each partition: batches appended, read, found by time and trimmed in SQLite.
 *
 * In: whole batches, checked. Out: the same bytes, again checked, in offset order and without a hole.
 * Invariant: memory changes after the transaction has committed, so a full disk leaves it as it was.
 */
import type { Database } from "bun:sqlite";
import type { BrokerLog } from "./broker.ts";
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
  /** Fetches that wait; called with the bytes that came, infinitely many when the topic is deleted. */
  waiters: Set<(bytes: number) => void>;
}

export interface Write {
  partition: Partition;
  batch: Buffer;
  header: BatchHeader;
}

interface Row {
  baseOffset: number;
  lastOffset: number;
  data: Uint8Array;
}

type Place = Omit<Row, "data"> & { maxTimestamp: number; bytes: number };

/** Batches looked at after a start: for a torn end, and for what idempotent producers wrote last. */
const RECENT_BATCHES = 200;

export class Log {
  private readonly reported = new Set<string>();
  private isWritable = true;

  constructor(
    private readonly database: Database,
    private readonly report: BrokerLog,
  ) {}

  load(topicId: number, topic: string, index: number): Partition {
    const partition: Partition = {
      topicId,
      topic,
      index,
      logStart: 0,
      end: 0,
      bytes: 0,
      producers: new Map(),
      waiters: new Set(),
    };
    this.readTail(partition);
    const known = this.database.query<{ logStart: number; end: number; bytes: number }, [number, number]>(`
      SELECT ifnull(max(logStart), 0) AS logStart,
        (SELECT ifnull(max(lastOffset) + 1, 0) FROM batch WHERE topicId = ?1 AND partition = ?2) AS end,
        (SELECT ifnull(sum(bytes), 0) FROM batch WHERE topicId = ?1 AND partition = ?2) AS bytes
      FROM start WHERE topicId = ?1 AND partition = ?2`);
    Object.assign(partition, known.get(topicId, index));
    partition.end = Math.max(partition.end, partition.logStart);
    return partition;
  }

  /** Cuts a torn end off, back to the last whole batch, and says so; then fills `producers`. */
  private readTail(partition: Partition): void {
    const { topic, topicId, index, producers } = partition;
    const newest = this.database.query<Row & { rowid: number }, [number, number]>(`
      SELECT rowid, baseOffset, lastOffset, data FROM batch WHERE topicId = ? AND partition = ?
      ORDER BY lastOffset DESC LIMIT ${RECENT_BATCHES}`);
    const whole: BatchHeader[] = [];
    for (const row of newest.all(topicId, index)) {
      const batch = intact(row);
      if (batch) whole.unshift(batchHeader(batch));
      if (whole.length > 0) continue;
      this.database.run("DELETE FROM batch WHERE rowid = ?", [row.rowid]);
      const place = `${topic}[${index}]@${row.baseOffset}`;
      this.report.error(
        `${place}: damage at the end; offsets ${row.baseOffset} to ${row.lastOffset} are cut off`,
      );
    }
    for (const header of whole) rememberSequence(producers, header, header.baseOffset);
  }

  /** Stores the batches of one request, all or, when SQLite cannot write, none: then false. */
  append(writes: Write[]): boolean {
    if (writes.length === 0) return true;
    const insert = this.database.query("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)");
    try {
      this.database.transaction(() => {
        for (const { partition, batch, header } of writes) {
          const { topicId, index, end } = partition;
          placeBatch(batch, end);
          insert.run(topicId, index, end + header.count - 1, end, header.maxTimestamp, batch.length, batch);
        }
      })();
    } catch (error) {
      if (this.isWritable) this.report.error(`cannot write (${text(error)}): produce requests are refused`);
      this.isWritable = false;
      return false;
    }
    if (!this.isWritable) this.report.info("writes work again");
    this.isWritable = true;
    for (const { partition, batch, header } of writes) {
      rememberSequence(partition.producers, header, partition.end);
      partition.end += header.count;
      partition.bytes += batch.length;
      for (const wake of [...partition.waiters]) wake(batch.length);
    }
    return true;
  }

  /** Whole batches from the one that holds `offset`, up to `maxBytes`, but one at least. Stops before damage. */
  read(partition: Partition, offset: number, maxBytes: number): { batches: Buffer[]; damaged: boolean } {
    const batches: Buffer[] = [];
    if (offset >= partition.end) return { batches, damaged: false };
    const rows = this.database.query<Row, [number, number, number]>(`
      SELECT baseOffset, lastOffset, data FROM batch
      WHERE topicId = ? AND partition = ? AND lastOffset >= ? ORDER BY lastOffset`);
    let next = offset;
    let bytes = 0;
    try {
      for (const row of rows.iterate(partition.topicId, partition.index, offset)) {
        const batch = intact(row);
        const follows = batches.length === 0 ? row.baseOffset <= next : row.baseOffset === next;
        if (!batch || !follows) throw new Error(`damaged; the next batch may be at ${row.lastOffset + 1}`);
        if (bytes > 0 && bytes + batch.length > maxBytes) break;
        batches.push(batch);
        bytes += batch.length;
        next = row.lastOffset + 1;
        if (bytes >= maxBytes) break;
      }
    } catch (error) {
      this.reportOnce(`${partition.topic}[${partition.index}]@${next}: ${text(error)}`);
      return { batches, damaged: true };
    }
    return { batches, damaged: false };
  }

  /** However often a consumer tries. */
  private reportOnce(problem: string): void {
    if (!this.reported.has(problem)) this.report.error(problem);
    this.reported.add(problem);
  }

  /** The first message at or after `timestamp` (ms), in offset order. */
  firstSince({ topicId, index, logStart }: Partition, timestamp: number) {
    const rows = this.database.query<Row, [number, number, number, number]>(`
      SELECT baseOffset, lastOffset, data FROM batch
      WHERE topicId = ? AND partition = ? AND lastOffset >= ? AND maxTimestamp >= ? ORDER BY lastOffset`);
    for (const row of rows.iterate(topicId, index, logStart, timestamp)) {
      const batch = intact(row);
      const found = batch && firstRecordSince(batch, timestamp);
      if (found) return { ...found, offset: Math.max(found.offset, logStart) };
    }
    return undefined;
  }

  /** The batches from the oldest on, without their data. */
  places({ topicId, index }: Partition): IterableIterator<Place> {
    const rows = this.database.query<Place, [number, number]>(`
      SELECT baseOffset, lastOffset, maxTimestamp, bytes FROM batch
      WHERE topicId = ? AND partition = ? ORDER BY lastOffset`);
    return rows.iterate(topicId, index);
  }

  /** Moves the log start up to `offset` and drops the batches that lie before it as a whole. */
  trim(partition: Partition, offset: number): void {
    const { topicId, index } = partition;
    let dropped = 0;
    for (const { lastOffset, bytes } of this.places(partition)) {
      if (lastOffset >= offset) break;
      dropped += bytes;
    }
    this.database.transaction(() => {
      this.database.run("INSERT OR REPLACE INTO start VALUES (?, ?, ?)", [topicId, index, offset]);
      const where = "topicId = ? AND partition = ? AND lastOffset < ?";
      this.database.run(`DELETE FROM batch WHERE ${where}`, [topicId, index, offset]);
    })();
    partition.logStart = offset;
    partition.bytes -= dropped;
  }
}

/** The batch of a row, if it is whole and the one that its row says; else undefined. */
function intact({ data, baseOffset, lastOffset }: Row): Buffer | undefined {
  const batch = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (batchFault(batch)) return undefined;
  const header = batchHeader(batch);
  return header.baseOffset === baseOffset && header.lastOffset === lastOffset ? batch : undefined;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

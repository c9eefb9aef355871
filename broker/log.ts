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

export type Write = { partition: Partition; batch: Buffer; header: BatchHeader };
type Place = { lastOffset: number; maxTimestamp: number; bytes: number };
type Bounds = { logStart: number; end: number };
type Row = { baseOffset: number; lastOffset: number; data: Uint8Array };

/** Looked at after a start for what idempotent producers wrote last. SQLite reads a batch to the end even for its header. */
const RECENT = { batches: 500, bytes: 8_000_000 };
const HERE = "WHERE topicId = ?1 AND partition = ?2";
const OF_PARTITION = `FROM batch ${HERE}`;

export class Log {
  private readonly reported = new Set<string>();
  private isWritable = true;

  constructor(
    private readonly database: Database,
    readonly report: BrokerLog,
  ) {}

  load(topicId: number, topic: string, index: number): Partition {
    const place = [topicId, index];
    const name = `${topic}[${index}]`;
    this.cutTornEnd(place, name);
    const newest = this.database.query<{ header: Uint8Array; bytes: number }, number[]>(
      `SELECT substr(data, 1, 61) AS header, bytes ${OF_PARTITION} ORDER BY lastOffset DESC LIMIT ${RECENT.batches}`,
    );
    const recent: Buffer[] = [];
    let left = RECENT.bytes;
    for (const { header, bytes } of newest.iterate(...place)) {
      if (header.length === 61) recent.unshift(Buffer.from(header));
      left -= bytes;
      if (left < 0) break;
    }
    const producers: Producers = new Map();
    for (const header of recent) rememberSequence(producers, batchHeader(header));
    const bounds = this.database.query<Bounds, number[]>(`SELECT * FROM bounds ${HERE}`);
    const { logStart, end } = bounds.get(...place) ?? { logStart: 0, end: 0 };
    const found = this.database.query<{ bytes: number; last: number }, number[]>(
      `SELECT ifnull(sum(bytes), 0) AS bytes, ifnull(max(lastOffset) + 1, ?3) AS last ${OF_PARTITION}`,
    );
    const { bytes, last } = found.get(...place, logStart) ?? { bytes: 0, last: logStart };
    const isShort = last < end;
    if (isShort) this.report.error(`${name}@${last}: damage; offsets ${last} to ${end - 1} cannot be found`);
    const state = { logStart, end: Math.max(end, last), bytes, producers };
    return { topicId, topic, index, ...state, waiters: new Set() };
  }

  /** Cuts back to the last whole batch, and says what went. */
  private cutTornEnd(place: number[], name: string): void {
    const newest = this.database.query<Row & { rowid: number }, number[]>(
      `SELECT rowid, baseOffset, lastOffset, data ${OF_PARTITION} ORDER BY lastOffset DESC LIMIT 1`,
    );
    for (let row = newest.get(...place); row && !intact(row); row = newest.get(...place)) {
      const { rowid, baseOffset: from, lastOffset: to } = row;
      this.report.error(`${name}@${from}: damage at the end; offsets ${from} to ${to} are cut off`);
      this.database.run("DELETE FROM batch WHERE rowid = ?", [rowid]);
      this.database.run(`UPDATE bounds SET end = ?3 ${HERE}`, [...place, from]);
    }
  }

  private setBounds({ topicId, index }: Partition, logStart: number, end: number): void {
    const set = this.database.query("INSERT OR REPLACE INTO bounds VALUES (?, ?, ?, ?)");
    set.run(topicId, index, logStart, end);
  }

  /** Stores the batches of one request, all or, when SQLite cannot write, none: then false. */
  append(writes: Write[]): boolean {
    const insert = this.database.query("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)");
    try {
      this.database.transaction(() => {
        for (const { partition, batch, header } of writes) {
          const { topicId, index, end } = partition;
          placeBatch(batch, end);
          insert.run(topicId, index, end + header.count - 1, end, header.maxTimestamp, batch.length, batch);
          this.setBounds(partition, partition.logStart, end + header.count);
        }
      })();
    } catch (error) {
      if (this.isWritable) this.report.error(`cannot write (${error}): produce requests are refused`);
      this.isWritable = false;
      return false;
    }
    if (!this.isWritable) this.report.info("writes work again");
    this.isWritable = true;
    for (const { partition, batch, header } of writes) {
      rememberSequence(partition.producers, { ...header, baseOffset: partition.end });
      partition.end += header.count;
      partition.bytes += batch.length;
      for (const wake of [...partition.waiters]) wake(batch.length);
    }
    return true;
  }

  /** Whole batches from the one that holds `offset`, up to `maxBytes`, but one at least. Stops before damage. */
  read(partition: Partition, offset: number, maxBytes: number): { batches: Buffer[]; damaged: boolean } {
    const batches: Buffer[] = [];
    let next = offset;
    let bytes = 0;
    try {
      for (const row of offset < partition.end ? this.rows(partition, offset) : []) {
        const batch = intact(row);
        const follows = batches.length === 0 ? row.baseOffset <= next : row.baseOffset === next;
        if (!batch || !follows) throw new Error(`damaged; the next batch may be at ${row.lastOffset + 1}`);
        if (bytes > 0 && bytes + batch.length > maxBytes) break;
        batches.push(batch);
        bytes += batch.length;
        next = row.lastOffset + 1;
        // The next one is most often as large, and SQLite would read all of it.
        if (bytes + batch.length > maxBytes) break;
      }
      if (batches.length === 0 && offset < partition.end) throw new Error("damaged; nothing is there");
    } catch (error) {
      const problem = `${partition.topic}[${partition.index}]@${next}: ${error}`;
      // Once, however often a consumer tries.
      if (!this.reported.has(problem)) this.report.error(problem);
      this.reported.add(problem);
      return { batches, damaged: true };
    }
    return { batches, damaged: false };
  }

  /** In offset order, from the batch that holds `offset` on. */
  private rows({ topicId, index }: Partition, offset: number, since = Number.MIN_SAFE_INTEGER) {
    const wanted = "AND lastOffset >= ?3 AND maxTimestamp >= ?4 ORDER BY lastOffset";
    const sql = `SELECT baseOffset, lastOffset, data ${OF_PARTITION} ${wanted}`;
    return this.database.query<Row, number[]>(sql).iterate(topicId, index, offset, since);
  }

  /** The first message at or after `timestamp` (ms), in offset order. */
  firstSince(partition: Partition, timestamp: number) {
    for (const row of this.rows(partition, partition.logStart, timestamp)) {
      const batch = intact(row);
      const found = batch && firstRecordSince(batch, timestamp, partition.logStart);
      if (found) return found;
    }
    return undefined;
  }

  /** The batches from the oldest on, without their data. */
  places({ topicId, index }: Partition): IterableIterator<Place> {
    const sql = `SELECT lastOffset, maxTimestamp, bytes ${OF_PARTITION} ORDER BY lastOffset`;
    return this.database.query<Place, number[]>(sql).iterate(topicId, index);
  }

  /** Moves the log start up to `offset` and drops the batches that lie before it as a whole. */
  trim(partition: Partition, offset: number): void {
    const { topicId, index } = partition;
    const sql = `DELETE ${OF_PARTITION} AND lastOffset < ?3 RETURNING bytes`;
    const dropped = this.database.transaction(() => {
      this.setBounds(partition, offset, partition.end);
      return this.database.query<Place, number[]>(sql).all(topicId, index, offset);
    })();
    partition.logStart = offset;
    for (const { bytes } of dropped) partition.bytes -= bytes;
  }
}

/** The batch of a row, if it is whole and the one that its row says; else undefined. */
function intact({ data, baseOffset, lastOffset }: Row): Buffer | undefined {
  const batch = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (batchFault(batch)) return undefined;
  const header = batchHeader(batch);
  return header.baseOffset === baseOffset && header.lastOffset === lastOffset ? batch : undefined;
}

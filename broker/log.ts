/**
 * The log of each partition: batches appended, read, found by time and trimmed in SQLite, the large ones in files beside it.
 *
 * In: whole batches, checked. Out: the same bytes, again checked, in offset order and without a hole.
 * Invariant: first the file, then the transaction that tells of it, then memory: a full disk or a kill leaves all as it was.
 */
import type { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrokerLog } from "./broker.ts";
import { DataFolderError } from "./database.ts";
import { type Producers, rememberSequence } from "./producers.ts";
import { type BatchHeader, batchHeader } from "../batches/header.ts";
import { type Budget, firstRecordSince, isSound, placeBatch } from "./protocol/batch.ts";

export interface Partition {
  topicId: number;
  topic: string;
  index: number;
  /** The first offset that may be read. */
  logStart: number;
  /** The offset of the next message. */
  end: number;
  /** The size of all batches that are kept. */
  bytes: number;
  producers: Producers;
  /** Fetches that wait; called with the bytes that came, infinitely many when the topic is deleted. */
  waiters: Set<(bytes: number) => void>;
}

export type Write = { partition: Partition; batch: Buffer; header: BatchHeader };
type BatchSummary = { lastOffset: number; maxTimestamp: number; bytes: number };
type Bounds = { logStart: number; end: number };
/** `data`: null when it is in a file. `sum`: of its bytes; null when it is of version 1. */
type Row = BatchSummary & { baseOffset: number; data: Uint8Array | null; sum: number | null };

/** SQLite would write it twice, page by page, and wait for the disk every few MB. Source: sqlite.org/intern-v-extern-blob.html */
const OWN_FILE_BYTES = 65_536;
/** Looked at after a start for what idempotent producers wrote last. SQLite reads a batch to the end even for its header. */
const RECENT = { batches: 500, bytes: 8_000_000 };
const HERE = "WHERE topicId = ?1 AND partition = ?2";
const OF_PARTITION = `FROM batch ${HERE}`;
const NEWEST_FIRST = `SELECT * ${OF_PARTITION} ORDER BY lastOffset DESC`;

export class Log {
  private readonly reported = new Set<string>();
  private isWritable = true;

  /** `folder`: of the large batches; undefined: in memory, all of them. */
  constructor(
    private readonly database: Database,
    readonly report: BrokerLog,
    private readonly folder: string | undefined,
    private readonly fsync = false,
  ) {
    if (folder === undefined) return;
    if (!existsSync(folder) && database.query("SELECT 1 FROM batch WHERE data IS NULL").get())
      throw new DataFolderError(`${folder} is gone, but the database that refers to it is not; put it back`);
    mkdirSync(folder, { recursive: true });
    const row = database.query(`SELECT 1 ${OF_PARTITION} AND lastOffset = ?3 AND data IS NULL`);
    // A kill may leave a file that no row tells of.
    for (const name of readdirSync(folder))
      if (/^\d+-\d+-\d+$/.test(name) && !row.get(...name.split("-").map(Number))) rmSync(join(folder, name));
  }

  /** Cuts back to the last whole batch, and says what went. */
  load(topicId: number, topic: string, index: number): Partition {
    const place = [topicId, index];
    const name = `${topic}[${index}]`;
    const bounds = this.database.query<Bounds, number[]>(`SELECT logStart, end FROM bounds ${HERE}`);
    const known = bounds.get(...place) ?? { logStart: 0, end: 0 };
    const state = { bytes: 0, producers: new Map(), waiters: new Set<never>() };
    const partition: Partition = { topicId, topic, index, ...known, ...state };
    const recent: BatchHeader[] = [];
    let left = RECENT.bytes;
    for (const row of this.database.query<Row, number[]>(NEWEST_FIRST).iterate(...place)) {
      const batch = this.intact(partition, row);
      const { baseOffset: from, lastOffset: to } = row;
      if (batch) recent.unshift(batchHeader(batch));
      else if (recent.length === 0) {
        this.report.error(`${name}@${from}: damage at the end; offsets ${from} to ${to} are cut off`);
        this.database.run(`DELETE ${OF_PARTITION} AND lastOffset = ?3`, [...place, to]);
        partition.end = from;
        this.setBounds(partition);
      }
      left -= batch?.length ?? 0;
      if (left < 0 || recent.length === RECENT.batches) break;
    }
    for (const header of recent) rememberSequence(partition.producers, header);
    const found = this.database.query<{ bytes: number; last: number }, number[]>(
      `SELECT ifnull(sum(bytes), 0) AS bytes, ifnull(max(lastOffset) + 1, ?3) AS last ${OF_PARTITION}`,
    );
    const { bytes, last } = found.get(...place, known.logStart) ?? { bytes: 0, last: known.logStart };
    if (last < partition.end)
      this.report.error(`${name}@${last}: damage; offsets ${last} to ${partition.end - 1} cannot be found`);
    return Object.assign(partition, { bytes, end: Math.max(partition.end, last) });
  }

  private setBounds({ topicId, index, logStart, end }: Partition): void {
    const set = this.database.query("INSERT OR REPLACE INTO bounds VALUES (?, ?, ?, ?)");
    set.run(topicId, index, logStart, end);
  }

  /** Stores the batches of one request, all or, when SQLite cannot write, none: then false. */
  append(writes: Write[]): boolean {
    const insert = this.database.query("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    try {
      this.database.transaction(() => {
        for (const { partition, batch, header } of writes) {
          const { topicId, index, end } = partition;
          placeBatch(batch, end);
          const last = end + header.lastDelta;
          const inFile = this.folder !== undefined && batch.length >= OWN_FILE_BYTES;
          if (inFile) writeFileSync(this.fileOf(partition, last), batch, { flush: this.fsync });
          const kept = [inFile ? null : batch, Bun.hash.crc32(batch)];
          // What has no time of its own ages from its arrival on.
          const time = header.maxTimestamp < 0 ? Date.now() : header.maxTimestamp;
          insert.run(topicId, index, last, end, time, batch.length, ...kept);
          this.setBounds({ ...partition, end: last + 1 });
        }
      })();
    } catch (error) {
      if (this.isWritable) this.report.error(`cannot write (${error}): produce requests are refused`);
      this.isWritable = false;
      for (const { partition, header } of writes) this.dropFile(partition, partition.end + header.lastDelta);
      return false;
    }
    if (!this.isWritable) this.report.info("writes work again");
    this.isWritable = true;
    for (const { partition, batch, header } of writes) {
      rememberSequence(partition.producers, { ...header, baseOffset: partition.end });
      partition.end += header.lastDelta + 1;
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
        if (bytes > 0 && bytes + row.bytes > maxBytes) break;
        const batch = this.intact(partition, row);
        const follows = batches.length === 0 ? row.baseOffset <= next : row.baseOffset === next;
        if (!batch || !follows) throw new Error(`damaged; the next batch may be at ${row.lastOffset + 1}`);
        batches.push(batch);
        bytes += batch.length;
        next = row.lastOffset + 1;
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

  /** Reads batches in offset order, from the one that holds `offset` on. */
  private rows({ topicId, index }: Partition, offset: number, since = Number.MIN_SAFE_INTEGER) {
    const sql = `SELECT * ${OF_PARTITION} AND lastOffset >= ?3 AND maxTimestamp >= ?4 ORDER BY lastOffset`;
    return this.database.query<Row, number[]>(sql).iterate(topicId, index, offset, since);
  }

  /** The first message at or after `timestamp` (ms), in offset order; beyond the budget, the first of its batch. */
  firstSince(partition: Partition, timestamp: number, budget: Budget) {
    for (const row of this.rows(partition, partition.logStart, timestamp)) {
      const batch = this.intact(partition, row);
      const found = batch && firstRecordSince(batch, timestamp, partition.logStart, budget);
      if (found) return found;
    }
    return undefined;
  }

  /** The oldest batches, without their data. */
  oldest({ topicId, index }: Partition, most: number): IterableIterator<BatchSummary> {
    const sql = `SELECT lastOffset, maxTimestamp, bytes ${OF_PARTITION} ORDER BY lastOffset LIMIT ?3`;
    return this.database.query<BatchSummary, number[]>(sql).iterate(topicId, index, most);
  }

  /** Moves the log start up to `offset` and drops the batches that lie before it as a whole. */
  trim(partition: Partition, offset: number): void {
    const { topicId, index } = partition;
    const sql = `DELETE ${OF_PARTITION} AND lastOffset < ?3 RETURNING lastOffset, bytes`;
    const dropped = this.database.transaction(() => {
      this.setBounds({ ...partition, logStart: offset });
      return this.database.query<BatchSummary, number[]>(sql).all(topicId, index, offset);
    })();
    partition.logStart = offset;
    for (const { lastOffset, bytes } of dropped) {
      partition.bytes -= bytes;
      if (bytes >= OWN_FILE_BYTES) this.dropFile(partition, lastOffset);
    }
  }

  private dropFile(partition: Partition, lastOffset: number): void {
    if (this.folder !== undefined) rmSync(this.fileOf(partition, lastOffset), { force: true });
  }

  private fileOf({ topicId, index }: Partition, lastOffset: number): string {
    return join(this.folder ?? "", `${topicId}-${index}-${lastOffset}`);
  }

  /** The batch of a row, if it is whole and the one that its row says; else undefined. */
  private intact(partition: Partition, row: Row): Buffer | undefined {
    const file = row.data === null ? this.fileOf(partition, row.lastOffset) : "";
    const bytes = row.data ?? (existsSync(file) ? readFileSync(file) : null);
    if (!(bytes instanceof Uint8Array)) return undefined;
    const batch = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Its own sum costs ten times as much.
    if (row.sum === null ? !isSound(batch) : Bun.hash.crc32(batch) !== row.sum) return undefined;
    const { baseOffset, lastOffset } = batchHeader(batch);
    return baseOffset === row.baseOffset && lastOffset === row.lastOffset ? batch : undefined;
  }
}

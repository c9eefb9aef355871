/**
 * The broker's one file: opened by one broker only, refused when it is not ours or of a newer version.
 *
 * In: a data folder, or undefined for memory. Out: an open database with our tables.
 * Errors: DataFolderError with one clear line; the folder is then as it was.
 * Source: https://www.sqlite.org/wal.html#noshm (WAL with an exclusive lock needs no shared memory file), fileformat.html
 */
import { type Database, SQLiteError } from "bun:sqlite";
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";

export class DataFolderError extends Error {}
/** Another broker has the folder, and may give it up. */
export class FolderInUse extends DataFolderError {}

/** "iotB", in the header of the file: tells our files from others. */
const APPLICATION_ID = 0x696f7442;
/** The version of the data folder's form. In version 1 all batches were in the database, and without our sum. */
const SCHEMA_VERSION = 2;
const FILE = "broker.db";
export const BATCHES = "batches";

const TABLES = `
  BEGIN;
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS topic (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, partitions INTEGER, configs TEXT);
  CREATE TABLE IF NOT EXISTS bounds (topicId INTEGER, partition INTEGER, logStart INTEGER, end INTEGER,
    PRIMARY KEY (topicId, partition)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS batch (topicId INTEGER, partition INTEGER, lastOffset INTEGER, baseOffset INTEGER,
    maxTimestamp INTEGER, bytes INTEGER, data BLOB);
  CREATE INDEX IF NOT EXISTS place ON batch (topicId, partition, lastOffset, baseOffset, maxTimestamp, bytes);
  CREATE TABLE IF NOT EXISTS committed (groupId TEXT, topic TEXT, partition INTEGER, offset INTEGER, leaderEpoch INTEGER,
    metadata TEXT, PRIMARY KEY (groupId, topic, partition)) WITHOUT ROWID;
  ALTER TABLE batch ADD COLUMN sum INTEGER;
  PRAGMA user_version = ${SCHEMA_VERSION};
  COMMIT;`;

export interface DatabaseOptions {
  /** Default: in memory. */
  dataDir?: string | undefined;
  /** Waits for the disk at each commit. Default false: a power cut may lose the last moments, a kill nothing. */
  fsync?: boolean;
  /** Tests only: the largest file, in pages of 4 KiB. */
  maxPages?: number;
}

export function prepare(database: Database, { fsync, maxPages }: DatabaseOptions): void {
  database.run("PRAGMA locking_mode = EXCLUSIVE");
  // These only work on an empty file, and must be in its header, both at once, before WAL hides it. 2: incremental.
  if (pragma(database, "application_id") === 0)
    database.run(`BEGIN; PRAGMA auto_vacuum = 2; PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
  const version = pragma(database, "user_version");
  if (version > SCHEMA_VERSION)
    throw new DataFolderError(
      `${database.filename} is of version ${version}; this broker knows up to ${SCHEMA_VERSION}`,
    );
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA journal_size_limit = 16777216");
  database.run(`PRAGMA synchronous = ${fsync ? "FULL" : "NORMAL"}`);
  if (maxPages !== undefined) database.run(`PRAGMA max_page_count = ${maxPages}`);
  if (version < SCHEMA_VERSION) database.run(TABLES);
}

/** What a start makes in a folder without a broker's file, to be taken away when it fails. */
export function newFiles(dataDir: string): string[] {
  if (Bun.file(join(dataDir, FILE)).size > 0) return [];
  const names = [FILE, `${FILE}-wal`, `${FILE}-journal`, BATCHES];
  return names.map((name) => join(dataDir, name)).filter((path) => !existsSync(path));
}

/**
 * Looks at the header of what is there, without a lock and without leaving a file behind. SQLite itself, when it does not look
 * at the write-ahead log, takes a file for damaged whose broker was killed while it copied from there.
 */
export function fileIn(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, FILE);
  // SQLite's own word for read-only is "disk I/O error".
  for (const it of [dataDir, path, join(dataDir, BATCHES)])
    if (existsSync(it)) accessSync(it, constants.W_OK);
  const isNew = Bun.file(path).size === 0;
  const [batch] = isNew ? new Bun.Glob(`${BATCHES}/*`).scanSync(dataDir) : [];
  const orphan = isNew && existsSync(`${path}-wal`) ? `${FILE}-wal` : batch;
  if (orphan) throw new DataFolderError(`${path} is gone, but not ${orphan}; put it back, or move that away`);
  if (isNew) return path;
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  readSync(file, header);
  closeSync(file);
  if (header.readInt32BE(68) !== APPLICATION_ID) throw new DataFolderError(`${path} is not a broker's file`);
  return path;
}

/**
 * What SQLite or the system says of a start that failed, as one line; other errors as they are. `made` goes, but not when
 * another broker was faster: it is that one's now.
 */
export function refusal(error: unknown, dataDir = "memory", made: string[] = []): unknown {
  const code = error instanceof SQLiteError ? (error.code ?? "") : "";
  if (!code.startsWith("SQLITE_BUSY"))
    for (const path of made.filter(existsSync)) rmSync(path, { recursive: true });
  const isSystems = error instanceof Error && "syscall" in error && error.syscall !== "listen";
  if (!(error instanceof SQLiteError) && !isSystems) return error;
  let why = `cannot be opened: ${error.message}`;
  if (code.startsWith("SQLITE_BUSY"))
    return new FolderInUse(`${join(dataDir, FILE)} is in use by another broker`);
  if (code.startsWith("SQLITE_CORRUPT")) why = "is damaged; move its folder away, or put a copy back";
  return new DataFolderError(`${join(dataDir, FILE)} ${why}`);
}

export function pragma(database: Database, name: string): number {
  return database.query<Record<string, number>, []>(`PRAGMA ${name}`).get()?.[name] ?? 0;
}

/** A value that stays with the data folder, made on the first call. */
export function metaValue(database: Database, name: string, make: () => string): string {
  const keep = "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value RETURNING value";
  return database.query<{ value: string }, [string, string]>(keep).get(name, make())?.value ?? "";
}

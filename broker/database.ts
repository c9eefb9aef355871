/**
 * The broker's one file: opened by one broker only, refused when it is not ours or of a newer version.
 *
 * In: a data folder, or undefined for memory. Out: an open database with our tables.
 * Errors: DataFolderError with one clear line; the folder is then as it was.
 * Source: https://www.sqlite.org/wal.html#noshm (WAL with an exclusive lock needs no shared memory file)
 */
import { constants, Database, SQLiteError } from "bun:sqlite";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export class DataFolderError extends Error {}

/** "iotB", in the header of the file: tells our files from others. */
const APPLICATION_ID = 0x696f7442;
const SCHEMA_VERSION = 1;

const REFUSALS = [
  ["SQLITE_BUSY", "is in use by another broker"],
  ["SQLITE_NOTADB", "is not a broker's file"],
  ["SQLITE_CORRUPT", "is damaged; move it away, or put a copy back"],
] as const;

const TABLES = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE topic (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, partitions INTEGER, configs TEXT);
  CREATE TABLE start (topicId INTEGER, partition INTEGER, logStart INTEGER, PRIMARY KEY (topicId, partition))
    WITHOUT ROWID;
  CREATE TABLE batch (topicId INTEGER, partition INTEGER, lastOffset INTEGER, baseOffset INTEGER,
    maxTimestamp INTEGER, bytes INTEGER, data BLOB);
  CREATE INDEX place ON batch (topicId, partition, lastOffset, baseOffset, maxTimestamp, bytes);
  CREATE TABLE committed (groupId TEXT, topic TEXT, partition INTEGER, offset INTEGER, leaderEpoch INTEGER,
    metadata TEXT, PRIMARY KEY (groupId, topic, partition)) WITHOUT ROWID;`;

export interface DatabaseOptions {
  /** Default: in memory. */
  dataDir?: string | undefined;
  /** Waits for the disk at each commit. Default false: a power cut may lose the last moments, a kill nothing. */
  fsync?: boolean;
  /** Tests only: the largest file, in pages of 4 KiB. */
  maxPages?: number;
}

export function openDatabase(options: DatabaseOptions): Database {
  if (options.dataDir === undefined) return prepare(new Database(":memory:"), options);
  const path = join(options.dataDir, "broker.db");
  try {
    mkdirSync(options.dataDir, { recursive: true });
    checkHeader(path);
    return prepare(new Database(path, { create: true, readwrite: true }), options);
  } catch (error) {
    const code = error instanceof SQLiteError ? error.code : undefined;
    const why = REFUSALS.find(([start]) => code?.startsWith(start))?.[1];
    const text = error instanceof Error ? error.message : error;
    throw error instanceof DataFolderError
      ? error
      : new DataFolderError(`${path} ${why ?? `cannot be opened: ${text}`}`);
  }
}

/** Reads the header without a lock and without leaving a file behind. */
function checkHeader(path: string): void {
  if (!existsSync(path) || statSync(path).size === 0) return;
  const uri = `${pathToFileURL(path).href}?immutable=1`;
  const database = new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
  try {
    if (pragma(database, "application_id") !== APPLICATION_ID) {
      throw new DataFolderError(`${path} is not a broker's file`);
    }
    const version = pragma(database, "user_version");
    if (version > SCHEMA_VERSION) {
      throw new DataFolderError(
        `${path} is of version ${version}; this broker knows up to ${SCHEMA_VERSION}`,
      );
    }
  } finally {
    database.close();
  }
}

function prepare(database: Database, options: DatabaseOptions): Database {
  try {
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    const isNew = pragma(database, "application_id") === 0;
    // Both only work on an empty file, and must be in its header before WAL hides it.
    if (isNew) {
      database.run("PRAGMA auto_vacuum = INCREMENTAL");
      database.run(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA journal_size_limit = 16777216");
    database.run(`PRAGMA synchronous = ${options.fsync ? "FULL" : "NORMAL"}`);
    if (options.maxPages !== undefined) database.run(`PRAGMA max_page_count = ${options.maxPages}`);
    const hasTables = database.query("SELECT 1 FROM sqlite_schema WHERE name = 'committed'").get() !== null;
    if (!hasTables) database.transaction(() => database.run(TABLES))();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function pragma(database: Database, name: string): number {
  const row = database.query<Record<string, number>, []>(`PRAGMA ${name}`).get();
  return row?.[name] ?? 0;
}

/** A value that stays with the data folder, made on the first call. */
export function metaValue(database: Database, name: string, make: () => string): string {
  database.run("INSERT OR IGNORE INTO meta (name, value) VALUES (?, ?)", [name, make()]);
  const row = database.query<{ value: string }, [string]>("SELECT value FROM meta WHERE name = ?").get(name);
  return row?.value ?? "";
}

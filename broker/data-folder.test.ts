import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { offsetCommit, offsetFetch } from "./apis/committed-offsets.ts";
import { deleteRecords, deleteTopics } from "./apis/topic-admin.ts";
import { aBatch } from "./batch.fixture.ts";
import { startBroker } from "./broker.ts";
import { aFilledFolder, clientOn, spoil } from "./data-folder.fixture.ts";
import { ERROR } from "./protocol/errors.ts";
import { aBroker, aFolder, afterwards, aRawClient, collectLog } from "./raw-client.fixture.ts";
import { read, send, withTopic } from "./requests.fixture.ts";

/** The size of a message whose batch is kept in a file of its own. */
const LARGE = 100_000;

/** The bytes of every file in a folder. */
function bytesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((it) => it !== "batches");
  return Object.fromEntries(
    files.map((name) => [name, Bun.hash(readFileSync(join(folder, name))).toString()]),
  );
}

async function refusalOf(dataDir: string): Promise<string> {
  const before = bytesOf(dataDir);
  const outcome = await startBroker({ dataDir }).then(
    (broker) => broker.stop().then(() => "it started"),
    (error: unknown) => String(error),
  );
  expect(bytesOf(dataDir)).toEqual(before);
  return outcome;
}

describe("a data folder that cannot be used is refused in one line, and is left as it was", () => {
  test("of a newer version", async () => {
    const dataDir = await aFilledFolder(1);
    spoil(dataDir, "PRAGMA user_version = 3");
    expect(await refusalOf(dataDir)).toBe(
      `Error: ${join(dataDir, "broker.db")} is of version 3; this broker knows up to 2`,
    );
  });

  test("whose database is gone while its large batches are there", async () => {
    const dataDir = await aFilledFolder(1, LARGE);
    rmSync(join(dataDir, "broker.db"));
    expect(await refusalOf(dataDir)).toBe(
      `Error: ${join(dataDir, "broker.db")} is gone, but not batches/1-0-0; put it back, or move that away`,
    );
    writeFileSync(join(dataDir, "broker.db"), "");
    expect(await refusalOf(dataDir)).toContain("is gone, but not batches/1-0-0");
  });

  test("whose database is gone while its write-ahead log is there", async () => {
    const dataDir = aFolder();
    writeFileSync(join(dataDir, "broker.db-wal"), "the newest messages");
    expect(await refusalOf(dataDir)).toBe(
      `Error: ${join(dataDir, "broker.db")} is gone, but not broker.db-wal; put it back, or move that away`,
    );
  });

  test("whose large batches are gone: put back, they are there again", async () => {
    const dataDir = await aFilledFolder(2, LARGE);
    const elsewhere = join(aFolder(), "batches");
    renameSync(join(dataDir, "batches"), elsewhere);
    expect(await refusalOf(dataDir)).toBe(
      `Error: ${join(dataDir, "batches")} is gone, but the database that refers to it is not; put it back`,
    );
    renameSync(elsewhere, join(dataDir, "batches"));
    const { records, highWatermark } = await read(await clientOn({ dataDir }), "t", 0);
    expect(highWatermark).toBe(2);
    expect(records.length).toBeGreaterThan(2 * LARGE);
  });

  test("of a newer version that was killed before its tables left the write-ahead log", async () => {
    const dataDir = await aFilledFolder(1);
    const path = join(dataDir, "broker.db");
    const migrate = `const db = new (require("bun:sqlite").Database)(${JSON.stringify(path)});
      for (const sql of ["PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL", "PRAGMA user_version = 3"]) db.run(sql);
      process.kill(process.pid, "SIGKILL");`;
    await Bun.spawn([process.execPath, "-e", migrate]).exited;
    expect(readFileSync(path).readInt32BE(60)).toBe(2);
    const refused = startBroker({ dataDir });
    expect(refused).rejects.toThrow(`${path} is of version 3; this broker knows up to 2`);
    await refused.catch(() => {});
  });

  test("a database of something else", async () => {
    const dataDir = aFolder();
    using other = new Database(join(dataDir, "broker.db"), { create: true });
    other.run("CREATE TABLE mine (a)");
    expect(await refusalOf(dataDir)).toEndWith("broker.db is not a broker's file");
  });

  test("no database at all", async () => {
    const dataDir = aFolder();
    writeFileSync(join(dataDir, "broker.db"), "hello, world\n".repeat(1_000));
    expect(await refusalOf(dataDir)).toEndWith("broker.db is not a broker's file");
  });

  test("cut off in the middle", async () => {
    const dataDir = await aFilledFolder(100);
    const path = join(dataDir, "broker.db");
    truncateSync(path, Math.floor(statSync(path).size / 2));
    expect(await refusalOf(dataDir)).toEndWith(
      "broker.db is damaged; move its folder away, or put a copy back",
    );
  });

  test("in use by another broker", async () => {
    const dataDir = aFolder();
    await aBroker({ dataDir });
    await expect(startBroker({ dataDir })).rejects.toThrow("broker.db is in use by another broker");
  });

  // The superuser may write everywhere: it is run without its capabilities.
  const asUsual = process.getuid?.() === 0 ? ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] : [];
  test.skipIf(asUsual[0] !== undefined && Bun.which(asUsual[0]) === null)("read-only", async () => {
    const dataDir = await aFilledFolder(1);
    const before = bytesOf(dataDir);
    chmodSync(dataDir, 0o500);
    afterwards(() => chmodSync(dataDir, 0o700));
    const main = [process.execPath, join(import.meta.dir, "main.ts"), "--port", "0", "--data", dataDir];
    const program = Bun.spawn([...asUsual, ...main], { stdout: "pipe", stderr: "pipe", timeout: 4_000 });
    const said = await new Response(program.stderr).text();
    expect(said).toStartWith(`${join(dataDir, "broker.db")} cannot be opened: EACCES`);
    expect(said.trim().split("\n")).toHaveLength(1);
    expect(await program.exited).toBe(1);
    expect(bytesOf(dataDir)).toEqual(before);
  });

  test("a full disk, where none was before", async () => {
    const dataDir = aFolder();
    for (const maxPages of [1, 3]) {
      const start = startBroker({ dataDir, maxPages });
      await expect(start).rejects.toThrow("broker.db cannot be opened: database or disk is full");
      expect(readdirSync(dataDir)).toEqual([]);
    }
    await withTopic(await clientOn({ dataDir }), "t");
  });

  test("in use by another broker that was a moment faster", async () => {
    const dataDir = aFolder();
    using other = new Database(join(dataDir, "broker.db"), { create: true });
    other.run("BEGIN EXCLUSIVE");
    expect(await refusalOf(dataDir)).toEndWith("broker.db is in use by another broker");
  });

  test("a port that is taken, where none was before", async () => {
    const { port } = await aBroker();
    const dataDir = aFolder();
    await expect(startBroker({ dataDir, port })).rejects.toThrow("Failed to listen");
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test("files of a folder whose start fails are kept where its database was there before", async () => {
    const dataDir = await aFilledFolder(1, 100_000);
    const { port } = await aBroker();
    const before = bytesOf(dataDir);
    await expect(startBroker({ dataDir, port })).rejects.toThrow("Failed to listen");
    expect(bytesOf(dataDir)).toEqual(before);
  });

  test("a folder that cannot be made", async () => {
    const dataDir = aFolder();
    writeFileSync(join(dataDir, "file"), "");
    await expect(startBroker({ dataDir: join(dataDir, "file") })).rejects.toThrow("cannot be opened");
  });
});

describe("a full disk", () => {
  test("refuses, acknowledges nothing, keeps what is there, and heals when there is room again", async () => {
    const log = collectLog();
    const client = await clientOn({ dataDir: aFolder(), maxPages: 100, log });
    await withTopic(client, "t");
    await withTopic(client, "old");
    for (let at = 0; at < 2; at++) await send(client, "old", aBatch(["x".repeat(50_000)]));
    let acknowledged = 0;
    const batch = aBatch(["y".repeat(50_000)]);
    for (; (await send(client, "t", batch)).errorCode === 0; acknowledged++);
    expect(acknowledged).toBeGreaterThan(2);
    expect(await send(client, "t", batch)).toMatchObject({
      errorCode: ERROR.KAFKA_STORAGE_ERROR,
      baseOffset: -1,
    });
    expect((await read(client, "t", 0)).highWatermark).toBe(acknowledged);
    expect(log.lines).toEqual([expect.stringContaining("cannot write")]);

    await client.ask(deleteTopics, 3, { names: ["old"] });
    expect(await send(client, "t", batch)).toMatchObject({ errorCode: 0, baseOffset: acknowledged });
    await send(client, "t", aBatch(["z"]));
    expect(log.lines.slice(1)).toEqual(["info writes work again"]);
  });

  test("leaves no file of a large batch that the database could not tell of", async () => {
    const dataDir = aFolder();
    const client = await clientOn({ dataDir, maxPages: 30 });
    await withTopic(client, "t");
    const pad = aBatch(["x".repeat(30_000)]);
    while ((await send(client, "t", pad)).errorCode === 0);
    const large = aBatch(["y".repeat(LARGE), "z"]);
    const lastOffsets: string[] = [];
    // Their rows still fit for a while.
    for (
      let sent = await send(client, "t", large);
      sent.errorCode === 0;
      sent = await send(client, "t", large)
    )
      lastOffsets.push(`${sent.baseOffset + 1}`);
    const files = readdirSync(join(dataDir, "batches"));
    expect(files.map((name) => name.split("-")[2] ?? "").sort()).toEqual(lastOffsets.sort());
  });

  test("never says that an offset is committed which is not", async () => {
    const { port } = await aBroker({ dataDir: aFolder(), maxPages: 30 });
    const [client, other] = [await aRawClient(port), await aRawClient(port)];
    await withTopic(client, "t");
    type Answer = { topics: { partitions: { errorCode: number }[] }[] };
    const nobody = { generationId: -1, memberId: "", groupInstanceId: null };
    const commit = async (at: number) => {
      const partitions = [{ index: 0, offset: at, leaderEpoch: 0, metadata: "x".repeat(4_000) }];
      const topics = [{ name: "t", partitions }];
      const answer = await client.ask<Answer>(offsetCommit, 7, { groupId: `g${at}`, ...nobody, topics });
      return answer.topics[0]?.partitions[0]?.errorCode;
    };
    let acknowledged = 0;
    while (acknowledged < 100 && (await commit(acknowledged).catch(() => "ended")) === 0) acknowledged++;
    expect(acknowledged).toBeWithin(3, 30);
    for (let at = 0; at <= acknowledged; at++) {
      const asked = { groupId: `g${at}`, topics: null };
      const { topics } = await other.ask<{ topics: unknown[] }>(offsetFetch, 5, asked);
      expect(topics).toHaveLength(at < acknowledged ? 1 : 0);
    }
  });
});

describe("a batch of 64 KiB or more is a file of its own", () => {
  const filesIn = (dataDir: string) => readdirSync(join(dataDir, "batches")).sort();
  const numbersIn = (records: Buffer) =>
    [...records.toString("latin1").matchAll(/message (\d)/g)].map(([, at]) => Number(at));

  test("that is read after a restart, between batches that are not", async () => {
    const dataDir = await aFilledFolder(2, LARGE);
    expect(filesIn(dataDir)).toEqual(["1-0-0", "1-0-1"]);
    const broker = await startBroker({ dataDir });
    const client = await aRawClient(broker.port);
    await send(client, "t", aBatch(["message 2"]));
    await send(client, "t", aBatch([`message 3 ${"x".repeat(LARGE)}`, "message 4"]));
    client.end();
    await broker.stop();
    expect(filesIn(dataDir)).toEqual(["1-0-0", "1-0-1", "1-0-4"]);
    const { records, highWatermark } = await read(await clientOn({ dataDir }), "t", 0);
    expect(highWatermark).toBe(5);
    expect(numbersIn(records)).toEqual([0, 1, 2, 3, 4]);
  });

  for (const [name, damage] of Object.entries({
    "cut short": (file: string) => truncateSync(file, 99_000),
    rotten: (file: string) => {
      const bytes = readFileSync(file);
      bytes.writeUInt8(0x79, 50_000);
      writeFileSync(file, bytes);
    },
    "that of another offset": (file: string) => copyFileSync(join(file, "..", "1-0-0"), file),
    missing: (file: string) => rmSync(file),
  })) {
    test(`that is ${name} in the middle ends what is read, and is never read itself`, async () => {
      const dataDir = await aFilledFolder(4, LARGE);
      damage(join(dataDir, "batches", "1-0-2"));
      const log = collectLog();
      const client = await clientOn({ dataDir, log });
      expect(numbersIn((await read(client, "t", 0)).records)).toEqual([0, 1]);
      expect((await read(client, "t", 2)).errorCode).toBe(ERROR.CORRUPT_MESSAGE);
      expect(numbersIn((await read(client, "t", 3)).records)).toEqual([3]);
      expect(log.lines).toEqual(["error t[0]@2: Error: damaged; the next batch may be at 3"]);
    });

    test(`that is ${name} at the end is cut off, and that is said`, async () => {
      const dataDir = await aFilledFolder(4, LARGE);
      damage(join(dataDir, "batches", "1-0-3"));
      const log = collectLog();
      const client = await clientOn({ dataDir, log });
      expect(log.lines).toEqual(["error t[0]@3: damage at the end; offsets 3 to 3 are cut off"]);
      expect((await send(client, "t", aBatch([`message 9 ${"x".repeat(LARGE)}`]))).baseOffset).toBe(3);
      expect(numbersIn((await read(client, "t", 0)).records)).toEqual([0, 1, 2, 9]);
    });
  }

  test("that goes with its topic, and with the records that are deleted", async () => {
    const dataDir = await aFilledFolder(3, LARGE);
    const client = await clientOn({ dataDir });
    const topics = [{ name: "t", partitions: [{ index: 0, offset: 2 }] }];
    await client.ask(deleteRecords, 1, { topics });
    expect(filesIn(dataDir)).toEqual(["1-0-2"]);
    await client.ask(deleteTopics, 3, { names: ["t"] });
    expect(filesIn(dataDir)).toEqual([]);
  });

  test("that a kill left behind without a row goes at the next start; other files are not touched", async () => {
    const dataDir = await aFilledFolder(1, LARGE);
    for (const name of ["1-0-7", "9-0-0", "notes.txt"]) writeFileSync(join(dataDir, "batches", name), "x");
    await aBroker({ dataDir });
    expect(filesIn(dataDir)).toEqual(["1-0-0", "notes.txt"]);
  });

  test.skipIf(!existsSync("/dev/full"))(
    "that finds no room is refused, and leaves nothing behind",
    async () => {
      const dataDir = await aFilledFolder(1, LARGE);
      const log = collectLog();
      const client = await clientOn({ dataDir, log });
      const next = join(dataDir, "batches", "1-0-1");
      symlinkSync("/dev/full", next);
      const batch = aBatch([`message 1 ${"x".repeat(LARGE)}`]);
      expect((await send(client, "t", batch)).errorCode).toBe(ERROR.KAFKA_STORAGE_ERROR);
      expect(log.lines).toEqual([expect.stringContaining("cannot write")]);
      expect(filesIn(dataDir)).toEqual(["1-0-0"]);
      expect(await send(client, "t", batch)).toMatchObject({ errorCode: 0, baseOffset: 1 });
      expect(numbersIn((await read(client, "t", 0)).records)).toEqual([0, 1]);
    },
  );

  test("that is with --fsync on the disk, too", async () => {
    const dataDir = aFolder();
    const client = await clientOn({ dataDir, fsync: true });
    await withTopic(client, "t");
    await send(client, "t", aBatch([`message 0 ${"x".repeat(LARGE)}`]));
    expect(numbersIn((await read(client, "t", 0)).records)).toEqual([0]);
  });
});

test("a folder of version 1 is taken over: all its batches are in the database, without our sums", async () => {
  const dataDir = await aFilledFolder(2);
  spoil(dataDir, "ALTER TABLE batch DROP COLUMN sum");
  spoil(dataDir, "PRAGMA user_version = 1");
  const client = await clientOn({ dataDir });
  await send(client, "t", aBatch(["message 2"]));
  const { records } = await read(client, "t", 0);
  expect(records.toString("latin1").match(/message \d/g)).toEqual(["message 0", "message 1", "message 2"]);
});

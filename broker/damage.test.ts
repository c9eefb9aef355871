import { describe, expect, test } from "bun:test";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aBatch } from "./batch.fixture.ts";
import { type RunningBroker, startBroker } from "./broker.ts";
import { aFilledFolder, clientOn, spoil } from "./data-folder.fixture.ts";
import { DataFolderError } from "./database.ts";
import { ERROR } from "./protocol/errors.ts";
import { aFolder, aRawClient, collectLog } from "./raw-client.fixture.ts";
import { read, send, withTopic } from "./requests.fixture.ts";

describe("damage never gives a wrong message", () => {
  test("in the middle: what is before it is read, then an error that names the place", async () => {
    const dataDir = await aFilledFolder(5);
    spoil(
      dataDir,
      "UPDATE batch SET data = CAST(substr(data, 1, 99) || X'79' || substr(data, 101) AS BLOB) WHERE baseOffset = 2",
    );
    const log = collectLog();
    const client = await clientOn({ dataDir, log });
    const whole = await read(client, "t", 0);
    expect(whole.errorCode).toBe(0);
    expect(whole.records.toString("latin1")).toContain("message 1 ");
    expect(whole.records.toString("latin1")).not.toContain("message 2 ");
    for (let attempt = 0; attempt < 2; attempt++) {
      expect((await read(client, "t", 2)).errorCode).toBe(ERROR.CORRUPT_MESSAGE);
    }
    expect(log.lines).toEqual(["error t[0]@2: Error: damaged; the next batch may be at 3"]);
    expect((await read(client, "t", 3)).records.toString("latin1")).toContain("message 3 ");
  });

  for (const [name, sql] of Object.entries({
    "a batch cut short": "UPDATE batch SET data = substr(data, 1, 40) WHERE baseOffset = 2",
    "a hole": "DELETE FROM batch WHERE baseOffset = 2",
    "a batch under another offset": "UPDATE batch SET baseOffset = 3 WHERE baseOffset = 2",
    "a base offset that has turned":
      "UPDATE batch SET data = CAST(X'0000000000000009' || substr(data, 9) AS BLOB) WHERE baseOffset = 2",
    "a base offset that has turned, in a batch of version 1":
      "UPDATE batch SET sum = NULL, data = CAST(X'0000000000000009' || substr(data, 9) AS BLOB) WHERE baseOffset = 2",
  })) {
    test(`${name} is damage too`, async () => {
      const dataDir = await aFilledFolder(5);
      spoil(dataDir, sql);
      const client = await clientOn({ dataDir });
      const found = (await read(client, "t", 0)).records.toString("latin1").match(/message \d/g);
      expect(found).toEqual(["message 0", "message 1"]);
      expect((await read(client, "t", 2)).errorCode).toBe(ERROR.CORRUPT_MESSAGE);
    });
  }

  test("batches that are no longer found at the end are said, and their offsets are not given again", async () => {
    const dataDir = await aFilledFolder(5);
    spoil(dataDir, "DELETE FROM batch WHERE baseOffset >= 3");
    const log = collectLog();
    const client = await clientOn({ dataDir, log });
    expect(log.lines).toEqual(["error t[0]@3: damage; offsets 3 to 4 cannot be found"]);
    expect((await send(client, "t", aBatch(["new"]))).baseOffset).toBe(5);
    expect((await read(client, "t", 3)).errorCode).toBe(ERROR.CORRUPT_MESSAGE);
    expect((await read(client, "t", 5)).records.toString("latin1")).toContain("new");
  });

  test("at the end: the log is cut back to the last whole batch, and that is said", async () => {
    const dataDir = await aFilledFolder(5);
    spoil(dataDir, "UPDATE batch SET data = substr(data, 1, 80) WHERE baseOffset >= 3");
    const log = collectLog();
    const client = await clientOn({ dataDir, log });
    expect(log.lines).toEqual([
      "error t[0]@4: damage at the end; offsets 4 to 4 are cut off",
      "error t[0]@3: damage at the end; offsets 3 to 3 are cut off",
    ]);
    expect((await read(client, "t", 0)).highWatermark).toBe(3);
    expect((await send(client, "t", aBatch(["new"]))).baseOffset).toBe(3);
  });

  test("at the end: a batch that is no bytes any more is cut off, too", async () => {
    const dataDir = await aFilledFolder(2);
    spoil(dataDir, "UPDATE batch SET data = 7 WHERE baseOffset = 1");
    expect((await read(await clientOn({ dataDir }), "t", 0)).highWatermark).toBe(1);
  });

  test("in what is kept of a topic is refused in one line", async () => {
    const dataDir = await aFilledFolder(1);
    spoil(dataDir, "UPDATE topic SET configs = '{y'");
    await expect(startBroker({ dataDir })).rejects.toThrow("broker.db cannot be opened: malformed JSON");
  });

  test("a write-ahead log that is cut or rotten gives the longest prefix of what was acknowledged", async () => {
    const dataDir = aFolder();
    const killed = await startBroker({ dataDir });
    const client = await aRawClient(killed.port);
    await withTopic(client, "t");
    for (let at = 0; at < 20; at++) await send(client, "t", aBatch([`message ${at}`]));
    const files = ["broker.db", "broker.db-wal"].map(
      (name) => [name, readFileSync(join(dataDir, name))] as const,
    );
    client.end();
    await killed.stop();
    const [, [, wal = Buffer.alloc(0)] = []] = files;
    const cut = wal.subarray(0, Math.floor(wal.length * 0.8));
    const rotten = Buffer.from(wal);
    rotten.writeUInt8(rotten.readUInt8(Math.floor(wal.length * 0.8)) ^ 1, Math.floor(wal.length * 0.8));
    for (const damaged of [cut, rotten]) {
      const copy = aFolder();
      for (const [name, bytes] of files)
        writeFileSync(join(copy, name), name === "broker.db" ? bytes : damaged);
      const again = await clientOn({ dataDir: copy });
      const { highWatermark, records } = await read(again, "t", 0);
      expect(highWatermark).toBeWithin(5, 20);
      const found = [...records.toString("latin1").matchAll(/message (\d+)/g)].map(([, at]) => Number(at));
      expect(found).toEqual(Array.from({ length: highWatermark }, (_, at) => at));
    }
  });

  test("a turned bit anywhere gives a prefix of the messages, or a folder that is refused in one line", async () => {
    const dataDir = await aFilledFolder(12, 3_000);
    const broker = await startBroker({ dataDir });
    const writer = await aRawClient(broker.port);
    for (let at = 12; at < 24; at++)
      await send(writer, "t", aBatch([`message ${at} ${"x".repeat(at % 4 === 0 ? 70_000 : 300)}`]));
    const sent = await allOf(broker);
    await broker.stop();
    expect(sent.toString("latin1").match(/message \d+ x/g)).toHaveLength(24);
    const all = readdirSync(join(dataDir, "batches"));
    expect(all).toHaveLength(3);
    const random = seeded(5);
    const outcomes = new Set<string>();
    for (let turn = 0; turn < 40; turn++) {
      const copy = aFolder();
      cpSync(dataDir, copy, { recursive: true });
      const name = turn % 4 === 3 ? join("batches", all[random(all.length)] ?? "") : "broker.db";
      const bytes = readFileSync(join(copy, name));
      // Every other one in the first bytes of a page: those tell where all others are.
      const page = random(Math.ceil(bytes.length / 4_096)) * 4_096;
      const at = Math.min(bytes.length - 1, page + random(turn % 2 === 0 ? 64 : 4_096));
      const bit = random(8);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
      writeFileSync(join(copy, name), bytes);
      outcomes.add(await outcomeOf(copy, sent, `${name}, byte ${at}, bit ${bit}`));
    }
    expect([...outcomes].sort()).toEqual(["all", "cut", "refused"]);
  });
});

/** Whole numbers from 0 to below `most`. Source: Numerical Recipes' linear congruential generator. */
function seeded(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** What a client that starts at 0 gets before an error or the end: whole batches, each of one message. */
async function allOf(broker: RunningBroker): Promise<Buffer> {
  const client = await aRawClient(broker.port);
  let whole = Buffer.alloc(0);
  for (let offset = 0; ;) {
    // It is answered with an error, or loses its connection.
    const answer = await read(client, "t", offset).catch(() => undefined);
    if (answer?.errorCode !== 0 || answer.records.length === 0) break;
    whole = Buffer.concat([whole, answer.records]);
    offset = whole.toString("latin1").match(/message \d+ x/g)?.length ?? 0;
  }
  client.end();
  return whole;
}

/** Whether all is there, a prefix of it, or nothing, refused; anything else fails, with what was `turned`. */
async function outcomeOf(dataDir: string, sent: Buffer, turned: string): Promise<string> {
  let broker: RunningBroker;
  try {
    broker = await startBroker({ dataDir });
  } catch (error) {
    expect(error, turned).toBeInstanceOf(DataFolderError);
    expect(String(error), turned).not.toContain("\n");
    return "refused";
  }
  const found = await allOf(broker);
  await broker.stop();
  expect(found.equals(sent.subarray(0, found.length)), turned).toBe(true);
  return found.length === sent.length ? "all" : "cut";
}

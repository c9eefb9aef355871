/** What a broker finds that was killed; bench/broker-kills.ts does it a hundred times. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aBatch } from "./batch.fixture.ts";
import { startBroker } from "./broker.ts";
import { aBroker, aFolder, aRawClient, collectLog } from "./raw-client.fixture.ts";
import { read, send, withTopic } from "./requests.fixture.ts";

/** In the header of the file: how many pages it has. Source: https://www.sqlite.org/fileformat.html#the_database_header */
const PAGE_COUNT_AT = 28;

test("a broker killed while it copies from its write-ahead log starts again, with every message", async () => {
  const dataDir = aFolder();
  const killed = await startBroker({ dataDir });
  const client = await aRawClient(killed.port);
  await withTopic(client, "t");
  for (let at = 0; at < 20; at++) await send(client, "t", aBatch([`message ${at} ${"x".repeat(5_000)}`]));
  const [file, log] = ["broker.db", "broker.db-wal"].map((name) => readFileSync(join(dataDir, name)));
  client.end();
  await killed.stop();

  // The first page is copied first: it counts pages that the file does not have yet.
  const torn = Buffer.from(file ?? "");
  torn.writeUInt32BE(torn.length / 4_096 + 25, PAGE_COUNT_AT);
  const copy = aFolder();
  writeFileSync(join(copy, "broker.db"), torn);
  writeFileSync(join(copy, "broker.db-wal"), log ?? "");
  const report = collectLog();
  const again = await aRawClient((await aBroker({ dataDir: copy, log: report })).port);
  const { highWatermark, records } = await read(again, "t", 0);
  expect(highWatermark).toBe(20);
  const found = [...records.toString("latin1").matchAll(/message (\d+) /g)].map(([, at]) => Number(at));
  expect(found).toEqual(Array.from({ length: 20 }, (_, at) => at));
  expect(report.lines).toEqual([]);
});

test("a broker killed in the first moments of its first start starts again", async () => {
  for (let kill = 0; kill < 40; kill++) {
    const dataDir = aFolder();
    const program = ["broker/main.ts", "--port", "0", "--data", dataDir];
    const killed = Bun.spawn([process.execPath, ...program], {
      cwd: join(import.meta.dir, ".."),
      stdio: ["ignore", "ignore", "ignore"],
    });
    while (readdirSync(dataDir).length === 0) await Bun.sleep(0);
    for (const end = performance.now() + kill / 5; performance.now() < end;);
    killed.kill("SIGKILL");
    await killed.exited;
    const broker = await startBroker({ dataDir });
    await broker.stop();
  }
}, 60_000);

/** Data folders for tests: filled by a broker that is stopped again, spoiled, and served. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { aBatch } from "./batch.fixture.ts";
import { type BrokerOptions, startBroker } from "./broker.ts";
import { aBroker, aFolder, aRawClient, type RawClient } from "./raw-client.fixture.ts";
import { send, withTopic } from "./requests.fixture.ts";

/** A stopped broker's folder with `count` batches of one message of so many bytes each in topic t. */
export async function aFilledFolder(count: number, bytes = 2_000): Promise<string> {
  const dataDir = aFolder();
  const broker = await startBroker({ dataDir });
  const client = await aRawClient(broker.port);
  await withTopic(client, "t");
  for (let at = 0; at < count; at++) await send(client, "t", aBatch([`message ${at} ${"x".repeat(bytes)}`]));
  client.end();
  await broker.stop();
  return dataDir;
}

export function spoil(dataDir: string, sql: string): void {
  using database = new Database(join(dataDir, "broker.db"));
  database.run(sql);
}

export async function clientOn(options: BrokerOptions): Promise<RawClient> {
  return aRawClient((await aBroker(options)).port);
}

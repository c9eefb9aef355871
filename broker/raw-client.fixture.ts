/** What the tests of this folder share: a broker that ends with the test, and a client that sends any bytes. */
import { afterEach } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrokerLog, type BrokerOptions, type RunningBroker, startBroker } from "./broker.ts";
import { rawClient, type RawClient } from "./raw-socket.fixture.ts";

export { decode, rawRequest, request, type RawClient } from "./raw-socket.fixture.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

export async function aBroker(options: BrokerOptions = {}): Promise<RunningBroker> {
  const broker = await startBroker({ firstRebalanceDelayMs: 0, ...options });
  afterwards(() => broker.stop());
  return broker;
}

export function aFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "broker-test-"));
  afterwards(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function collectLog(): BrokerLog & { lines: string[] } {
  const lines: string[] = [];
  const say = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { lines, info: say("info"), warn: say("warn"), error: say("error") };
}

export async function aRawClient(port: number): Promise<RawClient> {
  const client = await rawClient(port);
  afterwards(client.end);
  return client;
}

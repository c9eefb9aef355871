/** `bun run audit` as a process, on what the real host has left on the embedded broker. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningBroker, startBroker } from "../broker/broker.ts";
import { changed } from "../enrich/enrich.case.ts";
import { aFlow, type Cluster, FLOW, runHost } from "../enrich/host/cluster.fixture.ts";
import { loadRegistry } from "../config/registry-file.ts";
import { HEADERS } from "../schemas/topics.ts";
import { start } from "../test/processes.fixture.ts";

let broker: RunningBroker;
let cluster: Cluster;
let registry: string;
beforeAll(async () => {
  const { plan } = await loadRegistry("test/registry/device-registry.json");
  registry = plan.version;
  broker = await startBroker({ firstRebalanceDelayMs: 0 });
  cluster = await aFlow(`127.0.0.1:${broker.port}`);
  const good = Array.from({ length: 30 }, (_, at) => ({
    ...{ key: "breaker-001", value: changed({}), partition: at % 2 },
  }));
  await cluster.producer.send(FLOW.raw, [...good, { key: "d", value: "{", partition: 1 }]);
  await runHost(cluster, { plan: () => plan });
});
afterAll(async () => {
  await cluster.producer.stop();
  await broker.stop();
});

async function audit(...args: string[]): Promise<{ code: number; lines: string[] }> {
  return auditWith({}, ...args);
}

async function auditWith(settings: Record<string, string>, ...args: string[]) {
  const env = { KAFKA_BROKERS: cluster.brokers, ...settings };
  const child = start("audit", [process.execPath, "audit/main.ts", ...args], env);
  const code = await child.exited;
  return { code, lines: child.output().trimEnd().split("\n") };
}

test("a sound run: all is counted, nothing is wrong, exit code 0", async () => {
  expect(await audit()).toEqual({
    code: 0,
    lines: [
      "iot.enriched: 30 messages read",
      "iot.raw.dlq: 1 messages read",
      "iot.raw: 31 messages read",
      "31 raw messages judged: 30 enriched, 1 dead letters, 0 repeats that readers drop",
      "nothing is wrong",
    ],
  });
});

/** As the pinned one, of another version. */
async function otherRegistry(): Promise<string> {
  const text = await Bun.file("test/registry/device-registry.json").text();
  const path = join(mkdtempSync(join(tmpdir(), "audit-")), "registry.json");
  await Bun.write(path, text.replace('"version": "2.0.0"', '"version": "3.0.0"'));
  return path;
}

test("the content of what another registry judged is not compared, which is told", async () => {
  const other = await otherRegistry();
  const { code, lines } = await auditWith({ REGISTRY: other });
  expect({ code, last: lines.slice(-2) }).toEqual({
    code: 0,
    last: [
      "31 outputs were judged by another registry: their content was not compared; name its file with --registry",
      "nothing is wrong",
    ],
  });
  const named = ["--registry", "test/registry/device-registry.json"];
  const both = await auditWith({ REGISTRY: other }, ...named);
  expect(both.lines.join()).not.toContain("not compared");
});

test("only the newest messages, where so it is asked", async () => {
  const { code, lines } = await audit("--messages", "3");
  expect(code).toBe(0);
  expect(lines).toContain("iot.raw: 6 messages read");
  expect(lines).toContain("6 raw messages judged: 5 enriched, 1 dead letters, 0 repeats that readers drop");
});

test("a group that has committed nothing is told", async () => {
  const { code, lines } = await audit("--group", "nobody");
  expect(code).toBe(0);
  expect(lines).toContain("group nobody has committed nothing: no message need have an output yet");
});

test("an output of no raw message is named with its place, exit code 1", async () => {
  const headers = { [HEADERS.sourceOffset]: "99", [HEADERS.registry]: registry };
  await cluster.producer.send(FLOW.enriched, [{ key: "d", value: "{}", partition: 0, headers }]);
  const { code, lines } = await audit();
  expect(code).toBe(1);
  expect(lines.slice(-3)).toEqual([
    "1 invented (an output without a raw message, or without a readable source offset)",
    "  iot.enriched[0]@15: iot.raw[0] has no offset 99",
    "1 anomalies",
  ]);
});

test("what cannot be answered is said, exit code 1", async () => {
  expect(await audit("--messages", "none")).toEqual({
    code: 1,
    lines: ["--messages none: expected a whole number from 1"],
  });
});

/** Messages from outside, by kcat and by Python's client: enriched, unknown, or dead letters with the right reason. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadRegistry } from "../config/registry-file.ts";
import type { Enriched, FindingCode } from "../schemas/enriched.ts";
import { HEADERS } from "../schemas/topics.ts";
import { FOREIGN, type Foreign } from "./foreign.case.ts";
import { header, oracle, report } from "../audit/oracle.ts";
import { readTopic, type WireMessage } from "../audit/read-topic.ts";
import { startQuickKafka } from "./real/apache-kafka.fixture.ts";
import { runProgram } from "./processes.fixture.ts";
import { describeWith, partPath } from "./real/parts.fixture.ts";
import {
  type Cluster,
  createTopics,
  drained,
  ready,
  type Service,
  startEmbeddedBroker,
  startService,
} from "./system.fixture.ts";

const MINUTE_MS = 60_000;
/** Tells which message it was; a device could send such a header too. */
const CASE_HEADER = "test.case";
/** What an attacker would like a reader to believe. */
const SPOOFED = {
  [HEADERS.sourceOffset]: "999999",
  [HEADERS.registry]: "mine",
  [HEADERS.reason]: "schema",
  "iot.x": "y",
};
const CODECS = [null, "gzip", "snappy", "lz4", "zstd"];

const PYTHON_PRODUCER = `
import base64, json, sys
from kafka import KafkaProducer

def decode(text):
    return None if text is None else base64.b64decode(text)

producers = {}
for line in sys.stdin:
    m = json.loads(line)
    codec = m["codec"]
    if codec not in producers:
        producers[codec] = KafkaProducer(bootstrap_servers=sys.argv[1], acks="all", compression_type=codec)
    headers = [(name, value.encode()) for name, value in m["headers"].items()]
    future = producers[codec].send("iot.raw", value=decode(m["value"]), key=decode(m["key"]), headers=headers, timestamp_ms=m["timestamp"])
    future.get(timeout=20)
`;

describeWith(["kcat", "python-kafka"], "from outside", () => {
  foreignInput("the embedded broker", startEmbeddedBroker);
  describeWith(["java", "kafka-jars"], "through a real Kafka", () =>
    foreignInput("Apache Kafka 4.1", startQuickKafka),
  );
});

function foreignInput(name: string, startCluster: () => Promise<Cluster>): void {
  describe(name, () => {
    let cluster: Cluster;
    let enricher: Service;
    let folder: string;
    const raw: WireMessage[] = [];
    const outputs = new Map<string, WireMessage & { to: "enriched" | "dlq" }>();

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "iot-foreign-"));
      cluster = await startCluster();
      await createTopics(cluster);
      enricher = startService("enrich", cluster);
      await ready(enricher);
      for (const [index, message] of FOREIGN.entries())
        await sendByKcat(cluster, folder, message, `kcat ${index}`);
      await sendByPython(cluster);
      await drained(cluster);
      raw.push(...(await readTopic(cluster.brokers, "iot.raw")).flat());
      for (const to of ["enriched", "dlq"] as const)
        for (const output of (
          await readTopic(cluster.brokers, to === "dlq" ? "iot.raw.dlq" : "iot.enriched")
        ).flat())
          outputs.set(`${output.partition} ${header(output, HEADERS.sourceOffset)}`, { ...output, to });
    }, 2 * MINUTE_MS);

    afterAll(async () => {
      enricher?.process.kill();
      await cluster?.stop();
      await rm(folder, { recursive: true, force: true });
    }, MINUTE_MS);

    for (const [index, message] of FOREIGN.entries())
      test(`${message.what}: by kcat and by Python it is ${outcome(message)}`, () => {
        for (const sender of ["kcat", "python"]) {
          const sent = raw.find((one) => header(one, CASE_HEADER) === `${sender} ${index}`);
          if (!sent) throw new Error(`${sender}: not in iot.raw`);
          expect(sent.value).toEqual(message.value);
          const output = outputs.get(`${sent.partition} ${sent.offset}`);
          if (!output) throw new Error(`${sender}: no output of iot.raw[${sent.partition}]@${sent.offset}`);
          check(message, sent, output);
          if (sender === "python" && message.golden) checkGolden(message.golden, output);
        }
      });

    test("kcat reads the enriched messages back, each one JSON with the original's members", async () => {
      const command = [partPath("kcat"), "-b", cluster.brokers, "-C", "-t", "iot.enriched", "-e", "-q", "-J"];
      const lines = (await runProgram(command)).trim().split("\n");
      const enriched = [...outputs.values()].filter(({ to }) => to === "enriched");
      expect(lines.length).toBe(enriched.length);
      for (const line of lines) {
        const { payload, key } = JSON.parse(line) as { payload: string; key: string };
        const value = JSON.parse(payload) as Enriched;
        expect(key.length).toBeGreaterThan(0);
        for (const member of ["device_metadata", "measurement_metadata", "enrichment_info", "data_quality"])
          expect(value).toHaveProperty(member);
      }
    });

    test("the enricher is still well, and the oracle finds no anomaly", async () => {
      await ready(enricher);
      const { plan } = await loadRegistry("test/registry/device-registry.json");
      const verdict = await oracle({ brokers: cluster.brokers, plans: [plan] });
      expect(verdict.anomalies.length === 0 ? "none" : report(verdict)).toBe("none");
      expect(verdict).toMatchObject({ raw: FOREIGN.length * 2, wireDuplicates: 0 });
    });
  });
}

function outcome({ becomes }: Foreign): string {
  return becomes.to === "dlq" ? becomes.reason : `enriched as ${becomes.device_type}`;
}

function check({ becomes }: Foreign, raw: WireMessage, output: WireMessage & { to: string }): void {
  expect(output.to).toBe(becomes.to);
  const ours: string[] = [HEADERS.sourceOffset, HEADERS.registry];
  if (becomes.to === "dlq") {
    expect(output.value).toEqual(raw.value);
    expect(output.key).toEqual(raw.key);
    expect(header(output, HEADERS.reason)).toBe(becomes.reason);
    if (becomes.path !== undefined) expect(header(output, HEADERS.path)).toBe(becomes.path);
    if (becomes.message !== undefined) expect(header(output, HEADERS.message)).toBe(becomes.message);
    ours.push(HEADERS.reason, HEADERS.path, HEADERS.message);
  } else {
    const { enrichment_info, data_quality } = JSON.parse(`${output.value}`) as Enriched;
    expect(enrichment_info.device_type_detected).toBe(becomes.device_type);
    if (becomes.method) expect(enrichment_info.detection.method).toBe(becomes.method as never);
    const findings = data_quality.findings.map(({ code, path }) => [code as FindingCode, path]);
    if (becomes.findings) expect(findings.toSorted()).toEqual(becomes.findings.toSorted());
  }
  // What the producer claimed in headers is gone.
  expect(output.headers.map(([name]) => name).sort()).toEqual(ours.sort());
  expect(header(output, HEADERS.sourceOffset)).toBe(`${raw.offset}`);
}

function checkGolden(golden: Enriched, output: WireMessage): void {
  const value = JSON.parse(`${output.value}`) as Enriched;
  const { enriched_at, registry_version } = value.enrichment_info;
  expect(value).toEqual({
    ...golden,
    enrichment_info: { ...golden.enrichment_info, enriched_at, registry_version },
  });
}

async function sendByKcat(
  { brokers }: Cluster,
  folder: string,
  message: Foreign,
  name: string,
): Promise<void> {
  const headers = { [CASE_HEADER]: name, ...SPOOFED };
  const flags = Object.entries(headers).flatMap(([header, value]) => ["-H", `${header}=${value}`]);
  const command = [partPath("kcat"), "-b", brokers, "-P", "-t", "iot.raw", ...flags];
  if (message.value?.length) {
    const file = join(folder, "message");
    await Bun.write(file, message.value);
    await runProgram([...command, ...(message.key === null ? [] : ["-k", message.key]), file]);
  } else {
    // Only a line can be empty; -Z makes a tombstone of it.
    await runProgram([...command, "-K", ":", ...(message.value === null ? ["-Z"] : [])], `${message.key}:\n`);
  }
}

async function sendByPython({ brokers }: Cluster): Promise<void> {
  const lines = FOREIGN.map(({ key, value, timestamp }, index) =>
    JSON.stringify({
      key: key === null ? null : Buffer.from(key).toString("base64"),
      value: value?.toString("base64") ?? null,
      headers: { [CASE_HEADER]: `python ${index}`, ...SPOOFED },
      timestamp: timestamp ?? Date.now(),
      codec: CODECS[index % CODECS.length],
    }),
  );
  await runProgram([partPath("python-kafka"), "-c", PYTHON_PRODUCER, brokers], `${lines.join("\n")}\n`);
}

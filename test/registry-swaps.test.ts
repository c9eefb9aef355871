/** Registries swapped under load: every message is judged whole by one version that was valid, and none is lost. */
import { afterEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RegistryWatch, watchRegistry } from "../config/registry-file.ts";
import { createAccounting } from "../enrich/host/accounting.ts";
import { createHandler } from "../enrich/host/host.ts";
import type { Batch } from "../kafka/consume.ts";
import { type OutMessage, wholeValue } from "../kafka/producer.ts";
import { compileRegistry } from "../registry/compile.ts";
import type { Plan } from "../judge/plan.ts";
import type { Enriched } from "../schemas/enriched.ts";

const NOW = 1_764_064_800_000;
const PER_BATCH = 4;
const LEVEL = 50;

/** The version tells the limit, so that a verdict tells which registry gave it. */
function registryText(version: number): string {
  return JSON.stringify({
    metadata: { version: String(version) },
    device_types: {
      tank: {
        name: "Tank",
        measurements: { level: { quantity: "distance", unit: "cm", operating: [0, limitOf(version)] } },
      },
    },
  });
}
const limitOf = (version: number) => version % 100;

/** Each kind of damage in turn; none of them compiles. */
function brokenText(version: number): string {
  const text = registryText(version);
  const kinds = [
    text.slice(0, (version * 7) % (text.length - 1)),
    text.replace('"unit":"cm"', '"unit":"V"'),
    text.replace('"name"', '"nmae"'),
    text.replace('"operating":[0', '"operating":[1000'),
    "",
  ];
  return kinds[version % kinds.length] ?? "";
}

const shaOf = (text: string) => createHash("sha256").update(text).digest("hex");

function planOf(text: string): Plan | undefined {
  const compiled = compileRegistry(text, shaOf(text));
  return compiled.ok ? compiled.plan : undefined;
}

/** A host that is fed batch after batch, and what it sent. */
function load(plan: () => Plan) {
  const sent: OutMessage[] = [];
  const accounting = createAccounting();
  let offset = 0;
  const handle = createHandler({
    topics: { enriched: "iot.enriched", dlq: "iot.raw.dlq" },
    producer: {
      async send(_topic, messages) {
        await new Promise((resolve) => setImmediate(resolve)); // the brokers' time: swaps fall into it
        sent.push(...messages);
        return messages.length;
      },
      stop: async () => {},
    },
    plan,
    now: () => NOW,
    accounting,
    observe: () => {},
    log: { info() {}, error: (message) => expect(message).toBe("") },
  });
  const next = (): Batch => ({
    topic: "iot.raw",
    partition: 0,
    first: offset,
    next: offset + PER_BATCH,
    empty: 0,
    highWatermark: offset + PER_BATCH,
    messages: Array.from({ length: PER_BATCH }, () => ({
      offset: offset++,
      key: Buffer.from("tank-1"),
      value: Buffer.from(
        `{"device_id":"tank-1","device_type":"tank","timestamp":${NOW},"measurements":{"level":${LEVEL}}}`,
      ),
      timestamp: NOW,
      headers: {},
    })),
  });
  return { sent, accounting, handleNext: () => handle(next()), offset: () => offset };
}

function verdictOf(message: OutMessage): { version: string; header: string; inRange: boolean } {
  const { headers } = message;
  const enriched = JSON.parse(String(wholeValue(message))) as Enriched;
  return {
    version: enriched.enrichment_info.registry_version,
    header: String(headers?.["iot.registry"]),
    inRange: !enriched.data_quality.findings.some(({ code }) => code === "range.operating"),
  };
}

/** Every output was judged whole by a version that was valid; returns the versions seen. */
function expectWholeVerdicts(sent: OutMessage[], valid: ReadonlySet<string>): Set<string> {
  const seen = new Set<string>();
  const wrong = sent.map(verdictOf).filter(({ version, header, inRange }) => {
    seen.add(version);
    return (
      !valid.has(version) || header !== version || inRange !== LEVEL <= limitOf(Number.parseInt(version, 10))
    );
  });
  expect(wrong).toEqual([]);
  return seen;
}

test("5,000 swaps, half of them broken: no message is judged by a version that was never valid, none is lost", async () => {
  const first = planOf(registryText(99_999));
  if (first === undefined) throw new Error("the first registry does not compile");
  let plan = first;
  const valid = new Set([plan.version]);
  let refused = 0;
  const { sent, accounting, handleNext, offset } = load(() => plan);
  for (let version = 1; version <= 5_000; version++) {
    const inHand = handleNext();
    const swapped = planOf(version % 2 === 0 ? registryText(version) : brokenText(version));
    if (swapped === undefined) refused++;
    else {
      plan = swapped;
      valid.add(plan.version);
    }
    await inHand;
  }
  expect([refused, valid.size]).toEqual([2_500, 2_501]);
  expect(sent.map(({ headers }) => Number(headers?.["iot.source.offset"]))).toEqual(
    Array.from({ length: offset() }, (_, index) => index),
  );
  expect(accounting.difference()).toBe(0);
  expect(expectWholeVerdicts(sent, valid).size).toBe(2_500);
}, 120_000);

let watch: RegistryWatch | undefined;
let folder: string | undefined;
afterEach(async () => {
  watch?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

test("20 saves of the watched file, half of them broken: the good ones count, the bad ones are named", async () => {
  folder = await mkdtemp(join(tmpdir(), "iot-swaps-"));
  const path = join(folder, "registry.json");
  await writeFile(path, registryText(1_000));
  const valid = new Set<string>();
  const watched = await watchRegistry(path, ({ version }) => valid.add(version), { intervalMs: 10 });
  watch = watched;
  valid.add(watched.current().version);
  const { sent, accounting, handleNext, offset } = load(() => watched.current().plan);

  const until = async (done: () => boolean) => {
    const deadline = Date.now() + 5_000;
    while (!done()) {
      if (Date.now() > deadline)
        throw new Error(`${watched.current().version}, ${JSON.stringify(watched.lastRefusal())}`);
      await handleNext();
    }
  };
  for (let version = 1; version <= 20; version++) {
    const good = version % 2 === 0;
    await writeFile(`${path}.new`, good ? registryText(version) : brokenText(version));
    await rename(`${path}.new`, path);
    if (good) await until(() => watched.current().version.startsWith(`${version}+`));
    else await until(() => watched.lastRefusal() !== null);
    await handleNext();
    expect(watched.health()).toHaveLength(good ? 0 : 1);
  }
  expect(valid.size).toBe(11);
  expect(sent).toHaveLength(offset());
  expect(accounting.difference()).toBe(0);
  expect(expectWholeVerdicts(sent, valid).size).toBe(11);
});

/**
 * The work that the peers in TypeScript do with a message, and how a peer is called.
 *
 * `enrich` is our own function, with verdicts; `original` is what the original's service does: parse, look the declared type up,
 * add its metadata, write.
 */
import { readFileSync } from "node:fs";
import { bytesToText } from "../../enrich/bytes-to-text.ts";
import { createEnrich } from "../../enrich/enrich.ts";
import { planOf } from "../../registry/pinned.fixture.ts";

export interface In {
  key: Buffer | null;
  value: Buffer | null;
  offset: number | bigint | string;
  /** ms */
  timestamp: number;
}

export interface Out {
  key: string;
  value: string;
  headers: Record<string, string>;
}

export type Work = (message: In) => Out;

/** The arguments of every peer, in Java and Python too, where `work` is always the original's. */
export function readArguments() {
  const [broker = "", raw = "", output = "", count = "", passes = "", registry = "", work = "", folder = ""] =
    process.argv.slice(2);
  const settings = { broker, raw, output, registry, isOurs: work === "enrich", folder };
  return { ...settings, messages: Number(count), passes: Number(passes) };
}

/** Its CPU time is read from outside after the last line; then it is ended from there. */
const LINGER_MS = 60_000;

/** Runs the passes; each has a group and an output topic of its own, and its line is written when all is committed. */
export async function runPasses(run: (output: string) => Promise<void>): Promise<never> {
  const { output, passes } = readArguments();
  for (let pass = 1; pass <= passes; pass++) {
    await run(`${output}-${pass}`);
    console.log(`done ${pass}`);
  }
  await Bun.sleep(LINGER_MS);
  process.exit(0);
}

export function workOf({ isOurs, registry }: { isOurs: boolean; registry: string }): Work {
  const text = readFileSync(registry, "utf8");
  return isOurs ? enriching(text) : original(text);
}

function enriching(registry: string): Work {
  const plan = planOf(registry);
  const enrich = createEnrich(plan);
  return ({ key, value, offset, timestamp }) => {
    const source = { key: String(key), timestamp, bytes: value?.length ?? 0 };
    const result = enrich(bytesToText(value), source, Date.now());
    if (result.to === "dlq") throw new Error(`@${offset}: ${result.message}`);
    const headers = { "iot.source.offset": String(offset), "iot.registry": plan.version };
    return { key: result.verdict.device_id, value: result.value, headers };
  };
}

interface OriginalType {
  name: string;
  description: string;
  category: string;
  capabilities: string[];
  data_format: string;
  update_frequency: string;
  retention_policy: string;
  measurements: Record<string, unknown>;
}

function original(registry: string): Work {
  const { device_types } = JSON.parse(registry) as { device_types: Record<string, OriginalType> };
  const metadata = new Map(Object.entries(device_types).map(([id, type]) => [id, deviceMetadata(id, type)]));
  return ({ key, value }) => {
    const message = JSON.parse(String(value));
    const id: string = message.device_type;
    const defined = device_types[id]?.measurements;
    if (!defined) throw new Error(`unknown type ${id}`);
    message.device_metadata = metadata.get(id);
    message.measurement_metadata = defined;
    message.enrichment_info = {
      enriched_at: new Date().toISOString(),
      enrichment_service: "iot-enrichment-service",
      enrichment_version: "1.0.0",
      device_type_detected: id,
    };
    message.data_quality = {
      timestamp_valid: "timestamp" in message,
      measurements_complete: Object.keys(defined).every((name) => name in message.measurements),
      enrichment_success: true,
    };
    return { key: String(key), value: JSON.stringify(message), headers: {} };
  };
}

function deviceMetadata(id: string, type: OriginalType) {
  const { capabilities, data_format, update_frequency, retention_policy } = type;
  return {
    device_type: id,
    device_type_name: type.name,
    device_type_description: type.description,
    device_category: type.category,
    capabilities,
    data_format,
    update_frequency,
    retention_policy,
  };
}

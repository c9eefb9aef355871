/**
 * What does `enrich()` cost inside Redpanda Connect's engine, beside a bare JSON.parse and a hand-written Bloblang mapping?
 *
 * The gate's engine (connect/engine: real Benthos and goja). Needs Go. First the ratio, in turns in one run, the best of each
 * side; then bytes allocated, the first message of a cold instance, and messages/s of the pipeline's own processors with one and two
 * threads beside a mapping that does the original's part of the work (metadata, presence, no verdicts).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { buildTransform, planText } from "../connect/build.ts";
import { buildEngine, PIPELINE } from "../connect/engine.ts";
import { createFleet, numbered } from "../simulator/fleet.ts";
import { PLAN } from "../test/pinned-plan.fixture.ts";
import type { Round } from "./connect.part.ts";
import { SAMPLE_TIME, sampleKey, sampleText } from "./sample.part.ts";

const ROUNDS = 100;
/** Short rounds of about the same length on both sides, so that some of each are undisturbed on a busy machine. */
const TIMES = { "JSON.parse": 600, enrich: 300 };
const MESSAGES = 40_000;
/** The most that enrich() may cost, as a multiple of a bare JSON.parse, and the first message, ms; beyond them the exit code is 1. */
const LIMITS = { ratio: 4, coldMs: 50 };
const START_MS = Date.UTC(2026, 10, 25);

type Message = Pick<Round, "text" | "bytes" | "key" | "timestamp">;
type Yaml = Record<string, unknown>;

/** The original's part: look the type up, append its metadata, say whether the required groups are there. No verdicts. */
const BLOBLANG = `
let message = content().parse_json()
root = $message
root.device_metadata = {"device_type": "smart_breaker", "device_type_name": "Smart Circuit Breaker", "device_category": "electrical_protection", "capabilities": ["voltage_monitoring", "current_monitoring", "power_monitoring", "frequency_monitoring", "temperature_monitoring", "status_monitoring", "protection_monitoring", "operational_monitoring"], "data_format": "json", "update_frequency": "5_seconds", "retention_policy": "30_days"}
root.measurement_metadata = {"voltage": {"unit": "V", "min_value": 110.0, "max_value": 130.0, "phases": ["phase_a", "phase_b", "phase_c"]}, "current": {"unit": "A", "min_value": 0.0, "max_value": 100.0, "phases": ["phase_a", "phase_b", "phase_c"]}}
root.enrichment_info = {"enriched_at": now(), "enrichment_service": "iot-enrichment-service", "enrichment_version": "1.0.0", "device_type_detected": $message.device_type | "unknown"}
root.data_quality.timestamp_valid = $message.timestamp.type() == "string"
root.data_quality.measurements_complete = ["voltage", "current", "power", "frequency", "temperature", "status", "protection", "operational"].all(group -> $message.measurements.get(group) != null)
root.data_quality.enrichment_success = true
`;

const engine = await buildEngine();
const folder = mkdtempSync(join(tmpdir(), "iot-bench-"));
try {
  await buildTransform(PLAN, folder);
  await bundleRounds();
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores; Bun ${Bun.version}; registry ${PLAN.version}\n`);
  await ratios();
  await coldStart();
  await throughput();
} finally {
  rmSync(folder, { recursive: true });
}

/** A breaker of the simulator: healthy, all of its leaves. The original's sample: seven leaves missing, S is not sqrt(P² + Q²). */
function messages(): Record<string, Message> {
  const fleet = createFleet(
    { devices: numbered({ breakers: 1, meters: 0, sensors: 0 }), seed: 1, faults: 0 },
    START_MS,
  );
  const sent = fleet.take(START_MS + 10_000)[0]?.message;
  const healthy = String(sent?.value);
  const undeclared = healthy.replace(/"device_type":"[^"]*",/, "");
  const sample = sampleText(1);
  const simulated = (text: string): Message => ({
    text,
    bytes: text.length,
    key: sent?.key ?? "",
    timestamp: START_MS + 5_000,
  });
  return {
    "a healthy breaker": simulated(healthy),
    "the same, type not declared": simulated(undeclared),
    "the original's sample": {
      text: sample,
      bytes: sample.length,
      key: sampleKey(1),
      timestamp: SAMPLE_TIME,
    },
    "a voltage out of its range": simulated(healthy.replace(/"phase_a":1[0-9.]+/, '"phase_a":140.25')),
    "a check that fails": simulated(healthy.replace(/"reactive":[0-9.]+/, '"reactive":9000.5')),
  };
}

async function ratios(): Promise<void> {
  console.log("| message | bytes | JSON.parse, us | enrich(), us | ratio | allocated by enrich() |");
  console.log("|---|---|---|---|---|---|");
  for (const [name, message] of Object.entries(messages())) {
    const rounds = Array.from({ length: ROUNDS }, () =>
      (["JSON.parse", "enrich"] as const).map((work) => ({ work, times: TIMES[work], ...message })),
    ).flat();
    const { lines } = await runRounds(rounds);
    const best = (work: string) =>
      Math.min(...lines.filter((line) => line.work === work).map(({ us }) => us));
    const [parse, enrich] = [best("JSON.parse"), best("enrich")];
    if (enrich / parse > LIMITS.ratio) process.exitCode = 1;
    const allocated = await bytesOf("enrich", message);
    console.log(
      `| ${name} | ${message.bytes} | ${parse.toFixed(1)} | ${enrich.toFixed(1)} | ${(enrich / parse).toFixed(2)} | ${(allocated / 1024).toFixed(1)} KiB |`,
    );
  }
}

/** Counts bytes from the collector's own trace: what was there at each start of a collection, less what the one before left. */
async function bytesOf(work: Round["work"], message: Message): Promise<number> {
  const times = 20_000;
  const { errors } = await runRounds([{ work, times, ...message }], { GODEBUG: "gctrace=1" });
  const sizes = [...errors.matchAll(/ (\d+)->(\d+)->(\d+) MB,/g)].map((match) => match.slice(1).map(Number));
  let allocated = 0;
  let left = 0;
  for (const [start = 0, , live = 0] of sizes) {
    allocated += Math.max(0, start - left);
    left = live;
  }
  return (allocated * 1024 * 1024) / times;
}

async function coldStart(): Promise<void> {
  const code = `(() => { const began = Date.now(); const made = require(BUNDLE).create(require(PLAN)); made.run(); benthos.v0_msg_set_string(String(Date.now() - began)); })()`;
  const took: number[] = [];
  for (let i = 0; i < 7; i++) {
    const output = await run(
      {
        input: { generate: { count: 1, interval: "", mapping: generating(Object.values(messages())[0]) } },
        pipeline: { threads: 1, processors: [...recordOnly(), { javascript: { code: withPaths(code) } }] },
        output: { stdout: {} },
      },
      new Blob([""]),
    );
    took.push(Number(output.out.trim()));
  }
  took.sort((a, b) => a - b);
  if ((took[3] ?? 0) > LIMITS.coldMs) process.exitCode = 1;
  console.log(
    `\nThe first message of a new process, bundle and plan read: ${took[0]} ms best, ${took[3]} ms median.\n`,
  );
}

async function throughput(): Promise<void> {
  const message = Object.values(messages())[0];
  const pipeline = Bun.YAML.parse(await Bun.file(PIPELINE).text()) as { pipeline: { processors: Yaml[] } };
  const sides: Record<string, Yaml[]> = {
    "the pipeline's processors": pipeline.pipeline.processors,
    "a Bloblang mapping": [{ mapping: BLOBLANG }],
  };
  console.log("| processors | threads | messages/s |");
  console.log("|---|---|---|");
  for (const [name, processors] of Object.entries(sides))
    for (const threads of [1, 2]) {
      const time = async (count: number) => {
        const input = { generate: { count, interval: "", batch_size: 200, mapping: generating(message) } };
        const began = performance.now();
        await run({ input, pipeline: { threads, processors }, output: { drop: {} } }, new Blob([""]));
        return performance.now() - began;
      };
      const start = await time(200);
      const all = await time(MESSAGES);
      console.log(`| ${name} | ${threads} | ${Math.round(((MESSAGES - 200) * 1000) / (all - start))} |`);
    }
}

function generating(message: Message | undefined): string {
  return `root = ${JSON.stringify(message?.text)}.bytes()
meta kafka_key = ${JSON.stringify(message?.key)}
meta kafka_partition = 0
meta kafka_offset = counter()
meta kafka_timestamp_ms = ${message?.timestamp}`;
}

/** What the pipeline's first mapping hands over. */
function recordOnly(): Yaml[] {
  return [
    {
      mapping: `meta record = "%d %d %d ".format(content().length(), @kafka_timestamp_ms, timestamp_unix_milli()) + @kafka_key`,
    },
  ];
}

function withPaths(code: string): string {
  return code
    .replace("BUNDLE", JSON.stringify(join(folder, "enrich.cjs")))
    .replace("PLAN", JSON.stringify(join(folder, "plan.json")));
}

async function bundleRounds(): Promise<void> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, "connect.part.ts")],
    format: "cjs",
    target: "browser",
  });
  await Bun.write(join(folder, "rounds.cjs"), (await outputs[0]?.text()) ?? "");
  await Bun.write(join(folder, "rounds.json"), planText(PLAN, "bench"));
}

async function runRounds(rounds: Round[], env: Record<string, string> = {}) {
  const paths = ["rounds.cjs", "rounds.json"].map((name) => JSON.stringify(join(folder, name)));
  const code = `(globalThis.__e ??= require(${paths[0]}).create(require(${paths[1]}))).run()`;
  const config = {
    input: { stdin: {} },
    pipeline: { threads: 1, processors: [{ javascript: { code } }] },
    output: { stdout: {} },
  };
  const input = new Blob([`${rounds.map((round) => JSON.stringify(round)).join("\n")}\n`]);
  const { out, errors } = await run(config, input, env);
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { work: string; us: number });
  return { lines, errors };
}

async function run(
  config: Yaml,
  input: Blob,
  env: Record<string, string> = {},
): Promise<{ out: string; errors: string }> {
  const file = join(folder, "bench.json");
  await Bun.write(file, JSON.stringify({ ...config, logger: { level: "ERROR" }, http: { enabled: false } }));
  const child = Bun.spawn([engine, "run", file], {
    env: {
      ...Bun.env,
      ENRICH_BUNDLE: join(folder, "enrich.cjs"),
      ENRICH_PLAN: join(folder, "plan.json"),
      ...env,
    },
    stdin: input,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`the engine ended with ${code}: ${errors || out}`);
  return { out, errors };
}

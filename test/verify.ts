/**
 * `bun run verify` and `bun run verify:real`: every check in turn, then what took longest and one closing line `N passed, N failed, N skipped`.
 *
 * Without arguments: format, types, lint, and all tests that need nothing but Bun. With `--real`: only
 * `*.real.test.ts`, against the real parts; a missing one is named and skipped, with CI=true it is a failure.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { showUsage } from "../runtime/usage.ts";
import { PART_NAMES, part } from "./real/parts.fixture.ts";
import { type Counts, NOTHING, add, countsOf, line } from "./verify-counts.ts";
import { slowest } from "./verify-times.ts";
import { ROOT } from "./processes.fixture.ts";

const REAL = ".real.test.ts";
/** A test that waits for a process or a rebalance needs more than Bun's 5 s. */
const TEST_TIMEOUT_MS = 30_000;

interface Stage {
  name: string;
  command: string[];
  /** A stage that hangs is ended, and has failed. */
  limitMinutes: number;
  /** Tests are counted one by one; any other stage is one check. */
  tests?: boolean;
}

showUsage(
  `bun run verify        format, types, lint and every test that needs nothing but Bun
       bun run verify:real   only the tests with real parts: ${PART_NAMES.join(", ")}; says what it skipped
environment: CI=true makes a missing part a failure`,
  ["--real"],
);
const bun = process.execPath;
const folder = mkdtempSync(join(tmpdir(), "iot-verify-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const timings = join(folder, "timings.json");
const real = process.argv.includes("--real");
const began = performance.now();
let total = real ? missingParts() : NOTHING;
for (const stage of real ? realStages() : stages()) total = add(total, await run(stage));
const times = slowest(
  await Bun.file(timings)
    .text()
    .catch(() => undefined),
);
if (times.length > 0) console.log(`\nslowest test files:\n${times.join("\n")}`);
console.log(`\n${Math.round((performance.now() - began) / 1000)} s`);
console.log(line(total));
process.exit(total.failed === 0 ? 0 : 1);

function stages(): Stage[] {
  const biome = ["node_modules/@biomejs/biome/bin/biome", "lint"];
  const types = files("**/tsconfig*.json").map((config) => ({
    name: `types (${config})`,
    command: [bun, "check", "--project", config],
    limitMinutes: 2,
  }));
  const tests = files("**/*.test.ts{,x}").filter((file) => !file.endsWith(REAL));
  return [
    { name: "format", command: [bun, "fmt", "--check"], limitMinutes: 1 },
    ...types,
    { name: "lint", command: [bun, ...biome], limitMinutes: 2 },
    ...testStage("tests", tests, 8),
  ];
}

function realStages(): Stage[] {
  return testStage("tests with real parts", files(`**/*${REAL}`), 20);
}

function testStage(name: string, paths: string[], limitMinutes: number): Stage[] {
  if (paths.length === 0) return [];
  const command = [
    bun,
    "test",
    "--isolate",
    `--timeout=${TEST_TIMEOUT_MS}`,
    `--timings=${timings}`,
    "--update-timings",
    ...paths.map((path) => `./${path}`),
  ];
  return [{ name: `${name} (${paths.length} files)`, command, limitMinutes, tests: true }];
}

function files(pattern: string): string[] {
  const found = [...new Bun.Glob(pattern).scanSync({ cwd: ROOT })];
  return found.filter((file) => !/(^|\/)(node_modules|data|dist)\//.test(file)).sort();
}

async function run(stage: Stage): Promise<Counts> {
  console.log(`\n== ${stage.name}`);
  const started = performance.now();
  const child = Bun.spawn(stage.command, {
    cwd: ROOT,
    env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: "1" }) },
    stdin: "ignore",
    stdout: stage.tests ? "pipe" : "inherit",
    stderr: stage.tests ? "pipe" : "inherit",
  });
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, stage.limitMinutes * 60_000);
  const [code, output] = await Promise.all([
    child.exited,
    passThrough(child.stdout),
    passThrough(child.stderr),
  ])
    .then(([exit, out, err]) => [exit, out + err] as const)
    .finally(() => clearTimeout(timer));
  if (hung) console.log(`${stage.name}: ended after ${stage.limitMinutes} minutes`);
  const counts = stage.tests
    ? countsOf(output, code)
    : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`-- ${stage.name}: ${counts.failed === 0 ? "ok" : "FAILED"} in ${seconds} s`);
  return counts;
}

/** Shows a stage's output as it comes, and keeps it for the count. */
async function passThrough(stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined): Promise<string> {
  if (!stream) return "";
  let output = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    process.stdout.write(chunk);
    output += chunk;
  }
  return output;
}

function missingParts(): Counts {
  const required = process.env.CI === "true";
  let failed = 0;
  console.log("== real parts");
  for (const name of PART_NAMES) {
    const { path, hint } = part(name);
    if (path === undefined && required) failed += 1;
    const without = required ? "MISSING, and CI=true wants it" : "missing, its tests are skipped";
    console.log(`${name}: ${path ?? `${without} (${hint})`}`);
  }
  return { passed: 0, failed, skipped: 0 };
}

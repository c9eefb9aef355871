/**
 * `bun run transform [--out FOLDER]`: the two files that Redpanda Connect loads, made from this tree and the registry.
 *
 * In: connect/transform/transform.ts, the registry (REGISTRY). Out: `enrich.cjs` (CommonJS, no TypeBox, nothing of Bun or Node) and
 *   `plan.json` (the compiled registry), each with the other's mark. Errors: every fault of the registry, exit 1, and
 *   the files stay as they were.
 */
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { loadRegistry } from "../config/registry-file.ts";
import { readSettings } from "../config/env.ts";
import { pack, type PlanFile } from "./transform/transform.ts";
import type { Plan } from "../judge/plan.ts";
import { exitWithFaults, showUsage } from "../runtime/usage.ts";

export const BUNDLE_FILE = "enrich.cjs";
export const PLAN_FILE = "plan.json";
/** A larger one starts too slowly: an instance that the engine makes anew runs it before its first message. */
export const BUNDLE_LIMIT = 60 * 1024;

const ROOT = join(import.meta.dir, "..");

/** The bundle's text and its mark; the mark is of the text without it. */
export async function buildBundle(): Promise<{ id: string; text: string }> {
  const id = new Bun.CryptoHasher("sha256")
    .update(await bundle(""))
    .digest("hex")
    .slice(0, 16);
  return { id, text: await bundle(id) };
}

async function bundle(id: string): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(ROOT, "connect/transform/transform.ts")],
    root: ROOT,
    format: "cjs",
    target: "browser",
    minify: true,
    define: { BUNDLE_ID: JSON.stringify(id) },
  });
  const [output] = outputs;
  if (outputs.length !== 1 || !output) throw new Error(`expected one bundle, got ${outputs.length}`);
  return output.text();
}

/** ASCII only: the engine's loader of JSON misreads some characters beyond it. */
export function planText(plan: Plan, id: string): string {
  const file: PlanFile = { bundle: id, plan: pack(plan) };
  return JSON.stringify(file).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Both files or none: each is complete before it takes its name. */
export async function buildTransform(plan: Plan, folder: string): Promise<void> {
  const { id, text } = await buildBundle();
  if (text.length > BUNDLE_LIMIT)
    throw new Error(`the bundle has ${text.length} bytes, more than ${BUNDLE_LIMIT}`);
  mkdirSync(folder, { recursive: true });
  const files = { [BUNDLE_FILE]: text, [PLAN_FILE]: planText(plan, id) };
  for (const [name, content] of Object.entries(files)) await Bun.write(join(folder, `${name}.new`), content);
  for (const name in files) renameSync(join(folder, `${name}.new`), join(folder, name));
}

if (import.meta.main) {
  const [option, out = "", ...more] = process.argv.slice(2);
  const isGiven = option === "--out" && out !== "" && !out.startsWith("-");
  showUsage(
    `bun run transform [--out FOLDER]   writes what Redpanda Connect runs: ${BUNDLE_FILE} and ${PLAN_FILE}, into connect/ or FOLDER
environment: REGISTRY; docs/connect.md`,
    [],
    isGiven ? more : process.argv.slice(2),
  );
  const folder = isGiven ? out : import.meta.dir;
  try {
    const { plan } = await loadRegistry(readSettings().registryPath);
    await buildTransform(plan, folder);
    console.log(`registry ${plan.version}: ${join(folder, BUNDLE_FILE)} and ${PLAN_FILE} are ready`);
  } catch (error) {
    exitWithFaults(error);
  }
}

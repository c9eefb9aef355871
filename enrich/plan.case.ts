/** The plan of the registry that tests and benches pin (test/registry/). */
import { readFileSync } from "node:fs";
import { compileRegistry } from "../registry/compile.ts";
import { faultText } from "../registry/fault.ts";
import type { Plan } from "../judge/plan.ts";
import type { DeviceRegistry } from "../schemas/registry.ts";

/** `digest` stands for the SHA-256 of the file. */
export function planOf(registry: string | object, digest = "0".repeat(64)): Plan {
  const compiled = compileRegistry(registry, digest);
  if (!compiled.ok) throw new Error(compiled.faults.map(faultText).join("\n"));
  return compiled.plan;
}

export function pinnedRegistry(): DeviceRegistry {
  return JSON.parse(readFileSync(new URL("../test/registry/device-registry.json", import.meta.url), "utf8"));
}

export function pinnedPlan(): Plan {
  return planOf(pinnedRegistry());
}

/** The plan of the registry that tests pin (test/registry/), compiled as the hosts do; a refusal shows its faults. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileRegistry } from "../registry/compile.ts";

const text = readFileSync(join(import.meta.dir, "registry", "device-registry.json"), "utf8");
const sha256 = new Bun.CryptoHasher("sha256").update(text).digest("hex");
const compiled = compileRegistry(text, sha256);
if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults, null, 2));

export const PLAN = compiled.plan;

/** `explain` as its tests run it: a terminal of strings, and another registry to try. */
import type { DeviceRegistry } from "../schemas/registry.ts";
import { CASE_TIME } from "../enrich/enrich.case.ts";
import { explain } from "./explain.ts";
import { pinnedRegistry } from "../registry/pinned.fixture.ts";

export async function run(args: string[], input: string | Buffer = "", isTerminal = false) {
  let out = "";
  let err = "";
  const code = await explain(["--registry", "test/registry/device-registry.json", ...args], {
    stdin: async () => Buffer.from(input),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isTerminal,
    now: () => CASE_TIME + 86_400_000,
  });
  const lines = out.startsWith("{")
    ? out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
    : [];
  return { code, out, err, lines };
}

/** The pinned registry with a narrower range of a breaker's temperature. */
export function narrowed(): DeviceRegistry {
  const registry = pinnedRegistry();
  registry.metadata.version = "9.9.9";
  const breaker = registry.device_types.smart_breaker;
  if (breaker)
    breaker.measurements.temperature = { quantity: "temperature", unit: "degC", operating: [20, 50] };
  // Its own examples are not what is tried here.
  for (const type of Object.values(registry.device_types)) type.examples = undefined;
  return registry;
}

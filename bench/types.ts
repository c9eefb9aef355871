/**
 * What does a registry of 1,000 types cost a message, beside a registry of one?
 *
 * The original's sample, declared and undeclared; 20 of the types share voltage, current and frequency with it. Median of
 * ten rounds in turns. Exit code 1 where declared costs more than 1.15 times, or detected more than 3 times.
 */
import { createEnrich } from "../enrich/enrich.ts";
import { compileRegistry } from "../registry/compile.ts";
import type { Plan } from "../judge/plan.ts";
import { sampleKey, sampleText } from "./sample.part.ts";

const ROUNDS = 10;
const CALLS = 20_000;
const SHARING = 20;
const LIMITS = { declared: 1.15, detected: 3 };

const pinned = await Bun.file("test/registry/device-registry.json").json();
const { detect, ...breaker } = pinned.device_types.smart_breaker;
const phases = ["phase_a", "phase_b", "phase_c"];
const shared = {
  voltage: { quantity: "voltage", phases },
  current: { quantity: "current", phases },
  frequency: { quantity: "frequency" },
};

function registryOf(count: number): Plan {
  const others = Array.from({ length: count - 1 }, (_, index) => [
    `type_${index}`,
    {
      name: `Type ${index}`,
      measurements: {
        [`own_${index}`]: { quantity: "voltage", physical: [0, 1000], operating: [10, 900] },
        ...(index < SHARING ? shared : { [`more_${index}`]: { components: ["x", "y", "z"] } }),
      },
    },
  ]);
  const device_types = {
    smart_breaker: { ...breaker, detect: { ...detect, forbids: [] } },
    ...Object.fromEntries(others),
  };
  const began = performance.now();
  const compiled = compileRegistry({ ...pinned, device_types, shapes: [] }, "0".repeat(64));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults.slice(0, 3)));
  console.log(`${count} types compiled in ${(performance.now() - began).toFixed(0)} ms`);
  return compiled.plan;
}

const enrichers = { one: createEnrich(registryOf(1)), thousand: createEnrich(registryOf(1_000)) };
const declared = sampleText(0);
const texts = { declared, detected: declared.replace('"device_type":"smart_breaker",', "") };
const times: { name: string; perCall: number }[] = [];
for (let round = -3; round < ROUNDS; round++) {
  for (const [method, text] of Object.entries(texts)) {
    for (const [size, enrich] of Object.entries(enrichers)) {
      const source = { key: sampleKey(0), timestamp: Date.UTC(2025, 7, 15, 22, 21, 43), bytes: text.length };
      let length = 0;
      const began = performance.now();
      for (let call = 0; call < CALLS; call++) {
        const result = enrich(text, source, 0);
        if (result.to === "enriched") length += result.value.length;
      }
      const perCall = ((performance.now() - began) * 1e6) / CALLS;
      if (length === 0) throw new Error("nothing was enriched");
      // The first rounds warm up.
      if (round >= 0) times.push({ name: `${method} ${size}`, perCall });
    }
  }
}

function median(name: string): number {
  const own = times.filter((time) => time.name === name).map(({ perCall }) => perCall);
  return own.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
}

for (const [method, limit] of Object.entries(LIMITS)) {
  const one = median(`${method} one`);
  const thousand = median(`${method} thousand`);
  const ratio = thousand / one;
  console.log(
    `${method}: ${one.toFixed(0)} ns with 1 type, ${thousand.toFixed(0)} ns with 1,000: ${ratio.toFixed(2)} times, at most ${limit}`,
  );
  if (!(ratio <= limit)) process.exitCode = 1;
}

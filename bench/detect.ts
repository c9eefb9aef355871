/**
 * Which type does the pinned registry give to vendors' messages, and is one of them wrong?
 *
 * A confusion matrix for each half of schemas/examples/vendors (its README says which half was seen while tuning) and
 * for schemas/examples/devices. Exit code 1 when a type is wrong; unknown is no fault, and is counted.
 */
import { compileRegistry } from "../registry/compile.ts";
import { createJudge, ownTime } from "../judge/judge.ts";
import { DEVICES } from "../schemas/examples/devices/devices.case.ts";
import { HALVES, vendorSamples } from "../schemas/examples/vendors/vendors.case.ts";

interface Labelled {
  name: string;
  key: string;
  message: Record<string, unknown>;
  /** What the device is. */
  truth: string;
  /** Types that it never is, whatever the registry learns. */
  never: string[];
}

const compiled = compileRegistry(await Bun.file("test/registry/device-registry.json").text(), "0".repeat(64));
if (!compiled.ok) throw new Error("the pinned registry is faulty");
const { plan } = compiled;
const judge = createJudge(plan);

const sets: Record<string, Labelled[]> = {};
for (const half of HALVES)
  sets[half] = vendorSamples(half).map(({ expect, ...sample }) => ({ ...sample, truth: expect, never: [] }));
sets.devices = DEVICES.flatMap(({ name, key, value, today, never }) => {
  if (today.to !== "enriched") return [];
  return [{ name, key, message: JSON.parse(value), truth: today.device_type, never }];
});

let wrong = 0;
for (const [name, samples] of Object.entries(sets)) {
  const cells = new Map<string, number>();
  const counts = { right: 0, unknown: 0, wrong: 0 };
  for (const sample of samples) {
    const found = typeOf(sample);
    const cell = `${sample.truth.padEnd(24)} ${found}`;
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
    if (found === sample.truth && !sample.never.includes(found)) counts.right++;
    else if (found === "unknown") counts.unknown++;
    else {
      counts.wrong++;
      console.log(`WRONG: ${sample.name} is a ${sample.truth}, taken for a ${found}`);
    }
  }
  wrong += counts.wrong;
  console.log(`\n${name}: ${samples.length} messages, ${JSON.stringify(counts)}`);
  console.log(`  ${"what it is".padEnd(24)} what it is taken for`);
  for (const [cell, count] of [...cells].sort()) console.log(`  ${cell.padEnd(50)} ${count}`);
}
process.exitCode = wrong === 0 ? 0 : 1;

function typeOf({ key, message }: Labelled): string {
  const verdict = judge(message, { key, timestamp: ownTime(message, plan) ?? 0 });
  return verdict.ok ? verdict.device_type : `dead letter ${verdict.reason}`;
}

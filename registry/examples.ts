/** The examples of types and shapes, judged: a registry whose own examples fail is refused. */
import type { DeviceRegistry, RegistryExample } from "../schemas/registry.ts";
import type { Fault } from "./fault.ts";
import { judge, ownTime } from "./judge.ts";
import type { Plan } from "./plan.ts";
import { readPointer } from "./pointer.ts";
import { fieldOf } from "./paths.ts";
import { shortJson } from "./structure.ts";
import type { Verdict } from "./verdict.ts";

/** The record timestamp of a message without a time of its own: any, since nothing is then judged by it. */
const NO_TIME = Date.UTC(2026, 0, 1);

/** Key and timestamp as `explain` and the examples take them: the message's own time is the record timestamp. */
export function judgeExample(example: RegistryExample, plan: Plan): Verdict {
  const { message, key } = example;
  const timestamp = ownTime(message, plan) ?? NO_TIME;
  if (key !== undefined) return judge(message, { key, timestamp }, plan);
  const anonymous = judge(message, { key: null, timestamp }, plan);
  if (anonymous.ok) return judge(message, { key: anonymous.device_id, timestamp }, plan);
  // Without a key and without an id of its own it needs one; any other dead letter stays as it is.
  const named = judge(message, { key: "example", timestamp }, plan);
  return !named.ok && named.reason === "key_mismatch" ? anonymous : named;
}

export function checkExamples(registry: DeviceRegistry, plan: Plan): Fault[] {
  const faults: Fault[] = [];
  for (const [key, type] of Object.entries(registry.device_types))
    (type.examples ?? []).forEach((example, index) => {
      const expect = { device_type: key, ...example.expect };
      checkExample({ ...example, expect }, plan, `/device_types/${key}/examples/${index}`, faults);
    });
  (registry.shapes ?? []).forEach((shape, at) => {
    (shape.examples ?? []).forEach((example, index) => {
      const expect = { shape: shape.id, ...example.expect };
      checkExample({ ...example, expect }, plan, `/shapes/${at}/examples/${index}`, faults);
    });
  });
  return faults;
}

function checkExample(example: RegistryExample, plan: Plan, at: string, faults: Fault[]): void {
  const { expect, name } = example;
  const verdict = judgeExample(example, plan);
  const say = (problem: string, expected: string) =>
    faults.push({ path: at, problem: `example ${JSON.stringify(name)}: ${problem}`, expected });
  if (!verdict.ok) {
    say(
      `a dead letter, ${verdict.reason} at ${JSON.stringify(verdict.path)}: ${verdict.message}`,
      "a message that can be enriched",
    );
    return;
  }
  const found = {
    device_type: verdict.device_type,
    method: verdict.detection.method,
    shape: verdict.shape?.id ?? "our own form",
    device_id: verdict.device_id,
    grade: verdict.grade,
  };
  const why = verdict.detection.reasons.join("; ");
  const list = verdict.findings.map(
    ({ code, path, expected }) => `${code} at ${path}${expected === undefined ? "" : ` (${expected})`}`,
  );
  for (const key of ["device_type", "method", "shape", "device_id", "grade"] as const) {
    const wanted = expect[key];
    if (wanted === undefined || wanted === found[key]) continue;
    const because = key === "grade" ? list.join(", ") || "no finding" : why;
    say(`${key} is ${found[key]} (${because})`, wanted);
  }
  for (const code of expect.findings ?? [])
    if (!verdict.findings.some((finding) => finding.code === code))
      say(`no finding ${code}`, `${code}; found ${list.join(", ") || "none"}`);
  const normalized: unknown = JSON.parse(verdict.normalized ?? "{}");
  for (const [path, wanted] of Object.entries(expect.normalized ?? {})) {
    const { group, leaf } = fieldOf(path);
    const value = readPointer(normalized, ["measurements", group, leaf]);
    if (value !== wanted) say(`normalized ${path} is ${shortJson(value)}`, shortJson(wanted));
  }
}

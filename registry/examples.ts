/** The examples of types and shapes, judged: a registry whose own examples fail is refused. */
import type { DeviceRegistry, RegistryExample } from "../schemas/registry.ts";
import type { Fault } from "./fault.ts";
import { createJudge, type Judge, ownTime } from "../judge/judge.ts";
import type { Plan } from "../judge/plan.ts";
import { parsePointer, readPointer } from "../judge/pointer.ts";
import { fieldOf } from "./paths.ts";
import { shortJson } from "./structure.ts";
import type { Verdict } from "../judge/verdict.ts";

/** The record timestamp of a message without a time of its own: any, since nothing is then judged by it. */
const NO_TIME = Date.UTC(2026, 0, 1);

/** Key and timestamp as `explain` and the examples take them: the message's own time is the record timestamp. */
export function judgeExample(example: RegistryExample, plan: Plan, judge: Judge): Verdict {
  const { message, key } = example;
  const timestamp = ownTime(message, plan) ?? NO_TIME;
  if (key !== undefined) return judge(message, { key, timestamp });
  const anonymous = judge(message, { key: null, timestamp });
  if (anonymous.ok) return judge(message, { key: anonymous.device_id, timestamp });
  // Without a key and without an id of its own it needs one; any other dead letter stays as it is.
  const named = judge(message, { key: "example", timestamp });
  return !named.ok && named.reason === "key_mismatch" ? anonymous : named;
}

export interface JudgedExample {
  /** JSON Pointer into the registry. */
  at: string;
  example: RegistryExample;
  verdict: Verdict;
}

/** All examples of types and shapes, each expected to be what it is an example of. */
export function judgeExamples(registry: DeviceRegistry, plan: Plan): JudgedExample[] {
  const ofTypes = Object.entries(registry.device_types).flatMap(([key, { examples = [] }]) =>
    examples.map((example, index) => ({
      at: `/device_types/${key}/examples/${index}`,
      example: { ...example, expect: { device_type: key, ...example.expect } },
    })),
  );
  const ofShapes = (registry.shapes ?? []).flatMap(({ id, examples = [] }, shape) =>
    examples.map((example, index) => ({
      at: `/shapes/${shape}/examples/${index}`,
      example: { ...example, expect: { shape: id, ...example.expect } },
    })),
  );
  const judge = createJudge(plan);
  return [...ofTypes, ...ofShapes].map((one) => ({
    ...one,
    verdict: judgeExample(one.example, plan, judge),
  }));
}

export function checkExamples(examples: readonly JudgedExample[]): Fault[] {
  const faults: Fault[] = [];
  for (const example of examples) checkExample(example, faults);
  return faults;
}

function checkExample({ at, example, verdict }: JudgedExample, faults: Fault[]): void {
  const { expect, name } = example;
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
    ({ code, path, expected }) =>
      `${code} at ${path}${expected === undefined ? "" : ` (${expected})`}${hint(code, path, example.message)}`,
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

/** Vendors like to send numbers as strings: the shape has to say so. */
function hint(code: string, path: string, message: unknown): string {
  const found = readPointer(message, parsePointer(path) ?? []);
  const isNumber = typeof found === "string" && found.trim() !== "" && Number.isFinite(Number(found));
  return code === "wrong_type" && isNumber ? `, found ${shortJson(found)}: "text": true reads it` : "";
}

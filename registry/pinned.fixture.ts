/** The registry that tests pin (test/registry/): its text, its plan, and messages of its examples at their own time. */
import { readFileSync } from "node:fs";
import type { DeviceRegistry } from "../schemas/registry.ts";
import { compileRegistry } from "./compile.ts";
import { faultText } from "./fault.ts";
import { judge } from "../judge/judge.fixture.ts";
import { ownTime } from "../judge/judge.ts";
import type { Plan } from "../judge/plan.ts";
import type { Judged, Verdict } from "../judge/verdict.ts";

export const PINNED_TEXT = readFileSync(
  new URL("../test/registry/device-registry.json", import.meta.url),
  "utf8",
);

export type Message = Record<string, unknown>;

/** A fresh copy: tests change it. */
export function pinnedRegistry(): DeviceRegistry {
  return JSON.parse(PINNED_TEXT) as DeviceRegistry;
}

/** `digest` stands for the SHA-256 of the file. */
export function planOf(registry: string | object, digest = "0".repeat(64)): Plan {
  const compiled = compileRegistry(registry, digest);
  if (!compiled.ok) throw new Error(compiled.faults.map(faultText).join("\n"));
  return compiled.plan;
}

/** Fault lines of a registry that must be refused; empty if it is accepted. */
export function faultsOf(registry: object | string): string[] {
  const compiled = compileRegistry(registry, "0".repeat(64));
  return compiled.ok ? [] : compiled.faults.map(faultText);
}

/** Judged under its own id (`src` is where the shapes of the tests have it) at its own time. */
export function judgeAtOwnTime(message: Message, plan: Plan, key?: string | null): Verdict {
  const timestamp = ownTime(message, plan) ?? Date.UTC(2026, 0, 1);
  const own = message.src ?? message.device_id;
  const id = typeof own === "string" ? own : "device-1";
  return judge(message, { key: key === undefined ? id : key, timestamp }, plan);
}

export function judged(message: Message, plan: Plan, key?: string | null): Judged {
  const verdict = judgeAtOwnTime(message, plan, key);
  if (!verdict.ok) throw new Error(`dead letter ${verdict.reason} ${verdict.path}: ${verdict.message}`);
  return verdict;
}

/** `code path` of each finding. */
export const codes = (verdict: Judged) => verdict.findings.map(({ code, path }) => `${code} ${path}`);

export const pinnedPlan = planOf(pinnedRegistry());

/** A fresh copy of the predecessor's sample message. */
export function sampleMessage(): Message {
  return pinnedRegistry().device_types.smart_breaker?.examples?.[0]?.message ?? {};
}

export type Groups = Record<string, Record<string, unknown>>;
export const groupsOf = (message: Message) => message.measurements as Groups;

/** The sample with changed measurements, judged. */
export function judgedSample(change: (measurements: Groups) => void): Judged {
  const message = sampleMessage();
  change(groupsOf(message));
  return judged(message, pinnedPlan);
}

/** `code path (expected)` of each finding that weighs. */
export const faultsIn = (verdict: Judged) =>
  verdict.findings
    .filter(({ severity }) => severity !== "info")
    .map(({ code, path, expected }) => `${code} ${path} (${expected})`);

/**
 * Compiles alarm rules and the operands of predicates. The rules are carried in the plan and run by projections.
 *
 * In: the rules as the registry says them, the type's leaves and nominal values. Out: PlanAlarm, paths resolved.
 * Faults: comparisons that cannot hold, shares of a nominal value that is not there, ids that stand twice.
 */
import type { RegistryAlarm, RegistryCondition } from "../schemas/registry.ts";
import type { Nominals } from "./compile-leaf.ts";
import { checkIds, readDuration } from "./compile-rules.ts";
import type { Fault } from "./fault.ts";
import { expectLeaves } from "./paths.ts";
import type { PlanAlarm, PlanCondition, PlanLeaf } from "../judge/plan.ts";

export function compileAlarms(
  alarms: readonly RegistryAlarm[],
  leaves: readonly PlanLeaf[],
  nominals: Nominals,
  path: string,
  faults: Fault[],
): PlanAlarm[] {
  checkIds(alarms, `${path}/alarms`, faults);
  return alarms.map((alarm, index) => {
    const at = `${path}/alarms/${index}`;
    const condition = (rule: RegistryCondition, key: string) =>
      compileCondition(rule, leaves, nominals, `${at}/${key}`, faults);
    return {
      id: alarm.id,
      severity: alarm.severity,
      message: alarm.description ?? "",
      when: condition(alarm.when, "when"),
      for_ms: alarm.for === undefined ? 0 : readDuration(alarm.for, `${at}/for`, faults),
      clear_when: alarm.clear_when === undefined ? null : condition(alarm.clear_when, "clear_when"),
    };
  });
}

function compileCondition(
  rule: RegistryCondition,
  leaves: readonly PlanLeaf[],
  nominals: Nominals,
  at: string,
  faults: Fault[],
): PlanCondition {
  const matched = expectLeaves(rule.path, leaves, `${at}/path`, faults);
  checkOperand(rule, at, faults, rule.of_nominal !== undefined);
  if (rule.of_nominal !== undefined)
    for (const index of matched) {
      const { path, quantity } = leaves[index] ?? { path: "", quantity: null };
      if (quantity === null || !nominals.some((entry) => entry[quantity] !== undefined))
        faults.push({
          path: `${at}/of_nominal`,
          problem: `${path} has no nominal value`,
          expected: `a quantity that the type's nominal names${quantity === null ? "" : `: ${quantity}`}`,
        });
    }
  return {
    path: rule.path,
    leaves: matched,
    op: rule.op,
    value: rule.value ?? null,
    of_nominal: rule.of_nominal ?? null,
  };
}

const ORDER_OPS = ["<", "<=", ">", ">="];

/** An operator and what it compares with must fit. Shared with the predicates of shapes. */
export function checkOperand(
  rule: { op: string; value?: unknown },
  at: string,
  faults: Fault[],
  ofNominal = false,
): void {
  const { op, value } = rule;
  const say = (problem: string, expected: string) => faults.push({ path: at, problem, expected });
  if (op === "exists" || op === "absent") {
    if (value !== undefined || ofNominal) say(`${op} compares with nothing`, "no value");
  } else if (ofNominal) {
    if (value !== undefined) say("value and of_nominal", "one of them");
    if (op === "in") say("in with of_nominal", `one of ${["=", "!=", ...ORDER_OPS].join(" ")}`);
  } else if (value === undefined) say(`${op} without a value`, "a value");
  else if (op === "in") {
    if (!Array.isArray(value)) say("in with one value", "a list of values");
  } else if (Array.isArray(value)) say(`${op} with a list`, "one value, or in");
  else if (ORDER_OPS.includes(op) && typeof value !== "number")
    say(`${op} with ${JSON.stringify(value)}`, "a number");
}

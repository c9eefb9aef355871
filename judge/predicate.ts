/** Whether a predicate holds for a value. The same operators for shapes, picks and alarms. */
import type { PlanOp } from "./plan.ts";

export function holds(value: unknown, op: PlanOp, operand: unknown): boolean {
  switch (op) {
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
    case "=":
      return value === operand;
    case "!=":
      return value !== undefined && value !== operand;
    case "in":
      return Array.isArray(operand) && operand.includes(value);
  }
  if (typeof value !== "number" || typeof operand !== "number") return false;
  if (op === "<") return value < operand;
  if (op === "<=") return value <= operand;
  return op === ">" ? value > operand : value >= operand;
}

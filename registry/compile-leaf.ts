/**
 * Compiles one leaf of a measurement: unit, ranges and the words of its findings, with every fault.
 *
 * In: a leaf's definition after its group's defaults. Out: a PlanLeaf. Faults: units that do not fit the quantity,
 * ranges that do not nest, an operating range said twice, shares of a nominal value that the type does not have.
 */
import { canonicalUnit, QUANTITIES, type Quantity, type UnitScale } from "../schemas/measurements.ts";
import type { RegistryLeaf } from "../schemas/registry.ts";
import type { Fault } from "./fault.ts";
import type { PlanLeaf } from "../judge/plan.ts";
import { escapeToken } from "../judge/pointer.ts";
import { shortJson } from "./structure.ts";
import { printList, printRange } from "../judge/words.ts";

const NONE = Number.MAX_VALUE;

/** Quantity -> value in the base unit; one entry for each kind of mains. */
export type Nominals = Record<string, number>[];

export interface LeafDefinition extends RegistryLeaf {
  name: string;
  /** JSON Pointer of the definition, for faults. */
  at: string;
}

export function compileLeaf(
  group: string,
  leaf: LeafDefinition,
  nominals: Nominals,
  faults: Fault[],
): PlanLeaf {
  const quantity: Quantity | undefined = leaf.quantity === undefined ? undefined : QUANTITIES[leaf.quantity];
  const unit = leaf.unit ?? quantity?.base ?? null;
  const scale = quantity === undefined || unit === null ? undefined : ownValue(quantity.units, unit);
  if (quantity !== undefined && scale === undefined) faults.push(unitFault(leaf, quantity, unit ?? ""));

  const value = valueKind(leaf, faults);
  const numeric =
    value === "number" || value === "integer" || (value === "enum" && isNumeric(leaf.valid_values));
  const physical = readRange(leaf, "physical", faults);
  const operating = operatingRange(leaf, faults);
  const share = readRange(leaf, "operating_of_nominal", faults);
  if (!numeric && (physical !== undefined || operating !== undefined || share !== undefined))
    faults.push({
      path: leaf.at,
      problem: `a range for values of type ${value}`,
      expected: "no range, or numbers",
    });
  if (physical !== undefined && operating !== undefined)
    checkNesting(leaf.at, "operating", operating, physical, unit, faults);
  if (share !== undefined) checkShare(leaf, share, physical, unit, scale, nominals, faults);

  const path = leaf.name === "value" ? group : `${group}.${leaf.name}`;
  const pointer = `/measurements/${escapeToken(group)}${leaf.name === "value" ? "" : `/${escapeToken(leaf.name)}`}`;
  const [physicalMin, physicalMax] = physical ?? [-NONE, NONE];
  const [operatingMin, operatingMax] = operating ?? [-NONE, NONE];
  const quiet = value === "number";
  const ranged = physical !== undefined || operating !== undefined || share !== undefined;
  return {
    group,
    name: leaf.name,
    path,
    pointer,
    quantity: leaf.quantity ?? null,
    unit,
    factor: scale?.factor ?? 1,
    offset: scale?.offset ?? 0,
    kind: leaf.kind ?? "measurement",
    max_rate_per_h: leaf.max_rate_per_h ?? null,
    value,
    valid_values: leaf.valid_values ?? null,
    required: leaf.required ?? false,
    quiet_min: quiet ? Math.max(physicalMin, operatingMin, Number.MIN_SAFE_INTEGER) : 1,
    quiet_max: quiet ? Math.min(physicalMax, operatingMax, Number.MAX_SAFE_INTEGER) : 0,
    quiet_values: ranged ? null : (leaf.valid_values ?? null),
    physical_min: physicalMin,
    physical_max: physicalMax,
    operating_min: operatingMin,
    operating_max: operatingMax,
    nominal_min: share?.[0] ?? 0,
    nominal_max: share?.[1] ?? 0,
    expected_type: expectedType(value, leaf, unit),
    expected_physical: physical === undefined ? "" : printRange(physicalMin, physicalMax, unit),
    expected_operating: operating === undefined ? "" : printRange(operatingMin, operatingMax, unit),
  };
}

function unitFault(leaf: LeafDefinition, quantity: Quantity, unit: string): Fault {
  const allowed = Object.keys(quantity.units);
  const canonical = canonicalUnit(unit);
  const meant = allowed.includes(canonical)
    ? [canonical]
    : allowed.filter((name) => name.toLowerCase() === unit.toLowerCase());
  return {
    path: `${leaf.at}/unit`,
    problem: `${leaf.quantity} is not measured in ${JSON.stringify(unit)}`,
    expected: meant.length > 0 ? `${printList(meant.map(shortJson), "or")}?` : `one of ${allowed.join(", ")}`,
  };
}

const VALUE_KINDS: Record<NonNullable<RegistryLeaf["data_type"]>, PlanLeaf["value"]> = {
  float: "number",
  double: "number",
  number: "number",
  int: "integer",
  integer: "integer",
  bool: "boolean",
  boolean: "boolean",
  string: "string",
  enum: "enum",
  object: "number",
};

function valueKind(leaf: LeafDefinition, faults: Fault[]): PlanLeaf["value"] {
  if (leaf.valid_values !== undefined) return "enum";
  if (leaf.data_type === "enum")
    faults.push({ path: leaf.at, problem: "data_type enum without valid_values", expected: "valid_values" });
  return VALUE_KINDS[leaf.data_type ?? "float"];
}

const isNumeric = (values: readonly unknown[] | undefined) =>
  values?.every((value) => typeof value === "number") ?? false;

type Range = [number, number];

function readRange(
  leaf: LeafDefinition,
  key: "physical" | "operating" | "operating_of_nominal",
  faults: Fault[],
): Range | undefined {
  const [min, max] = leaf[key] ?? [];
  if (min === undefined || max === undefined) return undefined;
  if (min > max)
    faults.push({
      path: `${leaf.at}/${key}`,
      problem: `${min} is above ${max}`,
      expected: "[least, greatest]",
    });
  return [min, max];
}

/** min_value and max_value mean the operating range; said twice it would be unclear which one holds. */
function operatingRange(leaf: LeafDefinition, faults: Fault[]): Range | undefined {
  const bounded = leaf.min_value !== undefined || leaf.max_value !== undefined;
  const said = [bounded, leaf.operating !== undefined, leaf.operating_of_nominal !== undefined];
  if (said.filter(Boolean).length > 1)
    faults.push({
      path: leaf.at,
      problem: "the operating range is given twice",
      expected: "one of min_value and max_value, operating, operating_of_nominal",
    });
  if (!bounded) return readRange(leaf, "operating", faults);
  const { min_value: min = -NONE, max_value: max = NONE } = leaf;
  if (min > max)
    faults.push({
      path: `${leaf.at}/min_value`,
      problem: `${min} is above ${max}`,
      expected: "at most max_value",
    });
  return [min, max];
}

function checkNesting(
  at: string,
  key: string,
  inner: Range,
  outer: Range,
  unit: string | null,
  faults: Fault[],
): void {
  const min = Math.max(inner[0], inner[0] === -NONE ? outer[0] : inner[0]);
  const max = inner[1] === NONE ? outer[1] : inner[1];
  if (min < outer[0] || max > outer[1])
    faults.push({
      path: `${at}/${key}`,
      problem: `${printRange(inner[0], inner[1], unit)} is not inside physical`,
      expected: `inside ${printRange(outer[0], outer[1], unit)}`,
    });
}

/** More is a percentage. */
const MOST_OF_NOMINAL = 10;

function checkShare(
  leaf: LeafDefinition,
  share: Range,
  physical: Range | undefined,
  unit: string | null,
  scale: UnitScale | undefined,
  nominals: Nominals,
  faults: Fault[],
): void {
  const path = `${leaf.at}/operating_of_nominal`;
  const { quantity } = leaf;
  if (quantity === undefined || scale?.offset !== undefined) {
    faults.push({
      path,
      problem: "a share of a nominal value that is not declared",
      expected: "a quantity with a nominal value",
    });
    return;
  }
  if (share[1] > MOST_OF_NOMINAL) {
    const problem = `up to ${share[1]} times the nominal value`;
    faults.push({ path, problem, expected: "shares, not percent, such as [0.9, 1.1]" });
    return;
  }
  if (!nominals.some((entry) => entry[quantity] !== undefined))
    faults.push({ path, problem: `the type has no nominal ${quantity}`, expected: `nominal.${quantity}` });
  for (const entry of nominals) {
    const nominal = entry[quantity];
    if (nominal === undefined || physical === undefined) continue;
    const inner: Range = [
      (share[0] * nominal) / (scale?.factor ?? 1),
      (share[1] * nominal) / (scale?.factor ?? 1),
    ];
    checkNesting(leaf.at, "operating_of_nominal", inner, physical, unit, faults);
  }
}

function expectedType(value: PlanLeaf["value"], leaf: LeafDefinition, unit: string | null): string {
  const suffix = unit === null || unit === "1" ? "" : ` in ${unit}`;
  if (value === "enum") return `one of ${printList((leaf.valid_values ?? []).map(shortJson), "or")}`;
  if (value === "number") return `a number${suffix}`;
  if (value === "integer") return `a whole number${suffix}`;
  return value === "boolean" ? "true or false" : "a text";
}

function ownValue<T>(record: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

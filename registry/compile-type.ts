/**
 * Compiles the measurements of a device type: groups to leaves with units, ranges and words; all faults at once.
 *
 * In: a type as the registry says it, structure already checked. Out: groups, leaves and the text of
 * measurement_metadata. The original form (min_value, max_value, phases) and the full form end as the same leaves.
 * Source: design.md section 5.
 */
import { canonicalUnit, UNIT_ALIASES } from "../schemas/measurements.ts";
import type { RegistryLeaf, RegistryMeasurement, RegistryType } from "../schemas/registry.ts";
import { compileLeaf, type LeafDefinition, type Nominals } from "./compile-leaf.ts";
import type { Fault } from "./fault.ts";
import type { PlanGroup, PlanLeaf } from "../judge/plan.ts";
import { escapeToken } from "../judge/pointer.ts";
import { printNumber } from "../judge/words.ts";

const NONE = Number.MAX_VALUE;

export interface CompiledMeasurements {
  groups: PlanGroup[];
  leaves: PlanLeaf[];
  measurement_json: string;
}

export function compileMeasurements(
  type: RegistryType,
  nominals: Nominals,
  path: string,
  faults: Fault[],
): CompiledMeasurements {
  const groups: PlanGroup[] = [];
  const leaves: PlanLeaf[] = [];
  const metadata: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(type.measurements)) {
    const at = `${path}/measurements/${name}`;
    const first = leaves.length;
    for (const leaf of leafDefinitions(name, definition, at, faults))
      leaves.push(compileLeaf(name, leaf, nominals, faults));
    const own = leaves.slice(first);
    groups.push({
      name,
      pointer: `/measurements/${escapeToken(name)}`,
      kind: groupKind(definition),
      required: definition.required ?? true,
      units: spellingsOf(own),
      first,
      count: own.length,
    });
    metadata[name] = describeGroup(definition, own, nominals);
  }
  if (groups.length === 0)
    faults.push({ path: `${path}/measurements`, problem: "no measurement", expected: "at least one" });
  return { groups, leaves, measurement_json: JSON.stringify(metadata) };
}

function groupKind(definition: RegistryMeasurement): PlanGroup["kind"] {
  if (definition.phases !== undefined) return "phases";
  return definition.components === undefined ? "value" : "components";
}

const OPERATING_KEYS = ["min_value", "max_value", "operating", "operating_of_nominal"] as const;

/** The leaves of a group, each with what the group says as its default. */
function leafDefinitions(
  group: string,
  definition: RegistryMeasurement,
  at: string,
  faults: Fault[],
): LeafDefinition[] {
  const { phases, components, required: _required, ...defaults } = definition;
  const names = phases ?? (Array.isArray(components) ? components : Object.keys(components ?? {}));
  if (names.includes("value"))
    faults.push({
      path: at,
      problem: `"value" is what a measurement of one leaf is sent as`,
      expected: "another name",
    });
  if (phases !== undefined && components !== undefined)
    faults.push({ path: at, problem: `${group} has phases and components`, expected: "one of them" });
  if (phases !== undefined) {
    checkNames(phases, `${at}/phases`, faults);
    return phases.map((name) => ({ ...defaults, name, at, required: definition.required ?? true }));
  }
  if (components === undefined) return [{ ...defaults, name: "value", at }];
  if (Array.isArray(components)) {
    checkNames(components, `${at}/components`, faults);
    return components.map((name) => ({ ...defaults, name, at, required: false }));
  }
  return Object.entries(components).map(([name, own]) => {
    const inherited = { ...defaults };
    if (OPERATING_KEYS.some((key) => own[key] !== undefined))
      for (const key of OPERATING_KEYS) delete inherited[key];
    return { ...inherited, required: false, ...own, name, at: `${at}/components/${name}` };
  });
}

function checkNames(names: string[], at: string, faults: Fault[]): void {
  names.forEach((name, index) => {
    if (names.indexOf(name) !== index)
      faults.push({
        path: `${at}/${index}`,
        problem: `${JSON.stringify(name)} appears twice`,
        expected: "each name once",
      });
    if (name in Object.prototype)
      faults.push({
        path: `${at}/${index}`,
        problem: `${JSON.stringify(name)} is not a valid name`,
        expected: "a name that JavaScript objects do not have already",
      });
  });
}

/** Spellings of the one unit of these leaves. */
function spellingsOf(leaves: PlanLeaf[]): string[] {
  const unit = leaves[0]?.unit ?? null;
  if (unit === null || leaves.some((leaf) => leaf.unit !== unit)) return [];
  const canonical = canonicalUnit(unit);
  const aliases = Object.keys(UNIT_ALIASES).filter((alias) => UNIT_ALIASES[alias] === canonical);
  return [...new Set([unit, canonical, ...aliases])];
}

/** The definition as the registry says it, and what a reader of the original form looks for: unit, min, max, data_type. */
function describeGroup(
  definition: RegistryMeasurement,
  leaves: PlanLeaf[],
  nominals: Nominals,
): Record<string, unknown> {
  const { phases, components, required: _required, ...rest } = definition;
  if (components === undefined || Array.isArray(components)) {
    const described = describeLeaf(rest, leaves[0], nominals);
    if (phases !== undefined) described.phases = phases;
    if (components !== undefined) described.components = components;
    return described;
  }
  const own = leaves.map((leaf) => [leaf.name, describeLeaf(components[leaf.name] ?? {}, leaf, nominals)]);
  return { ...rest, components: Object.fromEntries(own) };
}

function describeLeaf(
  definition: RegistryLeaf,
  leaf: PlanLeaf | undefined,
  nominals: Nominals,
): Record<string, unknown> {
  if (leaf === undefined) return { ...definition };
  const [min, max] = operatingRange(leaf, nominals);
  const described: Record<string, unknown> = {};
  if (leaf.unit !== null) described.unit = leaf.unit;
  if (definition.description !== undefined) described.description = definition.description;
  if (min !== -NONE) described.min_value = min;
  if (max !== NONE) described.max_value = max;
  described.data_type = definition.data_type ?? defaultDataType(leaf);
  return { ...described, ...definition };
}

/** In numbers where the type has one kind of mains. */
function operatingRange(leaf: PlanLeaf, nominals: Nominals): [number, number] {
  const nominal = nominals.length === 1 ? nominals[0]?.[leaf.quantity ?? ""] : undefined;
  if (leaf.nominal_max === 0 || nominal === undefined) return [leaf.operating_min, leaf.operating_max];
  const inUnit = (share: number) => Number(printNumber((share * nominal) / leaf.factor, 5));
  return [inUnit(leaf.nominal_min), inUnit(leaf.nominal_max)];
}

function defaultDataType(leaf: PlanLeaf): string {
  if (leaf.value === "number") return "float";
  if (leaf.value !== "enum") return leaf.value;
  const values = leaf.valid_values ?? [];
  if (values.every((value) => typeof value === "boolean")) return "boolean";
  return values.every(Number.isInteger) ? "integer" : "enum";
}

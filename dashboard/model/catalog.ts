/**
 * The device types as the registry that is loaded here says them, in the words of a page.
 *
 * In: registry and plan of config/registry-file.ts. Out: rows of a measurement table, rules in words. A type that came
 * a second ago is shown like one that was always there: nothing here knows a type by name.
 */
import type { Plan, PlanLeaf, PlanType } from "../../judge/plan.ts";
import type { DeviceRegistry, RegistryShape, RegistryType } from "../../schemas/registry.ts";
import { duration } from "../format.ts";
import type { Rhythms } from "./devices.ts";

interface Refusal {
  /** ISO 8601 UTC */
  at: string;
  reasons: string[];
}

export interface Catalog {
  version: string;
  /** ISO 8601 UTC */
  loadedAt: string;
  /** The current file was refused, and why; what is shown is the last good one. */
  refusal(): Refusal | null;
  /** The last refusal since the start that was put right. */
  pastRefusal?(): Refusal | null;
  registry: DeviceRegistry;
  plan: Plan;
}

export interface CatalogType {
  key: string;
  type: RegistryType;
  plan: PlanType;
  shapes: RegistryShape[];
}

export function typeOf(catalog: Catalog | undefined, key: string): CatalogType | undefined {
  if (catalog === undefined || !Object.hasOwn(catalog.registry.device_types, key)) return undefined;
  const type = catalog.registry.device_types[key];
  const index = catalog.plan.type_index[key];
  const plan = index === undefined ? undefined : catalog.plan.types[index];
  if (type === undefined || plan === undefined) return undefined;
  return {
    key,
    type,
    plan,
    shapes: (catalog.registry.shapes ?? []).filter((shape) => shape.device_type === key),
  };
}

export const rhythmsOf = (catalog: Catalog): Rhythms =>
  new Map(catalog.plan.types.map(({ key, heartbeat }) => [key, heartbeat]));

export interface MeasurementRow {
  group: string;
  leaves: string;
  unit: string;
  quantity: string;
  operating: string;
  physical: string;
  kind: string;
  description: string;
}

const KIND_WORDS: Record<PlanLeaf["kind"], string> = {
  measurement: "",
  total: "total, may fall",
  total_increasing: "counter",
};

/** Leaves of a group that differ in nothing but their name (phases) share a row. */
export function measurementRows({ type, plan }: CatalogType): MeasurementRow[] {
  return plan.groups.flatMap((group) => {
    const definition = Object.hasOwn(type.measurements, group.name)
      ? type.measurements[group.name]
      : undefined;
    const rows = plan.leaves.slice(group.first, group.first + group.count).map((leaf) => ({
      leaf: leaf.name,
      row: {
        group: group.name,
        leaves: "",
        unit: unitWord(leaf.unit),
        quantity: leaf.quantity?.replaceAll("_", " ") ?? "",
        operating: leaf.valid_values?.join(" or ") ?? operatingWords(leaf, plan),
        physical: rangeWords(leaf.physical_min, leaf.physical_max),
        kind: KIND_WORDS[leaf.kind],
        description: describe(definition, leaf.name) ?? "",
      },
    }));
    const same = Map.groupBy(rows, ({ row }) => JSON.stringify(row));
    return [...same.values()].flatMap((members) => {
      const [first] = members;
      return first === undefined
        ? []
        : [{ ...first.row, leaves: members.map(({ leaf }) => leaf).join(", ") }];
    });
  });
}

function describe(
  definition: RegistryType["measurements"][string] | undefined,
  leaf: string,
): string | undefined {
  const components = definition?.components;
  const own =
    components !== undefined && !Array.isArray(components) && Object.hasOwn(components, leaf)
      ? components[leaf]?.description
      : undefined;
  return own ?? definition?.description;
}

const UNIT_WORDS: Record<string, string> = { degC: "°C", degF: "°F", "1": "" };
const unitWord = (unit: string | null): string =>
  unit === null ? "" : Object.hasOwn(UNIT_WORDS, unit) ? (UNIT_WORDS[unit] ?? "") : unit;

const figure = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });
const isBound = (value: number): boolean => Math.abs(value) < Number.MAX_VALUE;

function rangeWords(least: number, most: number): string {
  const [from, to] = [isBound(least), isBound(most)];
  if (from && to)
    return least === -most ? `±${figure.format(most)}` : `${figure.format(least)} to ${figure.format(most)}`;
  if (from) return `from ${figure.format(least)}`;
  return to ? `up to ${figure.format(most)}` : "";
}

/** A range relative to nominal is written for each nominal value that the type knows. */
function operatingWords(leaf: PlanLeaf, plan: PlanType): string {
  if (leaf.nominal_min === 0 && leaf.nominal_max === 0)
    return rangeWords(leaf.operating_min, leaf.operating_max);
  const { quantity } = leaf;
  const nominals = plan.nominals.flatMap((entry) =>
    quantity !== null && Object.hasOwn(entry, quantity) ? [entry[quantity] ?? 0] : [],
  );
  return nominals
    .map((nominal) => `${short(nominal * leaf.nominal_min)} to ${short(nominal * leaf.nominal_max)}`)
    .join(" or ");
}

const short = (value: number): string => String(Number(value.toPrecision(3)));

export interface Rule {
  name: string;
  paths: string[];
}

/** How a type is recognised when a message does not declare it. */
export function detectRules({ type }: CatalogType): Rule[] {
  const { requires = [], any_of = [], forbids = [] } = type.detect ?? {};
  return [
    { name: "Needs", paths: requires },
    { name: "One of", paths: any_of },
    { name: "Never", paths: forbids },
  ].filter(({ paths }) => paths.length > 0);
}

/** The shapes of vendors that are this type: each is recognised by what must hold in the message as it was sent. */
export const shapeRules = ({ shapes }: CatalogType): (Rule & { id: string })[] =>
  shapes.map(({ id, name = id, when }) => ({ id, name, paths: when.map(predicateWords) }));

function predicateWords({ path, op, value }: RegistryShape["when"][number]): string {
  if (op === "exists") return path;
  return op === "absent" ? `no ${path}` : `${path} ${op} ${Array.isArray(value) ? value.join(", ") : value}`;
}

export const checkWords = ({ plan, type }: CatalogType): string[] =>
  plan.checks.map((check) => {
    const tolerance = type.checks?.find(({ id }) => id === check.id)?.tolerance ?? check.tolerance;
    return `${check.id}: ${check.words}, within ${figure.format(tolerance * 100)} %`;
  });

export function alarmWords({ plan }: CatalogType): { id: string; severity: string; when: string }[] {
  return plan.alarms.map(({ id, severity, when, for_ms }) => {
    const limit = when.of_nominal === null ? String(when.value ?? "") : `${when.of_nominal} of nominal`;
    return {
      id,
      severity,
      when: `${when.path} ${when.op} ${limit}${for_ms > 0 ? ` for ${whole(for_ms)}` : ""}`,
    };
  });
}

export function rhythmWords({ plan }: CatalogType): string {
  if (plan.heartbeat === null) return "No interval is expected, so a device is never called silent.";
  const { expected_ms, offline_after_ms } = plan.heartbeat;
  return `A message every ${whole(expected_ms)}, offline after ${whole(offline_after_ms)}.`;
}

/** "5 s", not "5.0 s" */
export const whole = (ms: number): string => duration(ms).replace(".0 ", " ");

/**
 * Compiles a registry to the plan, or lists every fault: where, what is wrong, what would be right.
 *
 * In: the text of the file (or a parsed object) and its SHA-256. Out: the plan, the registry, or faults, never both.
 * Steps: text -> structure -> types, sites, shapes -> can the types be told apart -> do the examples hold.
 * A step runs on what the earlier ones found sound, since its words would mislead on the rest.
 * Source: design.md section 5.
 */
import { QUANTITY_NAMES } from "../schemas/measurements.ts";
import { DeviceRegistry, type RegistryType } from "../schemas/registry.ts";
import { compileAlarms } from "./compile-alarms.ts";
import type { Nominals } from "./compile-leaf.ts";
import { checkIds, checkOnce, compileChecks, compileDetect, compileHeartbeat } from "./compile-rules.ts";
import { compileShape } from "./compile-shape.ts";
import { compileMeasurements } from "./compile-type.ts";
import { checkComparable, checkDistinct } from "./distinct.ts";
import { checkExamples, judgeExamples } from "./examples.ts";
import { type Fault, faultText, meantNames } from "./fault.ts";
import { numberFields } from "../judge/fields.ts";
import { checkJsonText, REGISTRY_MAX_BYTES } from "./json-text.ts";
import { type Plan, PLAN_FORMAT, type PlanMaker, type PlanSite, type PlanType } from "../judge/plan.ts";
import { escapeToken, parsePointer, readPointer } from "../judge/pointer.ts";
import { checkShapesByExamples } from "./shape-examples.ts";
import { checkStructure, shortJson } from "./structure.ts";
import { printList } from "../judge/words.ts";

export type Compiled = { ok: true; plan: Plan; registry: DeviceRegistry } | { ok: false; faults: Fault[] };

/** `sha256` in hex; its first eight digits end the version. */
export function compileRegistry(source: string | object, sha256: string): Compiled {
  const text = typeof source === "string" ? source : JSON.stringify(source);
  if (text.length > REGISTRY_MAX_BYTES)
    return refuse([{ path: "", problem: "more than 8 MiB", expected: "at most 8 MiB" }]);
  const unreadable = checkJsonText(text);
  if (unreadable !== undefined) return refuse([unreadable]);
  const value: unknown = JSON.parse(text);
  const misshapen = checkStructure(value, DeviceRegistry);
  if (misshapen.length > 0)
    return refuse([...misshapen.map((fault) => named(fault, value)), ...faultsBeside(misshapen, value)]);

  const registry = value as DeviceRegistry;
  const faults: Fault[] = [];
  const plan = compilePlan(registry, `${registry.metadata.version}+${sha256.slice(0, 8)}`, faults);
  if (faults.length === 0) faults.push(...checkComparable(plan));
  if (faults.length === 0) faults.push(...checkDistinct(plan));
  if (faults.length === 0) {
    const examples = judgeExamples(registry, plan);
    faults.push(...checkExamples(examples), ...checkShapesByExamples(registry, plan, examples));
  }
  return faults.length > 0
    ? refuse(faults.map((fault) => named(fault, registry)))
    : { ok: true, plan, registry };
}

/**
 * What else is wrong in a registry whose structure has faults: of the types that have none, all that can be said
 * without the others. What a type refers to (forbids) and what refers to types (shapes) waits for the next round.
 */
function faultsBeside(misshapen: readonly Fault[], value: unknown): Fault[] {
  const types: unknown = readPointer(value, ["device_types"]);
  if (typeof types !== "object" || types === null || Array.isArray(types)) return [];
  const sound = Object.entries(types).filter(([key]) => {
    const path = `/device_types/${escapeToken(key)}`;
    return !misshapen.some((fault) => fault.path === path || fault.path.startsWith(`${path}/`));
  });
  if (sound.length === 0) return [];
  const faults: Fault[] = [];
  compilePlan({ metadata: { version: "" }, device_types: Object.fromEntries(sound) }, "", faults);
  return faults.filter(({ path }) => !path.includes("/detect/forbids/"));
}

/** Nobody counts to the 33rd shape: its id stands in the words. */
function named(fault: Fault, value: unknown): Fault {
  const [list = "", index = ""] = parsePointer(fault.path) ?? [];
  const id = list === "shapes" || list === "sites" ? readPointer(value, [list, index, "id"]) : undefined;
  if (typeof id !== "string") return fault;
  return { ...fault, problem: `${list.slice(0, -1)} ${shortJson(id)}: ${fault.problem}` };
}

/** Each once: what a group says wrong it says for all of its leaves. */
function refuse(faults: Fault[]): Compiled {
  return { ok: false, faults: [...new Map(faults.map((fault) => [faultText(fault), fault])).values()] };
}

function compilePlan(registry: DeviceRegistry, version: string, faults: Fault[]): Plan {
  const entries = Object.entries(registry.device_types);
  if (entries.length === 0)
    faults.push({ path: "/device_types", problem: "no type", expected: "at least one" });
  const declaredAnywhere = [...new Set(entries.flatMap(([, type]) => pathsOf(type)))];
  const types = entries.map(([key, type]) =>
    compileType(key, type, declaredAnywhere, `/device_types/${key}`, faults),
  );
  checkIds(registry.shapes ?? [], "/shapes", faults);
  const shapes = (registry.shapes ?? [])
    .map((shape, index) => compileShape(shape, types, `/shapes/${index}`, faults))
    .sort((a, b) => b.when.length - a.when.length);
  return {
    format: PLAN_FORMAT,
    version,
    types,
    type_index: Object.fromEntries(types.map(({ key }, index) => [key, index])),
    ...numberFields(types),
    sites: compileSites(registry.sites ?? [], faults),
    shapes,
    shape_index: indexBy(shapes, (shape) => {
      const leading = shape.when.find(({ op, path }) => op !== "absent" && path.length > 0);
      return leading === undefined ? [] : leading.path.slice(0, 1);
    }),
  };
}

function compileType(
  key: string,
  type: RegistryType,
  declaredAnywhere: readonly string[],
  path: string,
  faults: Fault[],
): PlanType {
  if (key === "unknown")
    faults.push({
      path,
      problem: '"unknown" is reserved for messages whose type is not known',
      expected: "another key",
    });
  const nominals = compileNominals(type.nominal, `${path}/nominal`, faults);
  const { groups, leaves, measurement_json } = compileMeasurements(type, nominals, path, faults);
  const declared = {
    method: "declared" as const,
    score: 100,
    runner_up: null,
    reasons: [`device_type says ${key}`],
  };
  return {
    key,
    name: type.name,
    description: type.description ?? "",
    category: type.category ?? "",
    metadata_json: metadataJson(key, type),
    measurement_json,
    makers: (type.manufacturers ?? []).map(compileMaker),
    groups,
    leaves,
    fields: [],
    leaf_index: Object.fromEntries(leaves.map((leaf, index) => [leaf.path, index])),
    required: groups.filter(({ required }) => required).length,
    nominals,
    detect: compileDetect(type, groups, leaves, declaredAnywhere, path, faults),
    checks: compileChecks(type.checks ?? [], leaves, path, faults),
    alarms: compileAlarms(type.alarms ?? [], leaves, nominals, path, faults),
    heartbeat: compileHeartbeat(type, path, faults),
    declared,
    declared_json: JSON.stringify(declared),
  };
}

/** The members of the original, in its order, without the closing brace. */
function metadataJson(key: string, type: RegistryType): string {
  const members = {
    device_type: key,
    device_type_name: type.name,
    device_type_description: type.description,
    device_category: type.category,
    capabilities: type.capabilities ?? [],
    data_format: type.data_format,
    update_frequency: type.update_frequency,
    retention_policy: type.retention_policy,
  };
  return JSON.stringify(members).slice(0, -1);
}

function compileMaker(maker: NonNullable<RegistryType["manufacturers"]>[number]): PlanMaker {
  return {
    name: maker.name,
    models: maker.models ?? [],
    specifications_json:
      maker.specifications === undefined ? "" : `,"specifications":${JSON.stringify(maker.specifications)}`,
  };
}

function compileNominals(nominal: RegistryType["nominal"], path: string, faults: Fault[]): Nominals {
  const list = nominal === undefined ? [] : Array.isArray(nominal) ? nominal : [nominal];
  list.forEach((entry, index) => {
    checkQuantities(entry, Array.isArray(nominal) ? `${path}/${index}` : path, faults);
  });
  return list;
}

function compileSites(sites: NonNullable<DeviceRegistry["sites"]>, faults: Fault[]): PlanSite[] {
  checkIds(sites, "/sites", faults);
  checkOnce(
    sites.map(({ device_prefix }) => device_prefix),
    "device_prefix",
    "/sites",
    faults,
  );
  sites.forEach((site, index) => {
    checkQuantities(site.nominal, `/sites/${index}/nominal`, faults);
  });
  return sites
    .map(({ id, device_prefix, nominal }) => ({ id, device_prefix, nominal }))
    .sort((a, b) => b.device_prefix.length - a.device_prefix.length);
}

function checkQuantities(nominal: Record<string, number>, path: string, faults: Fault[]): void {
  for (const [quantity, value] of Object.entries(nominal)) {
    const at = `${path}/${quantity}`;
    if (!QUANTITY_NAMES.some((name) => name === quantity))
      faults.push({
        path: at,
        problem: `${JSON.stringify(quantity)} is not a quantity`,
        expected: `${printList(meantNames(quantity, QUANTITY_NAMES), "or") || "voltage"}?`,
      });
    if (value <= 0) faults.push({ path: at, problem: `found ${value}`, expected: "a number above 0" });
  }
}

/** Leaf paths that a type declares, before it is compiled. */
function pathsOf(type: RegistryType): string[] {
  return Object.entries(type.measurements).flatMap(([group, { phases, components }]) => {
    const names = phases ?? (Array.isArray(components) ? components : Object.keys(components ?? {}));
    return names.length === 0 ? [group] : names.map((name) => `${group}.${name}`);
  });
}

function indexBy<T>(list: readonly T[], keysOf: (item: T) => string[]): Record<string, number[]> {
  const index = new Map<string, number[]>();
  list.forEach((item, position) => {
    for (const key of keysOf(item)) {
      const found = index.get(key);
      if (found === undefined) index.set(key, [position]);
      else if (found[found.length - 1] !== position) found.push(position);
    }
  });
  // Own members whatever the key: an assignment to __proto__ would be none.
  return Object.fromEntries(index);
}

/** A registry, services and a consumer group whose every text is one of hostile.fixture.ts. */
import { loadRegistry } from "../config/registry-file.ts";
import type { Plan, PlanType } from "../judge/plan.ts";
import type { RegistryShape, RegistryType } from "../schemas/registry.ts";
import { beat } from "./full.fixture.ts";
import type { Catalog } from "./model/catalog.ts";
import type { ViewModel } from "./model/view.ts";
import type { Group, GroupFacts } from "./reading/group.ts";
import { NOW } from "./sample.fixture.ts";

const loaded = await loadRegistry("test/registry/device-registry.json");
/** It has phases, checks, alarms and shapes. */
const KEY = "smart_breaker";
const planned = loaded.plan.types.find(({ key }) => key === KEY);
const shape = loaded.registry.shapes?.find(({ device_type }) => device_type === KEY);

/** The same, and every text in it is `evil`. */
const withTexts = <T>(value: T, evil: string): T =>
  JSON.parse(JSON.stringify(value), (_, member: unknown) => (typeof member === "string" ? evil : member));

/** One type for each text, which is its key too. */
export function hostileCatalog(texts: string[], newest: string): Catalog {
  const keys = [...new Set(texts)];
  const type = (evil: string): RegistryType => {
    const { manufacturers = [], ...type } = withTexts(loaded.registry.device_types[KEY], evil) ?? {};
    const [maker] = manufacturers;
    return {
      ...(type as RegistryType),
      manufacturers: [{ name: evil, ...maker, specifications: { [evil]: evil, more: { [evil]: evil } } }],
    };
  };
  const plan = (evil: string): PlanType => {
    if (planned === undefined) throw new Error(`no type ${KEY}`);
    const made = withTexts(planned, evil);
    // Words of a closed list: other ones cannot be.
    made.leaves.forEach((leaf, i) => {
      leaf.kind = planned.leaves[i]?.kind ?? "measurement";
      if (i === 0) leaf.valid_values = [evil, evil];
    });
    return made;
  };
  const shapes: RegistryShape[] = shape === undefined ? [] : keys.map((evil) => withTexts(shape, evil));
  const compiled: Plan = {
    ...loaded.plan,
    types: keys.map(plan),
    type_index: Object.fromEntries(keys.map((key, i) => [key, i])),
  };
  const refusal = { at: newest, reasons: [newest, newest, newest] };
  return {
    version: newest,
    loadedAt: new Date(NOW).toISOString(),
    refusal: () => refusal,
    pastRefusal: () => refusal,
    registry: { ...loaded.registry, shapes, device_types: Object.fromEntries(keys.map((k) => [k, type(k)])) },
    plan: compiled,
  };
}

/** A service for each text: what it is called, why it is degraded, what its registry was refused for. */
export function hostileServices(view: ViewModel, texts: string[]): void {
  for (const evil of texts)
    beat(view, {
      service: evil,
      instance: evil,
      state: "degraded",
      reasons: [evil, evil],
      version: evil,
      started_at: evil,
      host: evil,
      registry: { version: evil, loaded_at: evil, last_refusal: { at: evil, reasons: [evil] } },
      counters: { accounting_difference: 3, [evil]: 1 },
    });
}

/** An enrichment that is known by its group only. */
export function hostileGroup(evil: string): Group {
  const facts: GroupFacts = {
    at: NOW,
    lags: [{ partition: 0, committed: 9, end: 12, lag: 3 }],
    members: [{ clientId: evil, host: evil }],
  };
  return { last: () => facts, first: async () => facts };
}

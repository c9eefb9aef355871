/** JSON text of `device_metadata`: ready in the plan, with the maker's part where the message names one that is listed. */
import type { PlanMaker, PlanType } from "./plan.ts";

export const UNKNOWN_METADATA =
  '{"device_type":"unknown","device_type_name":"Unknown","device_type_description":"No type of the registry fits","device_category":"unknown","capabilities":[]}';

export function createDeviceMetadata(): (type: PlanType, message: Record<string, unknown>) => string {
  /** Neighbours in a fleet are often of one make. */
  const lastTexts = new Map<PlanType, { manufacturer: unknown; model: unknown; text: string }>();
  return (type, { manufacturer, model }) => {
    if (type.makers.length === 0) return `${type.metadata_json}}`;
    if (typeof manufacturer !== "string" && typeof model !== "string") return `${type.metadata_json}}`;
    const last = lastTexts.get(type);
    if (last !== undefined && last.manufacturer === manufacturer && last.model === model) return last.text;
    const text = withMaker(type, manufacturer, model);
    lastTexts.set(type, { manufacturer, model, text });
    return text;
  };
}

function withMaker(type: PlanType, manufacturer: unknown, model: unknown): string {
  const maker = findMaker(type.makers, manufacturer, model);
  if (maker === undefined) return `${type.metadata_json}}`;
  const listed = typeof model === "string" && maker.models.includes(model);
  const modelJson = listed ? `,"model":${JSON.stringify(model)}` : "";
  return `${type.metadata_json},"manufacturer":${JSON.stringify(maker.name)}${modelJson}${maker.specifications_json}}`;
}

/** Finds the maker by its name; where the message names none, takes the only one that lists the model. */
function findMaker(makers: PlanMaker[], manufacturer: unknown, model: unknown): PlanMaker | undefined {
  if (typeof manufacturer === "string") return byNameAndModel(makers, manufacturer, model);
  const listing = makers.filter((maker) => maker.models.some((listed) => listed === model));
  return listing.length === 1 ? listing[0] : undefined;
}

/** A maker may stand more than once, with other models and specifications: the one that lists the model is meant. */
function byNameAndModel(makers: PlanMaker[], manufacturer: string, model: unknown): PlanMaker | undefined {
  const named = makers.filter(({ name }) => name === manufacturer);
  return named.find(({ models }) => models.some((listed) => listed === model)) ?? named[0];
}

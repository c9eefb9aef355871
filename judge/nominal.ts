/**
 * Which nominal values hold for a message: 120 V and 60 Hz, or 230 V and 50 Hz.
 *
 * A site decides first, by the start of the device's id; else the entry of the type nearest to the message's median
 * voltage. Where no voltage is there, the frequency decides; where neither is, nothing does and no share is judged.
 * Source: design.md section 5.
 */
import { onceForEach } from "./kept-answers.ts";
import type { Nominal, Plan, PlanSite, PlanType } from "./plan.ts";
import { readNumber, type Values } from "./values.ts";

export type ChooseNominal = (measurements: Values, type: PlanType, deviceId: string) => Nominal | undefined;

/** Gives the same object each time for a type and a site. */
export function createChooseNominal({ sites }: Plan): ChooseNominal {
  const atSite = onceForEach(nominalAt);
  return (measurements, type, deviceId) => {
    const { nominals } = type;
    if (nominals.length === 0) return undefined;
    const site = siteOf(deviceId, sites);
    if (nominals.length === 1 && site === undefined) return nominals[0];
    if (site === undefined) return nearest(type, (quantity) => median(measurements, type, quantity));
    return atSite(type, site);
  };
}

function siteOf(deviceId: string, sites: readonly PlanSite[]): PlanSite | undefined {
  for (let index = 0; index < sites.length; index++) {
    const site = sites[index];
    if (site !== undefined && deviceId.startsWith(site.device_prefix)) return site;
  }
  return undefined;
}

/** What the site does not say comes from the entry of the type that fits it. */
function nominalAt(type: PlanType, site: PlanSite): Nominal {
  return {
    ...nearest(type, (quantity) => site.nominal[quantity] ?? Number.NaN),
    ...site.nominal,
  };
}

function nearest(type: PlanType, valueFor: (quantity: string) => number): Nominal | undefined {
  if (type.nominals.length === 1) return type.nominals[0];
  for (const quantity of ["voltage", "line_to_line_voltage", "frequency"]) {
    const value = valueFor(quantity);
    if (Number.isNaN(value)) continue;
    let best: Nominal | undefined;
    let bestDistance = Number.MAX_VALUE;
    for (const entry of type.nominals) {
      const distance = Math.abs((entry[quantity] ?? Number.MAX_VALUE) - value);
      if (distance < bestDistance) {
        best = entry;
        bestDistance = distance;
      }
    }
    if (best?.[quantity] !== undefined) return best;
  }
  return undefined;
}

/** Takes the median of the message's values of that quantity, in the base unit; NaN if there is none. */
function median(measurements: Values, type: PlanType, quantity: string): number {
  const values: number[] = [];
  for (const leaf of type.leaves) {
    if (leaf.quantity !== quantity) continue;
    const value = readNumber(measurements, leaf);
    if (!Number.isNaN(value)) values.push(value);
  }
  if (values.length === 0) return Number.NaN;
  if (values.length > 1) values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const upper = values[middle] ?? Number.NaN;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] ?? upper) + upper) / 2;
}

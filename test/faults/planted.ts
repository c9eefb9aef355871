/**
 * Thirty-five bugs that a loop like ours could have, each planted between the real parts: the oracle must catch every one by its name.
 *
 * In: nothing. Out: the bugs of planted-losses.ts (messages lost or invented) and planted-changes.ts (order, place, content).
 */
import type { AnomalyName } from "../../audit/anomalies.ts";
import type { Plant } from "./pipeline.ts";
import { changes } from "./planted-changes.ts";
import { losses } from "./planted-losses.ts";

export interface Bug extends Plant {
  name: string;
  /** The anomaly that names it. */
  caught: AnomalyName;
  /** Which may follow from it. */
  also?: AnomalyName[];
  /** Without it a repeat is excused: some of the bugs end the loop, which begins again. */
  repeats?: "never";
  /** A message is lost or invented: accounting must not come out at 0 either, and the pipeline page must say so. */
  loses?: boolean;
}

export const bugs = (): Bug[] => [...losses(), ...changes()];

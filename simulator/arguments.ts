/** The command line: which devices this process simulates. */
import { ConfigError, type Settings } from "../config/env.ts";
import { parseArguments } from "../runtime/usage.ts";
import { numbered } from "./fleet.ts";
import { DEVICE_TYPES, type Identity } from "./simulated.ts";

const SYNOPSIS = "bun run simulate [--id DEVICE --type TYPE]";
export const USAGE = `${SYNOPSIS}   sends to iot.raw; without arguments, the fleet that the environment describes
  --id DEVICE     one device with this id
  --type TYPE     ${DEVICE_TYPES.join(", ")}
environment: SIM_BREAKERS, SIM_METERS, SIM_SENSORS, SIM_INTERVAL, SIM_RATE, SIM_SEED, SIM_FAULTS, KAFKA_BROKERS; docs/settings.md`;

/** Gives the fleet of SIM_BREAKERS, SIM_METERS, SIM_SENSORS; with `--id` and `--type`, that device only. */
export function devicesToSimulate(args: string[], sim: Settings["sim"]): Identity[] {
  const text = { type: "string" } as const;
  const { id, type } = parseArguments(SYNOPSIS, { args, options: { id: text, type: text } }).values;
  if (id === undefined && type === undefined) return numbered(sim);
  const known = DEVICE_TYPES.find((name) => name === type);
  const faults: string[] = [];
  // The ids that iot.raw takes: design.md section 3.
  if (id === undefined || !/^[^\p{Cc}\p{Cs}]{1,128}$/u.test(id))
    faults.push(`--id: expected 1 to 128 characters without control characters, found ${show(id)}`);
  if (known === undefined)
    faults.push(`--type: expected one of ${DEVICE_TYPES.join(", ")}, found ${show(type)}`);
  if (faults.length > 0 || id === undefined || known === undefined)
    throw new ConfigError([...faults, `usage: ${SYNOPSIS}`]);
  return [{ id, type: known }];
}

const show = (value: string | undefined) => (value === undefined ? "none" : JSON.stringify(value));

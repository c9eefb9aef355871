/** The device messages of this folder, as a producer puts them into `iot.raw`, and what must come of each. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DeadLetterReason } from "../../dead-letter.ts";
import type { Grade, Method } from "../../enriched.ts";

export interface DeviceCase {
  /** File name without `.json`. */
  name: string;
  /** What it really is, in words. */
  device: string;
  /** Public pages that say how the message looks. */
  source: string[];
  /** Record key. */
  key: string;
  /** Record value. */
  value: string;
  /** Types of the shipped registry that would be wrong, whatever else the registry learns. */
  never: string[];
  /** What comes of it with the shipped registry. */
  today:
    | { to: "enriched"; device_type: string; method: Method; grade: Grade }
    | { to: "dlq"; reason: DeadLetterReason };
}

interface DeviceFile extends Omit<DeviceCase, "name" | "value"> {
  /** Where the value is JSON. */
  message?: object;
  /** Where it is not. */
  text?: string;
}

export const DEVICES: DeviceCase[] = readdirSync(import.meta.dir)
  .filter((file) => file.endsWith(".json"))
  .sort()
  .map((file) => {
    const { message, text, ...rest }: DeviceFile = JSON.parse(
      readFileSync(join(import.meta.dir, file), "utf8"),
    );
    return { name: file.replace(/\.json$/, ""), value: text ?? JSON.stringify(message), ...rest };
  });

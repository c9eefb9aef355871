import { describe, expect, test } from "bun:test";
import { ConfigError, readSettings } from "../config/env.ts";
import { devicesToSimulate } from "./arguments.ts";

const { sim } = readSettings({ SIM_BREAKERS: "1", SIM_METERS: "1", SIM_SENSORS: "0" });

function faultsOf(args: string[]): string[] {
  try {
    devicesToSimulate(args, sim);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
  }
  return [];
}

describe("bun run simulate", () => {
  test("without arguments simulates the fleet of the environment", () => {
    expect(devicesToSimulate([], sim)).toEqual([
      { id: "breaker-001", type: "smart_breaker" },
      { id: "meter-001", type: "smart_meter" },
    ]);
  });

  test("with --id and --type simulates that device only", () => {
    expect(devicesToSimulate(["--id", "breaker-042", "--type", "smart_breaker"], sim)).toEqual([
      { id: "breaker-042", type: "smart_breaker" },
    ]);
  });

  test("names every fault of its arguments at once", () => {
    const usage = "usage: bun run simulate [--id DEVICE --type TYPE]";
    expect(faultsOf(["--id", "a\u0007b"])).toEqual([
      '--id: expected 1 to 128 characters without control characters, found "a\\u0007b"',
      "--type: expected one of smart_breaker, smart_meter, environmental_sensor, found none",
      usage,
    ]);
    expect(faultsOf(["--type", "toaster"])).toEqual([
      "--id: expected 1 to 128 characters without control characters, found none",
      '--type: expected one of smart_breaker, smart_meter, environmental_sensor, found "toaster"',
      usage,
    ]);
    expect(faultsOf(["--speed", "9"])).toEqual([expect.stringContaining("--speed"), usage]);
  });
});

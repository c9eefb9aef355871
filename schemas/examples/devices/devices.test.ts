import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "../../dead-letter.ts";
import { DEVICES } from "./devices.case.ts";

const readme = readFileSync(join(import.meta.dir, "README.md"), "utf8");

describe("the messages of real devices", () => {
  test("are ten devices at least, a Shelly, a Tasmota and a Zigbee2MQTT among them", () => {
    const names = DEVICES.filter(({ today }) => today.to === "enriched").map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(10);
    for (const vendor of ["shelly", "tasmota", "zigbee2mqtt"])
      expect(names.some((name) => name.startsWith(vendor))).toBe(true);
  });

  for (const { name, source, key, value, never, today } of DEVICES) {
    test(`${name}: cites its public page, and the README names it`, () => {
      expect(source.length).toBeGreaterThan(0);
      for (const page of source) expect(page).toStartWith("https://");
      expect(readme).toContain(`\`${name}\``);
    });

    test(`${name}: could stand in iot.raw, and what must come of it is not what must never come`, () => {
      expect(Buffer.byteLength(value)).toBeWithin(1, LIMITS.rawBytes + 1);
      expect(key.length).toBeWithin(1, 129);
      expect(never.length).toBeGreaterThan(0);
      if (today.to === "enriched") expect(never).not.toContain(today.device_type);
    });
  }
});

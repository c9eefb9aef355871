import { expect, test } from "bun:test";
import registry from "../test/registry/device-registry.json" with { type: "json" };
import { breaker } from "./breaker.ts";
import { meter } from "./meter.ts";
import { sensor } from "./sensor.ts";

const simulated = { smart_breaker: breaker, smart_meter: meter, environmental_sensor: sensor };

for (const [type, { manufacturer, models, interval }] of Object.entries(simulated)) {
  test(`the registry knows make and rhythm of a simulated ${type}`, () => {
    const entry = registry.device_types[type as keyof typeof simulated];
    const make = entry.manufacturers.find(({ name }) => name === manufacturer);
    expect(make?.models).toEqual(expect.arrayContaining([...models]));
    expect(durationS(entry.heartbeat.expected)).toBe(interval);
  });
}

/** Seconds of PT5S or PT1M. */
function durationS(text: string): number {
  const [, count, unit] = /^PT(\d+)([SM])$/.exec(text) ?? [];
  return Number(count) * (unit === "M" ? 60 : 1);
}

/**
 * The pinned registry and more shapes, so that every way of reading and printing a number is used: factors, offsets,
 * texts, maps, picks, each format of time. For the hosts' equality only: a message must name the shape that it wants.
 */
import { planOf, pinnedRegistry } from "../registry/pinned.fixture.ts";
import type { Plan } from "../judge/plan.ts";
import type { DeviceRegistry } from "../schemas/registry.ts";

/** The member by which a message asks for a shape of these. */
export const WANTED = "x_shape";
const wanted = (id: string) => ({ path: `/${WANTED}`, op: "=" as const, value: id });

const em = (phase: string) => `/params/em:0/${phase}`;

export const SHAPES: NonNullable<DeviceRegistry["shapes"]> = [
  {
    id: "test-em",
    when: [wanted("test-em"), { path: em("a_voltage"), op: "exists" }],
    device_id: "/src",
    timestamp: { path: "/params/ts", format: "unix_s" },
    measurements: {
      "voltage.phase_a": { from: em("a_voltage") },
      "voltage.phase_b": { from: em("b_voltage"), factor: 0.1 },
      "voltage.phase_c": { from: em("c_voltage"), factor: 1000, offset: -273.15 },
      "current.phase_a": { from: em("a_current"), factor: 1 / 3 },
      "current.phase_b": { from: em("b_current"), offset: 0.1 },
      "current.phase_c": { from: em("c_current") },
      "power.active": { from: em("total_act_power"), factor: 0.001 },
      "power.apparent": { from: em("total_aprt_power"), factor: 1e-9 },
      frequency: { from: em("a_freq"), factor: 1e12 },
    },
  },
  {
    id: "test-plug",
    when: [wanted("test-plug"), { path: "/linkquality", op: "exists" }, { path: "/voltage", op: "exists" }],
    measurements: {
      "status.breaker": { from: "/state", map: { ON: 1, OFF: 0 } },
      "voltage.phase_a": { from: "/voltage" },
      "current.phase_a": { from: "/current", factor: 0.7016570306969449 },
      "power.active": { from: "/power" },
      energy: { from: "/energy", factor: 1.0000000001 },
    },
  },
  {
    id: "test-climate",
    when: [
      wanted("test-climate"),
      { path: "/temperature", op: "exists" },
      { path: "/humidity", op: "exists" },
    ],
    device_type: "environmental_sensor",
    measurements: {
      temperature: { from: "/temperature" },
      humidity: { from: "/humidity", factor: 0.1 },
      pressure: { from: "/pressure", factor: 0.01 },
    },
  },
  {
    id: "test-water",
    when: [wanted("test-water"), { path: "/total_m3", op: "exists" }],
    device_id: "/id",
    timestamp: { path: "/timestamp", format: "iso" },
    measurements: {
      energy: { from: "/total_m3", factor: 1000 },
      demand: { from: "/max_flow_m3h", text: true },
    },
  },
  {
    id: "test-list",
    when: [wanted("test-list"), { path: "/values", op: "exists" }],
    device_id: "/id",
    timestamp: { path: "/at", format: "unix_ms" },
    measurements: {
      temperature: {
        from: "/values",
        pick: { path: "/name", op: "=", value: "t", and: [{ path: "/value", op: "exists" }], take: "/value" },
        text: true,
        factor: 0.1,
        offset: -40,
      },
      humidity: { from: "/values/1/value", text: true },
      pressure: { from: "/values/2/value", text: true, factor: 100 },
    },
  },
];

/** A message of the last shape: numbers as text. */
export function listMessage(numbers: [string, string, string]): string {
  const [t, h, p] = numbers;
  return JSON.stringify({
    [WANTED]: "test-list",
    id: "d",
    at: Date.UTC(2026, 10, 25),
    values: [{ name: "t", value: t }, { name: "h", value: h }, { value: p }],
  });
}

export function planWithShapes(): Plan {
  const pinned = pinnedRegistry();
  return planOf({ ...pinned, shapes: [...(pinned.shapes ?? []), ...SHAPES] }, "5ba9e500".padEnd(64, "0"));
}

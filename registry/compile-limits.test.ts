import { expect, test } from "bun:test";
import { compileRegistry } from "./compile.ts";

const registryOf = (count: number, groupsOf: (at: number) => string[], version = "1.0.0") => {
  const device_types = Object.fromEntries(
    Array.from({ length: count }, (_, at) => {
      const measurements = Object.fromEntries(groupsOf(at).map((name) => [name, {}]));
      return [`t${at}`, { name: `T${at}`, measurements }];
    }),
  );
  return { metadata: { version }, device_types };
};
const faultsOf = (registry: object): string[] => {
  const compiled = compileRegistry(registry, "0".repeat(64));
  return compiled.ok
    ? []
    : compiled.faults.map(({ path, problem, expected }) => `${path}: ${problem}; ${expected}`);
};

test("thousands of types that share groups are refused with the limit, not compared for half a minute", () => {
  expect(faultsOf(registryOf(5_000, (at) => ["a", "b", `own${at}`]))).toEqual([
    "/device_types: 5000 types share groups in so many ways that telling them apart takes 50005000 comparisons; at most 10000000: fewer types, or groups with names of their own",
  ]);
});

test("as many types with groups of their own compile, and a thousand that share some", () => {
  expect(faultsOf(registryOf(5_000, (at) => [`own${at}`]))).toEqual([]);
  expect(faultsOf(registryOf(1_000, (at) => ["a", "b", `own${at}`]))).toEqual([]);
});

test("a fault that names what may be meant does not look through every type for each", () => {
  const registry = registryOf(2_000, (at) => ["a", `own${at}`]);
  for (const type of Object.values(registry.device_types))
    Object.assign(type, { detect: { forbids: ["nowhere"] } });
  const began = performance.now();
  expect(faultsOf(registry)).toHaveLength(2_000);
  expect(performance.now() - began).toBeLessThan(15_000);
});

test("texts have lengths: the version stands in every message", () => {
  expect(faultsOf(registryOf(1, () => ["a"], "1".repeat(65)))).toEqual([
    "/metadata/version: 65 characters; at most 64",
  ]);
  const registry = registryOf(1, () => ["a"]);
  Object.assign(registry.device_types.t0 ?? {}, { description: "x".repeat(2_001) });
  expect(faultsOf(registry)).toEqual(["/device_types/t0/description: 2001 characters; at most 2000"]);
});

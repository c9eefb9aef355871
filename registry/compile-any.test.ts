/** Whatever a registry's file holds, the compiler answers: a plan, or faults that a person can act on. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Compiled, compileRegistry } from "./compile.ts";
import { judge } from "../judge/judge.fixture.ts";
import { pinnedRegistry } from "./pinned.fixture.ts";

/** One type of each kind and one shape: small, so that thousands of changed ones can be compiled. */
const { smart_breaker, smart_meter } = pinnedRegistry().device_types;
const SMALL = {
  ...pinnedRegistry(),
  device_types: { smart_breaker, smart_meter },
  shapes: (pinnedRegistry().shapes ?? []).filter(({ id }) => id === "predecessor-trends"),
};

function answers(compiled: Compiled): void {
  if (compiled.ok) {
    const { plan } = compiled;
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    judge({ device_id: "x", measurements: { voltage: 1 } }, { key: "x", timestamp: 0 }, plan);
    return;
  }
  expect(compiled.faults.length).toBeGreaterThan(0);
  for (const { path, problem, expected } of compiled.faults) {
    expect(path === "" || path.startsWith("/")).toBe(true);
    expect(problem.length * expected.length).toBeGreaterThan(0);
  }
}

describe("compileRegistry", () => {
  test("answers any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) =>
        answers(compileRegistry(text, "00")),
      ),
    );
  }, 30_000);

  test("answers any JSON, also where it looks like a registry", () => {
    const looksLike = fc.record(
      {
        metadata: fc.oneof(fc.jsonValue(), fc.record({ version: fc.string() })),
        device_types: fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.jsonValue({ maxDepth: 3 })),
        sites: fc.jsonValue(),
        shapes: fc.array(fc.jsonValue()),
      },
      { requiredKeys: ["metadata"] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), looksLike), (value) =>
        answers(compileRegistry(JSON.stringify(value), "00")),
      ),
      { numRuns: 1_000 },
    );
  });

  test("answers a good registry in which one thing was changed, and says which", () => {
    const places = placesIn(SMALL);
    const change = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom("", "voltage.*", "V", "PT5S", "=", "in", "/a", -1, 0, 1e308, null),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.option(change, { nil: undefined }), (path, value) => {
        const changed = structuredClone(SMALL);
        setAt(changed, path, value);
        answers(compileRegistry(changed, "00"));
      }),
      { numRuns: 600, examples: [[["device_types"], [false]]] },
    );
  }, 30_000);
});

function placesIn(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [at];
  const below = Object.entries(value).flatMap(([key, member]) => placesIn(member, [...at, key]));
  return at.length === 0 ? below : [at, ...below];
}

function setAt(root: object, path: string[], value: unknown): void {
  let holder = root as Record<string, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
  const last = path.at(-1) ?? "";
  if (value === undefined) delete holder[last];
  else holder[last] = value;
}

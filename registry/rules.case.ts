/** What holds for every registry that is taken, whatever people edit in it: of each of its examples, and of messages made from them. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FINDING_SEVERITY } from "../schemas/enriched.ts";
import type { DeviceRegistry, RegistryExample } from "../schemas/registry.ts";
import { judgeExample } from "./examples.ts";
import { judge } from "../judge/judge.fixture.ts";
import { createJudge } from "../judge/judge.ts";
import { parsePointer, pointerOf, readPointer } from "../judge/pointer.ts";
import { type Message, planOf } from "./pinned.fixture.ts";
import type { Plan } from "../judge/plan.ts";
import type { Judged } from "../judge/verdict.ts";

interface Case {
  of: string;
  example: RegistryExample;
}

export function casesOf({ device_types, shapes = [] }: DeviceRegistry): { ofTypes: Case[]; all: Case[] } {
  const ofTypes = Object.entries(device_types).flatMap(([of, { examples = [] }]) =>
    examples.map((example) => ({ of, example })),
  );
  const ofShapes = shapes.flatMap(({ id, examples = [] }) =>
    examples.map((example) => ({ of: id, example })),
  );
  return { ofTypes, all: [...ofTypes, ...ofShapes] };
}

export const titles = (cases: Case[]) => cases.map((one) => [`${one.of}: ${one.example.name}`, one] as const);

export function judgedExample(
  example: RegistryExample,
  plan: Plan,
  message: Message = example.message,
): Judged {
  const verdict = judgeExample({ ...example, message }, plan, createJudge(plan));
  if (!verdict.ok) throw new Error(`${verdict.reason}: ${verdict.message}`);
  return verdict;
}

export function rulesOfAny(registry: DeviceRegistry): void {
  const plan = planOf(registry);
  const { all } = casesOf(registry);

  describe("an example", () => {
    test.each(titles(all))("%s: the order of its keys does not change the type", (_title, { example }) => {
      const before = judgedExample(example, plan);
      const after = judgedExample(example, plan, reversed(example.message) as Message);
      expect(after.device_type).toBe(before.device_type);
      expect(after.detection).toEqual(before.detection);
      expect(after.grade).toBe(before.grade);
    });

    test.each(titles(all))("%s: fields that nobody knows do not change the type", (_title, { example }) => {
      const before = judgedExample(example, plan);
      const message = structuredClone(example.message);
      Object.assign(message, { zz_firmware: "1.2.3", zz_nested: { a: [1, { b: 2 }] }, zz_: null });
      if (typeof message.measurements === "object")
        Object.assign(message.measurements ?? {}, { zz_vibration: 3 });
      const after = judgedExample(example, plan, message);
      expect(after.device_type).toBe(before.device_type);
      expect(after.grade).toBe(before.grade);
    });

    test.each(titles(all))(
      "%s: each finding points at what is there, or where it is missing",
      (_title, { example }) => {
        const smaller = withoutOne(example.message).map(([message]) => message);
        for (const message of [example.message, ...smaller, ...spoilt(example.message)]) {
          const source = { key: example.key ?? null, timestamp: Date.UTC(2026, 0, 1) };
          const verdict = judge(message, source, plan);
          if (!verdict.ok) continue;
          for (const { code, path } of verdict.findings) {
            expect(code in FINDING_SEVERITY || code.startsWith("check.")).toBe(true);
            const tokens = parsePointer(path);
            const found = tokens === undefined ? undefined : readPointer(message, tokens);
            // A group without members is missing where it stands.
            const isEmpty = found === undefined || found === null || JSON.stringify(found) === "{}";
            const isAbsent = code.startsWith("missing") || code === "timestamp.missing" || code === "null";
            expect([code, path, tokens !== undefined, isEmpty]).toEqual([code, path, true, isAbsent]);
          }
        }
      },
    );
  });

  describe("judge", () => {
    const anyMessage = fc.dictionary(
      fc.oneof(
        fc.constantFrom("measurements", "device_id", "timestamp", "device_type", "params", "Time", "trends"),
        fc.string(),
      ),
      fc.jsonValue({ maxDepth: 4 }),
    );
    const mutated = fc
      .tuple(fc.constantFrom(...all), fc.nat(), fc.jsonValue({ maxDepth: 2 }))
      .map(([{ example }, at, value]) => {
        const paths = placesIn(example.message);
        const message = structuredClone(example.message);
        setAt(message, paths[at % paths.length] ?? [], value);
        return message;
      });
    test("is total and deterministic, and its fragments are JSON", () => {
      const source = fc.record({ key: fc.option(fc.string()), timestamp: fc.integer({ min: 0, max: 4e12 }) });
      fc.assert(
        fc.property(fc.oneof(anyMessage, mutated), source, (message, from) => {
          const verdict = judge(message, from, plan);
          expect(judge(structuredClone(message), from, plan)).toEqual(verdict);
          if (!verdict.ok) {
            expect(["schema", "key_mismatch", "bad_timestamp"]).toContain(verdict.reason);
            return;
          }
          JSON.parse(verdict.device_metadata);
          JSON.parse(verdict.measurement_metadata);
          expect(JSON.parse(verdict.detection_json)).toEqual(JSON.parse(JSON.stringify(verdict.detection)));
          if (verdict.normalized !== undefined) JSON.parse(verdict.normalized);
          const worst = verdict.findings.some(({ severity }) => severity === "bad");
          expect(verdict.grade === "BAD").toBe(worst);
          expect(verdict.measurements_complete).toBe(verdict.completeness === 100);
          expect(verdict.completeness).toBeWithin(0, 101);
          expect(verdict.enrichment_success).toBe(verdict.type !== undefined);
          const untimely = verdict.findings.some(
            ({ code }) => code === "timestamp.missing" || code === "timestamp.ahead",
          );
          expect(verdict.timestamp_valid).toBe(!untimely);
        }),
        { numRuns: 2_000 },
      );
    });
  });
}

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
};

/** Paths of every member of a message below its top level, and of its measurements. */
function placesIn(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [at];
  const below = Object.entries(value).flatMap(([key, member]) => placesIn(member, [...at, key]));
  return at.length === 0 ? below : [at, ...below];
}

function setAt(message: Message, path: string[], value: unknown): void {
  const holder = readPointer(message, path.slice(0, -1)) as Record<string, unknown>;
  const last = path.at(-1);
  if (last === undefined) return;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
}

const IDENTITY = ["device_id", "src", "device_type", "end_device_ids", "event_type"];

/** The message without each of its fields in turn, but those that say whose it is; and which field that was. */
export function withoutOne(message: Message): [Message, string][] {
  return placesIn(message)
    .filter(([top]) => !IDENTITY.includes(top ?? ""))
    .map((path) => {
      const smaller = structuredClone(message);
      setAt(smaller, path, undefined);
      return [smaller, pointerOf(path)];
    });
}

/** The message with each of its numbers far out, null or a text, in turn. */
export function spoilt(message: Message): Message[] {
  return placesIn(message)
    .filter((path) => typeof readPointer(message, path) === "number")
    .flatMap((path) =>
      [1e7, -1e7, null, "x"].map((value) => {
        const other = structuredClone(message);
        setAt(other, path, value);
        return other;
      }),
    );
}

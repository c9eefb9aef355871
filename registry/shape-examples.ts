/**
 * What the examples say of the shapes beside whether they hold: a path that none of them has, a `when` that takes the
 * messages of others.
 *
 * A mistyped path of an optional measurement would otherwise be no fault (the value is merely never there), nor would a
 * shape that takes what nobody else knows. In: the registry, its plan, the judged examples. Out: faults with what was meant.
 */
import type { DeviceRegistry, RegistryShape } from "../schemas/registry.ts";
import type { JudgedExample } from "./examples.ts";
import { type Fault, nearestName } from "./fault.ts";
import type { Plan } from "../judge/plan.ts";
import { escapeToken, parsePointer, readPointer } from "../judge/pointer.ts";
import { knows } from "../judge/shape.ts";
import { shortJson } from "./structure.ts";

export function checkShapesByExamples(
  registry: DeviceRegistry,
  plan: Plan,
  examples: readonly JudgedExample[],
): Fault[] {
  const faults: Fault[] = [];
  (registry.shapes ?? []).forEach((shape, index) => {
    const at = `/shapes/${index}`;
    const own = examples.filter(
      (one) => one.at.startsWith(`${at}/`) || (one.verdict.ok && one.verdict.shape?.id === shape.id),
    );
    const messages = own.map(({ example }) => example.message);
    if (messages.length > 0) checkPaths(shape, messages, at, faults);
    checkOthers(shape, plan, examples, at, faults);
  });
  return faults;
}

/** A more specific shape takes this message; one that nobody wrote down yet would become a device that it is not. */
function checkOthers(
  { id, device_type }: RegistryShape,
  plan: Plan,
  examples: readonly JudgedExample[],
  at: string,
  faults: Fault[],
): void {
  const compiled = plan.shapes.find((shape) => shape.id === id);
  for (const { example, verdict } of examples) {
    if (device_type === undefined || !verdict.ok || verdict.shape === undefined) continue;
    if (verdict.device_type === device_type || !knows(compiled, example.message)) continue;
    faults.push({
      path: `${at}/when`,
      problem: `also holds for ${shortJson(example.name)} of ${verdict.shape.id}, a message of ${verdict.device_type}`,
      expected: "a condition that only messages of this vendor meet",
    });
    return;
  }
}

function checkPaths(shape: RegistryShape, messages: unknown[], at: string, faults: Fault[]): void {
  const expectIn = (found: unknown[], pointer: string, place: string) => {
    if (found.some((value) => read(value, pointer) !== undefined)) return;
    const meant = nearestName(pointer, [...new Set(found.flatMap((value) => pointersIn(value)))]);
    faults.push({
      path: place,
      problem: `${shortJson(pointer)} is in no example`,
      expected: `${meant === undefined ? "" : `${shortJson(meant)}, or `}an example whose message has it`,
    });
  };
  if (shape.device_id !== undefined) expectIn(messages, shape.device_id, `${at}/device_id`);
  if (shape.timestamp !== undefined) expectIn(messages, shape.timestamp.path, `${at}/timestamp/path`);
  for (const [path, { from, pick }] of Object.entries(shape.measurements)) {
    const place = `${at}/measurements/${escapeToken(path)}`;
    expectIn(messages, from, `${place}/from`);
    const elements = pick === undefined ? [] : elementsAt(messages, from);
    if (pick === undefined || elements.length === 0) continue;
    expectIn(elements, pick.path, `${place}/pick/path`);
    pick.and?.forEach(({ path: other, op }, index) => {
      if (op !== "absent") expectIn(elements, other, `${place}/pick/and/${index}/path`);
    });
    expectIn(elements, pick.take ?? "", `${place}/pick/take`);
  }
}

const read = (value: unknown, pointer: string) => readPointer(value, parsePointer(pointer) ?? []);

function elementsAt(messages: unknown[], from: string): unknown[] {
  return messages.flatMap((message) => {
    const found = read(message, from);
    return Array.isArray(found) ? found : [];
  });
}

/** JSON Pointer of everything in a message, objects too. */
function pointersIn(value: unknown, at = ""): string[] {
  if (typeof value !== "object" || value === null) return [at];
  const below = Object.entries(value).flatMap(([key, member]) =>
    pointersIn(member, `${at}/${escapeToken(key)}`),
  );
  return [at, ...below];
}

/**
 * The paths of a shape that none of its examples has: mistyped, or never tried.
 *
 * A path of an optional measurement would otherwise be no fault: the value is merely never there. In: the registry, its
 * plan. Out: a fault for each such path, with the path of an example that was meant.
 */
import type { DeviceRegistry, RegistryExtract, RegistryShape } from "../schemas/registry.ts";
import { judgeExample } from "./examples.ts";
import { type Fault, nearestName } from "./fault.ts";
import type { Plan } from "./plan.ts";
import { escapeToken, parsePointer, readPointer } from "./pointer.ts";
import { shortJson } from "./structure.ts";

export function checkExamplePaths(registry: DeviceRegistry, plan: Plan): Fault[] {
  const faults: Fault[] = [];
  const ofTypes = Object.values(registry.device_types).flatMap((type) =>
    (type.examples ?? []).map((example) => ({ example, verdict: judgeExample(example, plan) })),
  );
  (registry.shapes ?? []).forEach((shape, index) => {
    const own = (shape.examples ?? []).map(({ message }) => message);
    const others = ofTypes
      .filter(({ verdict }) => verdict.ok && verdict.shape?.id === shape.id)
      .map(({ example }) => example.message);
    if (own.length + others.length > 0) checkShape(shape, [...own, ...others], `/shapes/${index}`, faults);
  });
  return faults;
}

function checkShape(shape: RegistryShape, messages: unknown[], at: string, faults: Fault[]): void {
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
    expectIn(elements, pick.take ?? "", `${place}/pick/take`);
  }
}

const read = (value: unknown, pointer: string) => readPointer(value, parsePointer(pointer) ?? []);

function elementsAt(messages: unknown[], from: RegistryExtract["from"]): unknown[] {
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

/**
 * One registry from the files of a set: the entry, and the files that it includes.
 *
 * In: each file's name and text, the entry first. Out: the registry as if it stood in one file, and where each part of it stands; or
 * the faults that are seen before it is compiled, each with its file.
 */
import { DeviceRegistry, RegistryPart } from "../schemas/registry.ts";
import { escapeToken } from "../judge/pointer.ts";
import { type Fault, faultText } from "./fault.ts";
import { checkJsonText } from "./json-text.ts";
import { checkStructure } from "./structure.ts";

export interface RegistryFile {
  /** As faults name it. */
  name: string;
  text: string;
}

export type Merged =
  { ok: true; registry: object; tell: (fault: Fault) => string } | { ok: false; faults: string[] };

/** Merges an entry with its parts. For an entry alone compileRegistry() says all there is to say. */
export function mergeRegistry([entry, ...parts]: [RegistryFile, ...RegistryFile[]]): Merged {
  const unreadable = [entry, ...parts].flatMap(({ name, text }) => {
    const fault = checkJsonText(text);
    return fault === undefined ? [] : [name + faultText(fault)];
  });
  if (unreadable.length > 0) return { ok: false, faults: unreadable };
  const first: unknown = JSON.parse(entry.text);
  const included = parts.map(({ name, text }) => ({ name, value: JSON.parse(text) as RegistryPart }));
  const misshapen = [
    ...checkStructure(first, DeviceRegistry).map((fault) => entry.name + faultText(fault)),
    ...included.flatMap(({ name, value }) =>
      checkStructure(value, RegistryPart).map((fault) => name + faultText(fault)),
    ),
  ];
  if (misshapen.length > 0) return { ok: false, faults: misshapen };
  const registry = first as DeviceRegistry;

  const device_types = { ...registry.device_types };
  const shapes = [...(registry.shapes ?? [])];
  /** Pointer of a type or shape in the merged registry -> where it stands. */
  const places = new Map<string, string>();
  const faults: string[] = [];
  for (const key of Object.keys(device_types)) places.set(`/device_types/${escapeToken(key)}`, entry.name);
  for (const { name, value } of included) {
    for (const [key, type] of Object.entries(value.device_types ?? {})) {
      const at = `/device_types/${escapeToken(key)}`;
      const other = places.get(at);
      if (other !== undefined)
        faults.push(`${name}${at}: the type stands in ${other}, too; expected it in one file`);
      places.set(at, name);
      device_types[key] = type;
    }
    for (const [index, shape] of (value.shapes ?? []).entries()) {
      places.set(`/shapes/${shapes.length}`, `${name}/shapes/${index}`);
      shapes.push(shape);
    }
  }
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, registry: { ...registry, device_types, shapes }, tell };

  /** `config/vendors/shelly.json/shapes/0/when: ...` */
  function tell(fault: Fault): string {
    const [, list = "", item = "", ...rest] = fault.path.split("/");
    const place = places.get(`/${list}/${item}`);
    if (place === undefined) return entry.name + faultText(fault);
    if (list === "device_types") return place + faultText(fault);
    return faultText({ ...fault, path: [place, ...rest].join("/") });
  }
}

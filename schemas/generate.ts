/**
 * `bun run schemas`: writes the contract as JSON Schema (draft 2020-12) to `schemas/json/`, for any language.
 *
 * In: the TypeBox schemas beside this file. Out: one file each, formatted as `bun fmt` does.
 */
import { join } from "node:path";
import type { TSchema } from "@sinclair/typebox";
import { showUsage } from "../runtime/usage.ts";
import { Alarm } from "./alarm.ts";
import { Command } from "./command.ts";
import { Enriched } from "./enriched.ts";
import { DeadLetterHeaders, EnrichedHeaders } from "./headers.ts";
import { DeviceRegistry, RegistryPart } from "./registry.ts";
import { Heartbeat } from "./service.ts";
import { Telemetry } from "./telemetry.ts";

export const FOLDER = join(import.meta.dir, "json");
export const DIALECT = "https://json-schema.org/draft/2020-12/schema";
export const PUBLISHED: TSchema[] = [
  Telemetry,
  Enriched,
  EnrichedHeaders,
  DeadLetterHeaders,
  Alarm,
  Command,
  Heartbeat,
  DeviceRegistry,
  RegistryPart,
];

/** File name -> text. */
export async function schemaFiles(): Promise<Map<string, string>> {
  const files = PUBLISHED.map(async (schema) => {
    const name = `${schema.$id}.schema.json`;
    return [name, await format(name, JSON.stringify(published(schema), null, 2))] as const;
  });
  return new Map(await Promise.all(files));
}

/** What stands in the file: the schema itself, under a name of its own. JSON drops TypeBox's symbols. */
export function published(schema: TSchema): Record<string, unknown> {
  const { $id, title, description, ...rest } = schema;
  return { $schema: DIALECT, $id: `urn:iot-cloud:schema:${$id}`, title, description, ...rest };
}

async function format(name: string, text: string): Promise<string> {
  const formatter = Bun.spawn([process.execPath, "fmt", "--no-script", "--stdin-filepath", name], {
    cwd: join(import.meta.dir, ".."),
    stdin: new Blob([text]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [formatted, errors, code] = await Promise.all([
    new Response(formatter.stdout).text(),
    new Response(formatter.stderr).text(),
    formatter.exited,
  ]);
  if (code !== 0) throw new Error(`${name}: bun fmt ended with ${code}: ${errors}`);
  return formatted;
}

if (import.meta.main) {
  showUsage(
    "bun run schemas   writes schemas/json/, the contract as JSON Schema for producers in any language",
    [],
  );
  for (const [name, text] of await schemaFiles()) {
    await Bun.write(join(FOLDER, name), text);
    console.log(`schemas/json/${name}`);
  }
}

/** The published schema of `iot.raw` means one thing: Ajv in strict mode and our own TypeBox judge 100,000 messages alike. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Telemetry } from "../schemas/telemetry.ts";
import { telemetryValues } from "./telemetry.case.ts";

const COUNT = 100_000;

test(`Ajv and TypeBox agree on ${COUNT} generated messages, good and bad`, () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: true, strictTuples: true });
  ajv.addKeyword({ keyword: "unit", schemaType: "string" });
  const published: object = JSON.parse(readFileSync("schemas/json/telemetry.schema.json", "utf8"));
  const byAjv = ajv.compile(published);
  const byTypeBox = TypeCompiler.Compile(Telemetry);
  let good = 0;
  for (const value of telemetryValues(COUNT)) {
    const verdict = byTypeBox.Check(value);
    if (byAjv(value) !== verdict)
      throw new Error(`TypeBox says ${verdict}, Ajv ${!verdict}: ${JSON.stringify(value)}`);
    if (verdict) good++;
  }
  // Either kind alone would prove little.
  expect(good).toBeGreaterThan(COUNT / 3);
  expect(good).toBeLessThan((COUNT * 9) / 10);
}, 120_000);

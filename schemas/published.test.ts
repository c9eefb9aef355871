import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Kind, Type, type TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { Ajv2020 } from "ajv/dist/2020.js";
import { DIALECT, FOLDER, PUBLISHED, published, schemaFiles } from "./generate.ts";
import { CASES } from "./published.case.ts";

const casesOf = (schema: TSchema) => CASES.find((one) => one.schema === schema.$id);

describe("the published JSON Schemas", () => {
  test("are what `bun run schemas` writes now: none stale, none too many", async () => {
    const files = await schemaFiles();
    expect(readdirSync(FOLDER).sort()).toEqual([...files.keys()].sort());
    for (const [name, text] of files)
      expect([name, readFileSync(join(FOLDER, name), "utf8")]).toEqual([name, text]);
  });

  for (const schema of PUBLISHED) {
    describe(`${schema.$id}.schema.json`, () => {
      const json: Record<string, unknown> = JSON.parse(JSON.stringify(published(schema)));
      const ajv = new Ajv2020({ strict: true, strictTypes: true, strictTuples: true, allErrors: true });
      ajv.addKeyword({ keyword: "unit", schemaType: "string" });
      const check = ajv.compile(json);

      test("has a name, a title and the dialect of 2020-12", () => {
        expect(json).toMatchObject({
          $schema: DIALECT,
          $id: expect.stringMatching(/^urn:iot-cloud:schema:/),
        });
        expect(json.title).toBeString();
      });

      test("Ajv in strict mode and TypeBox take what is good", () => {
        const good = casesOf(schema)?.good ?? [];
        expect(good.length).toBeGreaterThan(0);
        for (const value of good) {
          expect([...Value.Errors(schema, value)]).toEqual([]);
          check(value);
          expect(check.errors).toBeNull();
        }
      });

      for (const [why, value] of Object.entries(casesOf(schema)?.bad ?? {}))
        test(`both refuse ${why}`, () => {
          expect(Value.Check(schema, value)).toBe(false);
          expect(check(value)).toBe(false);
        });
    });
  }
});

describe("every schema of this folder", () => {
  const modules = readdirSync(import.meta.dir).filter((file) => /^[a-z-]+\.ts$/.test(file));

  test("says of each numeric leaf what it is and in which unit", async () => {
    const bare: string[] = [];
    let leaves = 0;
    for (const file of modules) {
      const exported: Record<string, unknown> = await import(join(import.meta.dir, file));
      for (const [name, value] of Object.entries(exported))
        if (isSchema(value))
          leaves += visit(value, `${file} ${name}`, {}, (path) => {
            bare.push(path);
          });
    }
    expect(bare).toEqual([]);
    expect(leaves).toBeGreaterThan(30);
  });

  test("the rule finds a leaf without a unit, inside a list inside a record too", () => {
    const found: string[] = [];
    const inner = Type.Array(Type.Number({ description: "no unit" }));
    visit(Type.Object({ a: Type.Record(Type.String(), inner) }), "x", {}, (path) => {
      found.push(path);
    });
    expect(found).toEqual(["x/properties/a/patternProperties/^(.*)$/items"]);
  });
});

function isSchema(value: unknown): value is TSchema {
  return typeof value === "object" && value !== null && Kind in value;
}

interface Said {
  description?: unknown;
  unit?: unknown;
}

/** Reports numeric leaves without description or unit; a union speaks for its members. Counts the leaves. */
function visit(node: unknown, path: string, union: Said, report: (path: string) => void): number {
  if (typeof node !== "object" || node === null) return 0;
  const schema = node as Said & { type?: unknown; const?: unknown };
  const said = { description: schema.description ?? union.description, unit: schema.unit ?? union.unit };
  const numeric = (schema.type === "number" || schema.type === "integer") && schema.const === undefined;
  if (numeric && !(said.description && said.unit)) report(path);
  let leaves = numeric ? 1 : 0;
  for (const [key, child] of Object.entries(node))
    leaves += Array.isArray(node)
      ? visit(child, `${path}/${key}`, union, report)
      : visit(child, `${path}/${key}`, key === "anyOf" ? said : {}, report);
  return leaves;
}

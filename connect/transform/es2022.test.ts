/**
 * What runs inside Redpanda Connect must do without what its engine (goja) lacks or does differently.
 *
 * Types catch what a library lacks (tsconfig.pure.json); the rules of es2022.case.ts catch syntax, and what exists but
 * lies. connect/bundle.test.ts holds the built bundle to the same rules.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokenRules, RULES } from "./es2022.case.ts";

const config = Bun.JSONC.parse(readFileSync("tsconfig.pure.json", "utf8")) as Record<
  "include" | "exclude",
  string[]
>;
const matches = (file: string, globs: string[]) => globs.some((glob) => new Bun.Glob(glob).match(file));
const pureFiles = config.include
  .flatMap((glob) => [...new Bun.Glob(glob).scanSync(".")])
  .filter((file) => !matches(file, config.exclude))
  .sort();

describe("the pure files", () => {
  test("are all of judge/, what enrich() is made of, and what runs in Connect alone", () => {
    expect(pureFiles).toContain("enrich/enrich.ts");
    expect(pureFiles).toContain("enrich/decode.ts");
    expect(pureFiles).toContain("judge/judge.ts");
    expect(pureFiles).toContain("connect/transform/usual.ts");
    expect(pureFiles).not.toContain("enrich/main.ts");
  });

  for (const file of pureFiles) {
    test(`${file} uses nothing that Connect's engine lacks`, () => {
      const broken = brokenRules(readFileSync(file, "utf8"));
      expect(broken.map(({ name, why }) => `${file}: ${name}: ${why}`)).toEqual([]);
    });
  }
});

describe("a planted violation is seen", () => {
  for (const rule of RULES) {
    test(rule.name, () => {
      for (const source of rule.planted)
        expect({ source, broken: brokenRules(source) }).toEqual({
          source,
          broken: expect.arrayContaining([rule]),
        });
    });
  }

  test("also inside a template, and behind a regex with a quote", () => {
    const nested = (inner: string) => `\`a $\{${inner}} b\``;
    for (const source of [
      nested("Intl.x"),
      nested(nested("Intl.x")),
      "a.split(/[\"'`]/).map(Intl)",
      "a / b; Intl.x; c / d",
    ])
      expect(brokenRules(source).map(({ name }) => name)).toEqual(["Intl"]);
  });

  test("and harmless code is not", () => {
    const harmless = `
      // no async, no Intl, no (?<named> groups; it's fine
      /* fetch, Date.now() */
      export const a = { process: 1, url: 2, fetch: 3 };
      export const b = a.process / a.url / a.fetch + a.url / 2;
      export const c = /(?<=x)y|(?<!z)[d/"]v/g.test("no Promise") && 'await'.replace(/a\\/b/gi, \`fetch\`);
      export const d = (now: number) => new Date(now).toISOString() + new Date(0).getUTCDay() + Date.UTC(2025, 0);
      export const e = new Map(Object.entries(a).map(([k, v]) => [k, v]));`;
    expect(brokenRules(harmless).map(({ name }) => name)).toEqual([]);
  });
});

describe("tsconfig.pure.json", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "es2022-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("ES2022 without the types of Bun, Node or a browser is enough for the pure files", () => {
    expect(check("tsconfig.pure.json")).toEqual({ ok: true, output: "" });
  });

  const PLANTED: Record<string, string> = {
    "a browser's class": "export const a = new TextEncoder();",
    "Bun's namespace": 'export const a = Bun.file("x");',
    "a Node module": 'import { readFileSync } from "node:fs";\nexport const a = readFileSync("x");',
    ES2023: "export const a = [1].toSorted();",
    ES2024: "export const a = Object.groupBy([1], String);",
  };
  for (const [name, source] of Object.entries(PLANTED)) {
    test(`${name} is an error`, () => {
      writeFileSync(join(folder, "planted.ts"), source);
      const extended = {
        extends: join(process.cwd(), "tsconfig.pure.json"),
        include: ["planted.ts"],
        exclude: [],
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(extended));
      const { ok, output } = check(join(folder, "tsconfig.json"));
      expect(ok).toBe(false);
      expect(output).toContain("planted.ts");
    });
  }
});

function check(project: string): { ok: boolean; output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "check", "-p", project]);
  return { ok: exitCode === 0, output: exitCode === 0 ? "" : `${stdout}${stderr}` };
}

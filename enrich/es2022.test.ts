/**
 * What runs inside Redpanda Connect must do without what its engine (goja) lacks or does differently.
 *
 * Types catch what a library lacks (tsconfig.pure.json); this table catches syntax, and what exists but lies.
 * Over 250 lines: one table, each rule beside the code that breaks it. Source: a run of 116 probes on the engine that
 * Connect 4.106 pins.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Rule {
  name: string;
  why: string;
  /** Looked for in the code, without comments and with empty strings and regexes. */
  code?: RegExp;
  /** Looked for in each regex literal, with its flags. */
  regex?: RegExp;
  /** Looked for in the source as it is. */
  raw?: RegExp;
  /** Code that breaks the rule: it must be seen. */
  planted: string[];
}

const lacks = (name: string): Rule => ({
  name,
  why: "the engine has none",
  code: new RegExp(`(?<![.\\w$])${name}\\b(?!\\??\\s*:)`),
  planted: [`const a = new ${name}();`, `${name}.x;`, `f(${name})`],
});

const LACKING =
  "Intl TextEncoder TextDecoder URL URLSearchParams Buffer Bun process crypto performance WeakRef structuredClone " +
  "FinalizationRegistry queueMicrotask setTimeout setInterval setImmediate atob btoa fetch require console AbortController";

const RULES: Rule[] = [
  ...LACKING.split(" ").map(lacks),
  {
    name: "named groups",
    why: "they match, but .groups is undefined",
    regex: /\(\?<[A-Za-z_$]/,
    planted: ["/(?<year>[0-9]+)/.exec(a)", "a.match(/(?<b>c)/)"],
  },
  {
    name: "\\p{}",
    why: "it never matches",
    regex: /\\[pP]\{/,
    planted: ["/\\p{L}/u.test(a)", "f(/[\\P{Lu}]/u)"],
  },
  {
    name: "regex flags d and v",
    why: "a syntax error",
    regex: /\/[a-z]*[dv][a-z]*$/,
    raw: /\bRegExp\([^)]*,\s*["'`][a-z]*[dv]/,
    planted: ["a.match(/x/d)", "/[a-z]/gv.test(a)", 'new RegExp("x", "gd")'],
  },
  {
    name: "async",
    why: "a rejection is lost and the raw message goes on as if enriched",
    code: /\basync\b|\bawait\b|\bPromise\b/,
    planted: [
      "async function f() {}",
      "const f = async () => 1",
      "Promise.resolve(1)",
      "for await (const a of b) a",
    ],
  },
  {
    name: "import() and import.meta",
    why: "the engine loads CommonJS",
    code: /\bimport\s*\(|\bimport\.meta\b/,
    planted: ['const a = import("./x.ts")', "import.meta.url"],
  },
  {
    name: "the clock",
    why: "now is an argument",
    code: /\bDate\.now\b|\bnew Date(?:\(\s*\)|(?!\w|\s*\())|(?<!new )(?<![.\w$])Date\(/,
    planted: ["Date.now()", "new Date()", "new Date;", "Date()"],
  },
  { name: "random", why: "enrich() is pure", code: /\bMath\.random\b/, planted: ["Math.random()"] },
  {
    name: "dates from text",
    why: "engines read sloppy dates differently; registry/time.ts is ours",
    code: /\bDate\.parse\b|\bnew Date\(\s*["'`]/,
    planted: ["Date.parse(a)", 'new Date("2025-01-01")', "new Date(`2025-01-01`)"],
  },
  {
    name: "locale functions",
    why: "they depend on data that the engine lacks",
    code: /\.toLocale[A-Z]\w*|\.localeCompare\b/,
    planted: ["a.toLocaleString()", "a.toLocaleUpperCase()", "a.localeCompare(b)"],
  },
  {
    name: "Set methods",
    why: "the engine has none",
    code: /\.(?:union|intersection|difference|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom)\(/,
    planted: ["a.union(b)", "a.isSubsetOf(b)"],
  },
  {
    name: "groupBy",
    why: "the engine has none",
    code: /\.groupBy\(/,
    planted: ["Object.groupBy(a, f)", "Map.groupBy(a, f)"],
  },
  {
    name: "iterator helpers",
    why: "the engine has none",
    code: /(?<!\bObject)\.(?:values|keys|entries|matchAll)\([^()]*\)\s*\.(?:map|filter|take|drop|flatMap|reduce|toArray|forEach|some|every|find)\(/,
    planted: ["a.values().map(f)", "a.matchAll(/x/g).toArray()", "a.keys()\n  .filter(f)"],
  },
  { name: "using", why: "a syntax error", code: /\busing\s+\w+\s*=/, planted: ["{ using a = b; }"] },
];

function brokenRules(source: string): Rule[] {
  const { code, regexes } = tokens(source);
  return RULES.filter(
    (rule) =>
      rule.code?.test(code) || rule.raw?.test(source) || regexes.some((regex) => rule.regex?.test(regex)),
  );
}

const config = Bun.JSONC.parse(readFileSync("tsconfig.pure.json", "utf8")) as Record<
  "include" | "exclude",
  string[]
>;
const matches = (file: string, globs: string[]) => globs.some((glob) => new Bun.Glob(glob).match(file));
const pureFiles = [...new Bun.Glob("{registry,enrich}/*.ts").scanSync(".")]
  .filter((file) => matches(file, config.include) && !matches(file, config.exclude))
  .sort();

describe("the pure files", () => {
  test("are all of registry/ and what enrich() is made of", () => {
    expect(pureFiles).toContain("enrich/enrich.ts");
    expect(pureFiles).toContain("enrich/decode.ts");
    expect(pureFiles).toContain("registry/judge.ts");
    expect(pureFiles).not.toContain("enrich/host.ts");
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

/** The code with comments gone and strings, template text and regexes emptied; the regexes for themselves. */
function tokens(source: string): { code: string; regexes: string[] } {
  const regexes: string[] = [];
  let code = "";
  /** For each open template: how many braces are open inside its `${`. */
  const templates: number[] = [];
  for (let i = 0; i < source.length;) {
    const rest = source.slice(i, i + 2_000);
    const character = rest.charAt(0);
    const skipped = /^(?:\/\/[^\n]*|\/\*[\s\S]*?\*\/)/.exec(rest)?.[0];
    const string = /^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/.exec(rest)?.[0];
    const regex = /^\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/.exec(rest)?.[0];
    if (skipped !== undefined) i += skipped.length;
    else if (string !== undefined) {
      code += '""';
      i += string.length;
    } else if (character === "`" || (character === "}" && templates.at(-1) === 0)) {
      if (character === "}") templates.pop();
      const text = /^[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/.exec(rest)?.[0] ?? character;
      if (text.endsWith("${")) templates.push(0);
      code += character === "`" ? "`" : "";
      code += text.endsWith("${") ? " " : "`";
      i += text.length;
    } else if (
      regex !== undefined &&
      /(?:^|[(,=:[!&|?{};+*%<>~^-]|\b(?:return|case|typeof|of|in))\s*$/.test(code)
    ) {
      regexes.push(regex);
      code += "/./";
      i += regex.length;
    } else {
      const depth = templates.at(-1);
      if (depth !== undefined && character === "{") templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && character === "}") templates[templates.length - 1] = depth - 1;
      code += character;
      i++;
    }
  }
  return { code, regexes };
}

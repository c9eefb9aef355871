/** The table of design.md section 2 as data, held against every import line of the tree. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/**
 * What a room's own code may import beside itself and the rooms within it. Tests and benches may import anything.
 * `ingest`, `store`, `alarms`, `projections`, `accounts` and `replay` are still to be built.
 */
const MAY_IMPORT: Record<string, string[]> = {
  schemas: [],
  judge: ["schemas"],
  registry: ["schemas", "judge"],
  config: ["schemas", "judge", "registry"],
  batches: [],
  kafka: ["batches"],
  broker: ["batches"],
  runtime: ["config", "kafka"],
  simulator: ["schemas", "config", "kafka", "runtime"],
  ingest: ["schemas", "registry", "config", "kafka", "runtime", "accounts"],
  enrich: ["schemas", "judge"],
  "enrich/host": ["schemas", "judge", "enrich", "kafka", "runtime"],
  "connect/transform": ["schemas", "judge", "enrich"],
  explain: ["schemas", "judge", "enrich"],
  store: ["schemas"],
  alarms: ["schemas", "judge"],
  projections: ["schemas", "judge", "alarms", "config", "kafka", "store", "runtime"],
  accounts: ["schemas", "store"],
  replay: ["schemas", "judge", "enrich", "config", "kafka", "runtime"],
  dashboard: ["schemas", "judge", "config", "kafka", "store", "accounts", "runtime"],
  audit: ["schemas", "judge", "config", "enrich", "runtime"],
};
/** Files with a longer list than their room: commands, for what they start and their usage. */
const MAY_ALSO_IMPORT: Record<string, string[]> = {
  "schemas/generate.ts": ["runtime"],
  "enrich/main.ts": ["enrich/host", "config", "kafka", "runtime"],
  "explain/explain.ts": ["config", "kafka", "runtime"],
};
/** Packages with one home. */
const ONLY_IN: Record<string, string[]> = {
  kafkajs: ["kafka"],
  "bun:sqlite": ["broker", "store"],
  "@platformatic/kafka": ["audit"],
  hono: ["dashboard", "ingest"],
  pino: ["runtime"],
  "prom-client": ["runtime"],
  "@sinclair/typebox": ["schemas", "registry", "config", "dashboard"],
};

interface Import {
  file: string;
  target: string;
  typeOnly: boolean;
}

const NOT_SOURCE = /(^|\/)(node_modules|dist|data)\/|\.(test|case|fixture)\.tsx?$|\.d\.ts$/;
const files = [...new Bun.Glob("**/*.{ts,tsx}").scanSync(".")]
  .filter((file) => !NOT_SOURCE.test(file))
  .sort();
const imports = files.flatMap(importsOf);

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const form =
    /^\s*(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;
  return [...text.matchAll(form)].map((match) => {
    const target = match[2] ?? match[3] ?? "";
    const local = target.startsWith(".") ? normalize(join(dirname(file), target)) : target;
    return { file, target: local, typeOnly: match[1] !== undefined };
  });
}

/** The innermost one of the table, else the folder at the top. */
const roomOf = (path: string) => {
  const parts = path.split("/").slice(0, -1);
  for (; parts.length > 1; parts.pop()) if (parts.join("/") in MAY_IMPORT) break;
  return parts[0] === undefined ? path : parts.join("/");
};
const isRoom = (name: string) => name in MAY_IMPORT;

function mayImport(file: string, target: string): boolean {
  const from = roomOf(file);
  const to = roomOf(target);
  if (!isRoom(from) || !isRoom(to) || from === to) return true;
  return [...(MAY_IMPORT[from] ?? []), ...(MAY_ALSO_IMPORT[file] ?? [])].includes(to);
}

describe("imports", () => {
  test("the reader of import lines sees them", () => {
    expect(imports.length).toBeGreaterThan(50);
    expect(importsOf("dev.ts").map(({ target }) => target)).toContain("config/env.ts");
  });

  test("a room imports only what the table allows", () => {
    const wrong = imports.filter(({ file, target }) => !mayImport(file, target));
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  test("no files of a room import each other in a circle, but the broker's, which share their types", () => {
    let left = files.filter((file) => isRoom(roomOf(file)) && !file.startsWith("broker/"));
    const among = ({ file, target }: Import) => left.includes(file) && left.includes(target);
    for (let before = Number.NaN; before !== left.length;) {
      before = left.length;
      const within = imports.filter(among);
      const ends = [within.map(({ file }) => file), within.map(({ target }) => target)];
      left = left.filter((file) => ends.every((end) => end.includes(file)));
    }
    expect(left).toEqual([]);
  });

  test("a room that is still to be built has its place in the table", () => {
    const uses: [room: string, may: string, mayNot: string][] = [
      ["ingest", "accounts", "enrich"],
      ["store", "schemas", "kafka"],
      ["alarms", "judge", "store"],
      ["projections", "alarms", "dashboard"],
      ["accounts", "store", "dashboard"],
      ["replay", "enrich", "store"],
    ];
    for (const [room, may, mayNot] of uses) {
      expect([room, mayImport(`${room}/main.ts`, `${may}/x.ts`)]).toEqual([room, true]);
      expect([room, mayImport(`${room}/main.ts`, `${mayNot}/x.ts`)]).toEqual([room, false]);
    }
    for (const room of ["simulator", "enrich", "kafka"])
      for (const [later] of uses)
        expect([room, later, mayImport(`${room}/x.ts`, `${later}/x.ts`)]).toEqual([room, later, false]);
  });

  test("a package with one home is imported nowhere else", () => {
    const wrong = imports.filter(({ file, target, typeOnly }) => {
      const homes = ONLY_IN[packageOf(target)];
      return homes !== undefined && isRoom(roomOf(file)) && !typeOnly && !homes.includes(roomOf(file));
    });
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  test("every room with code stands in the table", () => {
    const known = [...Object.keys(MAY_IMPORT), "test", "bench", "connect", "deploy", "docs"];
    const folders = new Set(files.filter((file) => file.includes("/")).map(roomOf));
    expect([...folders].filter((folder) => !known.includes(folder))).toEqual([]);
  });

  test("what runs inside Connect reaches neither TypeBox nor Bun nor Node", () => {
    const reached = closure("connect/transform/transform.ts");
    expect(reached).toContain("judge/judge.ts");
    expect(reached.filter((target) => !target.endsWith(".ts"))).toEqual([]);
  });
});

describe("no memory of other messages", () => {
  /** What stands at the left margin and is neither a function, a plain value nor read-only by its type. */
  const kept = (source: string): string[] =>
    (source.match(/^(?:export )?(?:let|var|const) .*(?:\n[ }\])].*)*/gm) ?? []).filter(
      (statement) =>
        !/^(?:export )?const /.test(statement) || !KEEPS_NOTHING.some((form) => form.test(statement)),
    );
  const KEEPS_NOTHING = [
    /^[^=]*: (?:boolean|unique symbol|readonly |Readonly)/,
    / as const(?: satisfies .*)?;$/,
    /^[^=]+=\s+(?:Symbol\(|[-\d"'`/]|Number\.|[A-Z_]+ )/,
    // A function, unless it is called at once.
    /^(?![\s\S]*\}\)\([^)]*\);$)[^=]+=\s+\(?[^()]*(?:\([^()]*\)[^()]*)*\)?(?:: [^=]+)? =>\s/,
  ];

  test("what runs on each message keeps nothing at module level: its judge does, and goes with its plan", () => {
    const reached = [...closure("connect/transform/transform.ts"), ...closure("enrich/enrich.ts")];
    const pure = new Set([...reached, ...files.filter((file) => roomOf(file) === "judge")]);
    expect(reached).toContain("judge/detect.ts");
    const found = [...pure].flatMap((file) =>
      kept(readFileSync(file, "utf8")).map((line) => `${file}: ${line}`),
    );
    expect(found).toEqual([]);
  });

  test("planted state is seen", () => {
    for (const line of [
      'let last = "";',
      "export let count = 0;",
      "const made = new WeakMap<PlanType, Ready>();",
      "const seen = new Set(NAMES);",
      "const scratch: number[] = [];",
      'export const last = { text: "", ms: 0 };',
      "const marks = new Int32Array(64);",
      "const parseIso = createParseIso();",
      "const rowsOf = onceForEach((type, nominal) => rows(type, nominal));",
      "const next = (() => {\n  let at = 0;\n  return () => at++;\n})();",
    ])
      expect(kept(`import x from "y";\n${line}\n`)).toEqual([line]);
    for (const line of [
      "const MOST = 5 * 60_000;",
      "const HALF = /a/g;",
      'const NAMES: ReadonlySet<string> = new Set(["a"]);',
      'const WORDS = {\n  a: "b",\n} as const;',
      "function f() {\n  let x = 1;\n}",
      "const f = ({ a }: B, c = g()): D => {\n  let x = 1;\n};",
      "const f = (a: B): C =>\n  new Map(a);",
    ])
      expect(kept(`import x from "y";\n${line}\n`)).toEqual([]);
  });
});

/** Every module that is loaded when `entry` runs: type-only imports are gone by then. */
function closure(entry: string): string[] {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { target } of imports.filter((line) => line.file === file && !line.typeOnly)) visit(target);
  };
  visit(entry);
  return [...seen];
}

function packageOf(target: string): string {
  const parts = target.split("/");
  return target.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
}

describe("bun.lock", () => {
  test("holds the macOS build of every package that has one", () => {
    const lock = readFileSync("bun.lock", "utf8");
    const wanted = [...lock.matchAll(/"((?:@[\w.-]+\/)?[\w.-]*darwin-arm64[\w.-]*)": "/g)].map(
      (match) => match[1],
    );
    const missing = wanted.filter((name) => !lock.includes(`"${name}": ["${name}@`));
    expect(wanted.length).toBeGreaterThan(1);
    expect(missing).toEqual([]);
  });

  test("names no registry's host", () => {
    expect(readFileSync("bun.lock", "utf8")).not.toMatch(/https?:/);
  });
});

/**
 * What Connect's engine (goja) lacks or does differently, as rules that a source can be held to; each with code that breaks it.
 *
 * Source: notes of a run of 116 probes on the engine that Connect 4.106 pins.
 */
export interface Rule {
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

export const RULES: Rule[] = [
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
    planted: ['const a = import("../../enrich/x.ts")', "import.meta.url"],
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
    why: "engines read sloppy dates differently; judge/time.ts is ours",
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

export function brokenRules(source: string): Rule[] {
  const { code, regexes } = tokens(source);
  return RULES.filter(
    (rule) =>
      rule.code?.test(code) || rule.raw?.test(source) || regexes.some((regex) => rule.regex?.test(regex)),
  );
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

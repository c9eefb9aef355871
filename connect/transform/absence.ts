/**
 * What is said of a message's measurements follows from what is absent and from values that are not quiet: both are found by
 * code that is written for the type.
 *
 * In: a type and the nominal values that hold; then measurements of our own form. Out: which leaves are absent, as one number,
 * below UNUSUAL if a check may fail (withCheck()); values that are not quiet are told; or UNUSUAL: then values.ts may have more to
 * say, and it alone says what.
 * Connect's engine runs this in a third of the time of their loops. Names go into the code as JSON texts and numbers as
 * arguments (the engine misprints some), so nothing that a registry says is ever code.
 */
import type { Finding } from "../../schemas/enriched.ts";
import type { Nominal, PlanCheck, PlanField, PlanLeaf, PlanType } from "../../judge/plan.ts";
import { onceForEach } from "../../judge/kept-answers.ts";
import { createQuietRows, type QuietRow } from "../../judge/quiet.ts";
import { judgeLeaf, type Values } from "../../judge/values.ts";

/** A bit for each leaf that is absent, above the lowest six bits, which count them. */
export type Absence = (measurements: Values, tell: Tell) => number;

/** Hears of each value that is not quiet; false makes the message unusual. Bare: the value of a group of one leaf, sent as such. */
export type Tell = (leaf: number, value: unknown, isBare: boolean) => boolean;

export const UNUSUAL = -1;
/** What is absent where a check may fail, and back. */
export const withCheck = (absent: number) => UNUSUAL - 1 - absent;
/** `absent % COUNT` is how many leaves are absent. */
export const COUNT = 64;
/** A double holds 53 bits. */
const MOST_LEAVES = 53 - 6;

export type AbsenceFor = (type: PlanType, nominal: Nominal | undefined) => Absence;

export function createAbsenceFor(): AbsenceFor {
  const rowsOf = createQuietRows();
  return onceForEach((type, nominal) => (isWritable(type) ? write(type, rowsOf(type, nominal)) : never));
}

const never: Absence = () => UNUSUAL;

/** Arrays and texts have a length, too: under that name something would be found that nobody sent. */
function isWritable({ leaves }: PlanType): boolean {
  return leaves.length <= MOST_LEAVES && !leaves.some(({ group, name }) => [group, name].includes("length"));
}

/** The name of an argument that stands for the value. */
type Constant = (value: unknown) => string;

function write(type: PlanType, rows: QuietRow[]): Absence {
  const values: unknown[] = [];
  const body = bodyOf(type, rows, (value) => `c${values.push(value) - 1}`);
  const names = values.map((_, at) => `c${at}`).join();
  try {
    // The values are what the inner function closes over: in Connect's engine nothing is read faster.
    const outer = new Function("none", "sqrt", names, `return function(m,tell){${body}}`);
    return outer({}, Math.sqrt, ...values);
  } catch {
    // Not every engine makes code of a text.
    return never;
  }
}

/** `m` are the measurements, `a` is what is absent, `v3` the value of leaf 3. */
function bodyOf(type: PlanType, rows: QuietRow[], constant: Constant): string {
  const { groups, leaves, detect, checks } = type;
  let body = `var a=0,f=0,g,d,e,${rows.map((_, leaf) => `v${leaf}`).join()};`;
  for (const { name, kind, first, count } of groups) {
    body += `g=m[${JSON.stringify(name)}]??none;`;
    for (let leaf = first; leaf < first + count; leaf++) {
      const row = rows[leaf];
      if (row === undefined) continue;
      const value = `v${leaf}`;
      const sent = `g[${JSON.stringify(row.name)}]`;
      body += `${value}=${kind === "value" ? `typeof g==="number"?g:${sent}` : sent};`;
      body += `if(!(${quiet(value, row, constant)})){if(${value}===void 0)a+=${constant(2 ** leaf * COUNT + 1)};`;
      // In a check null is no number either.
      body += `else if(!tell(${leaf},${value},${value}===g))return ${UNUSUAL};else if(${value}===null)${value}=void 0}`;
    }
  }
  // Of what the type requires one field is enough (detect.ts, contradiction()).
  if (detect.requires.length > 0)
    body += `if(${detect.requires.flatMap((field) => isAbsent(field, leaves)).join("&&")})return ${UNUSUAL};`;
  for (const check of checks) body += checkOf(check, leaves, constant);
  return `${body}return f?${UNUSUAL - 1}-a:a`;
}

/** As isQuiet() says it. */
function quiet(value: string, { min, max, whole, among }: QuietRow, constant: Constant): string {
  const oneOf = (list: readonly unknown[]) => list.map((one) => `${value}===${constant(one)}`).join("||");
  if (among !== null) return oneOf(among);
  if (whole && Number.isInteger(min) && max - min === 1) return oneOf([min, max]);
  const inside = `typeof ${value}==="number"&&${value}>=${constant(min)}&&${value}<=${constant(max)}`;
  return whole ? `${inside}&&${value}%1===0` : inside;
}

function isAbsent({ group, leaf }: PlanField, leaves: PlanLeaf[]): string[] {
  return leaves.flatMap((one, at) =>
    one.group === group && (leaf === "*" || one.name === leaf) ? [`v${at}===void 0`] : [],
  );
}

/** A little stricter than checks.ts, which is asked then: the share counts of the value, not of the larger side. What is not there is NaN. */
function checkOf({ kind, of, equals, ...check }: PlanCheck, leaves: PlanLeaf[], constant: Constant): string {
  const inBase = (at: number) => {
    const { factor, offset } = leaves[at] ?? { factor: 1, offset: 0 };
    return factor === 1 && offset === 0 ? `v${at}` : `(v${at}*${constant(factor)}+${constant(offset)})`;
  };
  const apart = (at: number) => constant(check.tolerance_absolute * (leaves[at]?.factor ?? 1));
  const parts = of.map(inBase);
  if (kind === "order")
    return of
      .map((at, upper) => (upper === 0 ? "" : `if(${parts[upper - 1]}-${parts[upper]}>${apart(at)})f=1;`))
      .join("");
  const squares = parts.map((part) => `${part}*${part}`);
  const wanted = { sum: parts.join("+"), hypot: `sqrt(${squares.join("+")})`, ratio: parts.join("/") }[kind];
  return (
    `d=${inBase(equals)};e=d-(${wanted});if(e<0)e=-e;if(d<0)d=-d;` +
    `if(e>${apart(equals)}&&e>${constant(check.tolerance)}*d)f=1;`
  );
}

/** What values.ts says of a value that is not quiet, as a text; undefined where it is neither a number nor null. */
export function saidOf(
  value: unknown,
  leaf: number,
  type: PlanType,
  nominal: Nominal | undefined,
): string | undefined {
  const planned = type.leaves[leaf];
  if (planned === undefined || (value !== null && !Number.isFinite(value))) return undefined;
  const findings: Finding[] = [];
  const look = { type, nominal, places: undefined, partial: false, findings };
  judgeLeaf(value, planned, planned.required, undefined, look);
  return findings.map(({ code, expected }) => `${code} ${expected}`).join();
}

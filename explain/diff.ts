/** What changes for one message from one registry to another: as members, and as lines that a person reads. Pure. */
import type { Finding } from "../schemas/enriched.ts";
import { shown } from "./table.ts";
import type { VerdictLine } from "./verdict.ts";

/** Only the members that differ, before and after; undefined when nothing does. */
export function difference(
  before: VerdictLine,
  after: VerdictLine,
): { line: number; before: object; after: object } | undefined {
  const older: Record<string, unknown> = { ...before };
  const newer: Record<string, unknown> = { ...after };
  const names = [...new Set([...Object.keys(older), ...Object.keys(newer)])];
  const changed = names.filter((name) => comparable(name, older[name]) !== comparable(name, newer[name]));
  if (changed.length === 0) return undefined;
  const only = (record: Record<string, unknown>) =>
    Object.fromEntries(changed.filter((name) => name in record).map((name) => [name, record[name]]));
  return { line: before.line, before: only(older), after: only(newer) };
}

/** Which shape is nearest to a message that none knows, and the registry's version, decide nothing. */
function comparable(name: string, value: unknown): string {
  if (name !== "reasons" || !Array.isArray(value)) return JSON.stringify(value) ?? "";
  const deciding = value.filter((reason) => !String(reason).startsWith("the nearest shape is "));
  return JSON.stringify(deciding.map((reason) => String(reason).replace(/ of registry \S+ has /, " has ")));
}

/** `line 1: unknown → tank_level, UNCERTAIN → GOOD`, then what was found no more (-) and what is now (+). */
export function differenceText(before: VerdictLine, after: VerdictLine): string {
  const change = (read: (line: Judged) => string | number, unit = "", name = "") => {
    const [older, newer] = [before, after].map((line) => (line.to === "dlq" ? "" : String(read(line))));
    if (older === newer) return [];
    return [
      `${name}${[older, newer]
        .filter(Boolean)
        .map((text) => shown(text ?? ""))
        .join(" → ")}${unit}`,
    ];
  };
  const isSameType = typeOf(before) === typeOf(after);
  const changes = [
    ...change(({ device_id }) => device_id),
    isSameType ? shown(typeOf(after)) : `${shown(typeOf(before))} → ${shown(typeOf(after))}`,
    ...change(({ grade }) => grade),
    ...change(({ completeness }) => completeness, " % complete"),
    ...(isSameType ? change(({ method }) => method) : []),
    ...change(({ score }) => score, "", "score "),
    ...change(({ runner_up }) => runner_up ?? "none", "", "runner-up "),
  ];
  const lines = [
    ...gone(wordsOf(before), wordsOf(after)).map((words) => `  - ${shown(words)}`),
    ...gone(wordsOf(after), wordsOf(before)).map((words) => `  + ${shown(words)}`),
  ];
  return [`line ${before.line}: ${changes.join(", ")}`, ...lines, ""].join("\n");
}

type Judged = Extract<VerdictLine, { to: "enriched" }>;

const typeOf = (line: VerdictLine) => (line.to === "dlq" ? `dead letter ${line.reason}` : line.device_type);

/** Those of the one that the other has not. */
const gone = (of: string[], other: string[]) => of.filter((words) => !other.includes(words));

function wordsOf(line: VerdictLine): string[] {
  if (line.to === "dlq")
    return [`${line.reason} at ${line.path === "" ? "(message)" : line.path}: ${line.message}`];
  return [...line.findings.map(findingWords), ...line.reasons];
}

const findingWords = ({ code, path, expected, severity }: Finding) =>
  `${severity}: ${code} at ${path === "" ? "(message)" : path}${expected === undefined ? "" : `, expected ${expected}`}`;

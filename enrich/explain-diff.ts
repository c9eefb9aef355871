/** What changes for one message from one registry to another: as members, and as lines that a person reads. Pure. */
import type { Finding } from "../schemas/enriched.ts";
import { shown } from "./explain-table.ts";
import type { VerdictLine } from "./explain-verdict.ts";

/** Only the members that differ, before and after; undefined when nothing does. */
export function difference(
  before: VerdictLine,
  after: VerdictLine,
): { line: number; before: object; after: object } | undefined {
  const old: Record<string, unknown> = { ...before };
  const young: Record<string, unknown> = { ...after };
  const names = [...new Set([...Object.keys(old), ...Object.keys(young)])];
  const changed = names.filter((name) => comparable(name, old[name]) !== comparable(name, young[name]));
  if (changed.length === 0) return undefined;
  const only = (record: Record<string, unknown>) =>
    Object.fromEntries(changed.filter((name) => name in record).map((name) => [name, record[name]]));
  return { line: before.line, before: only(old), after: only(young) };
}

/** Which shape is nearest to a message that none knows, and the registry's version, decide nothing. */
function comparable(name: string, value: unknown): string {
  if (name !== "reasons" || !Array.isArray(value)) return JSON.stringify(value) ?? "";
  const deciding = value.filter((reason) => !String(reason).startsWith("the nearest shape is "));
  return JSON.stringify(deciding.map((reason) => String(reason).replace(/ of registry \S+ has /, " has ")));
}

/** `line 1: unknown → tank_level, UNCERTAIN → GOOD`, then what was found no more (-) and what is now (+). */
export function differenceText(before: VerdictLine, after: VerdictLine): string {
  const facts = new Map<string, [string, string]>();
  const fact = (name: string, read: (line: VerdictLine) => string) =>
    facts.set(name, [read(before), read(after)]);
  fact("device", (line) => (line.to === "enriched" ? line.device_id : ""));
  fact("type", (line) => (line.to === "enriched" ? line.device_type : `dead letter ${line.reason}`));
  fact("grade", (line) => (line.to === "enriched" ? line.grade : ""));
  fact("complete", (line) => (line.to === "enriched" ? `${line.completeness} % complete` : ""));
  fact("method", (line) => (line.to === "enriched" ? `${line.method}, score ${line.score}` : ""));
  const changes = [...facts].flatMap(([name, [old, young]]) => {
    if (old !== young)
      return [
        [old, young]
          .filter((text) => text !== "")
          .map(shown)
          .join(" → "),
      ];
    return name === "type" ? [shown(old)] : [];
  });
  const lines = [
    ...gone(wordsOf(before), wordsOf(after)).map((words) => `  - ${shown(words)}`),
    ...gone(wordsOf(after), wordsOf(before)).map((words) => `  + ${shown(words)}`),
  ];
  return [`line ${before.line}: ${changes.join(", ")}`, ...lines, ""].join("\n");
}

/** Those of the one that the other has not. */
const gone = (of: string[], other: string[]) => of.filter((words) => !other.includes(words));

function wordsOf(line: VerdictLine): string[] {
  if (line.to === "dlq")
    return [`${line.reason} at ${line.path === "" ? "(message)" : line.path}: ${line.message}`];
  return [...line.findings.map(findingWords), ...line.reasons];
}

const findingWords = ({ code, path, expected, severity }: Finding) =>
  `${severity}: ${code} at ${path === "" ? "(message)" : path}${expected === undefined ? "" : `, expected ${expected}`}`;

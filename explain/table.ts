/** A verdict as a table that a person reads on a terminal: field, value, unit, range, finding. Pure. */
import { createChooseNominal } from "../judge/nominal.ts";
import type { Nominal, Plan, PlanLeaf } from "../judge/plan.ts";
import { escapeToken, parsePointer, readPointer } from "../judge/pointer.ts";
import { formatIso } from "../judge/time.ts";
import { isRecord } from "../judge/values.ts";
import type { Judged } from "../judge/verdict.ts";
import { printNumber, printRange } from "../judge/words.ts";
import { type Finding, RESERVED_MEMBERS } from "../schemas/enriched.ts";
import type { DeadLetterMessage, EnrichedMessage } from "../enrich/enrich.ts";

type Row = [field: string, value: string, unit: string, range: string, finding: string];

const HEADINGS: Row = ["field", "value", "unit", "range", "finding"];
const WIDEST = 48;
const MOST_FIELDS = 60;

export function verdictTable(line: number, result: EnrichedMessage | DeadLetterMessage, plan: Plan): string {
  if (result.to === "dlq") {
    const at = result.path === "" ? "" : ` at ${shown(result.path)}`;
    return `line ${line}: dead letter, ${result.reason}${at}: ${shown(result.message)}\n`;
  }
  const { verdict } = result;
  const message: unknown = JSON.parse(result.value);
  const { method, score, runner_up, reasons } = verdict.detection;
  const runnerUp = runner_up === null ? "" : `, runner-up ${shown(runner_up)}`;
  return [
    `line ${line}: ${shown(verdict.device_id)} is ${shown(verdict.device_type)} (${method}, score ${score}${runnerUp})`,
    ...reasons.map((reason) => `  ${shown(reason)}`),
    `  grade ${verdict.grade}, ${verdict.completeness} % complete${verdict.shape ? `, shape ${verdict.shape.id}` : ""}`,
    "",
    ...layOut(rows(verdict, message, nominalOf(verdict, message, plan))),
    "",
  ].join("\n");
}

/** The mains that the values were judged by: the site's, else the type's that fits them. */
function nominalOf(verdict: Judged, message: unknown, plan: Plan): Nominal | undefined {
  const values = readPointer(message, verdict.shape ? ["normalized", "measurements"] : ["measurements"]);
  if (verdict.type === undefined || !isRecord(values)) return undefined;
  return createChooseNominal(plan)(values, verdict.type, verdict.device_id);
}

/** The time, the type's leaves that are there or have a finding, then the findings that belong to none of them. */
function rows(verdict: Judged, message: unknown, nominal: Nominal | undefined): Row[] {
  const left = new Set(verdict.findings);
  const time = timeRow(verdict, message);
  for (const finding of verdict.findings) if (finding.path === timePlace(verdict)) left.delete(finding);
  const leaves = (verdict.type?.leaves ?? []).flatMap((leaf): Row[] => {
    const pointer = pointerTo(leaf, verdict);
    const own = verdict.findings.filter(({ path }) => path === pointer || path === `${pointer}/value`);
    for (const finding of own) left.delete(finding);
    const read = verdict.shape
      ? readPointer(message, ["normalized", "measurements", leaf.group, leaf.name])
      : leafValue(message, pointer);
    // What could not be read is not in `normalized`: then what stands where the finding points.
    const value = read ?? own.map(({ path }) => sentAt(message, path)).find((sent) => sent !== undefined);
    if (value === undefined && own.length === 0) return [];
    return [
      [
        own.some(({ expected }) => expected === `${leaf.group}.*`) ? `${leaf.group}.*` : leaf.path,
        value === undefined ? "" : JSON.stringify(value),
        leaf.unit === "1" ? "" : (leaf.unit ?? ""),
        rangeOf(leaf, nominal),
        own.map(words).join("; "),
      ],
    ];
  });
  const others = [...left].map((finding): Row => {
    const value = readPointer(message, parsePointer(finding.path) ?? []);
    return [
      finding.path === "" ? "(message)" : finding.path,
      isScalar(value) ? JSON.stringify(value) : "",
      "",
      "",
      words(finding),
    ];
  });
  return [...time, ...leaves, ...others, ...(isNobodys(verdict, message) ? fieldsOf(message) : [])];
}

const timePlace = ({ shape }: Judged) => shape?.timestamp?.pointer ?? "/timestamp";

/** The device's claim as it was sent, and the time that it was read as where that is not plain. */
function timeRow(verdict: Judged, message: unknown): Row[] {
  const pointer = timePlace(verdict);
  const value = readPointer(message, parsePointer(pointer) ?? []);
  const own = verdict.findings.filter(({ path }) => path === pointer);
  if (value === undefined && own.length === 0) return [];
  const readAs = verdict.timestamp === undefined ? "" : formatIso(verdict.timestamp);
  const sent = isScalar(value) ? JSON.stringify(value) : "";
  const isPlain = typeof value === "string" && value.endsWith("Z");
  return [["timestamp", sent, "", isPlain ? "" : readAs, own.map(words).join("; ")]];
}

/** No shape knows it and it has no measurements: whoever writes a shape needs the paths of what is there. */
const isNobodys = ({ type, shape }: Judged, message: unknown) =>
  type === undefined && shape === undefined && !isRecord(readPointer(message, ["measurements"]));

function fieldsOf(message: unknown): Row[] {
  const fields = scalarsOf(withoutAppended(message), "").filter(([pointer]) => pointer !== "/timestamp");
  const rows = fields
    .slice(0, MOST_FIELDS)
    .map(([pointer, value]): Row => [pointer, JSON.stringify(value), "", "", ""]);
  const left = fields.length - rows.length;
  return left === 0 ? rows : [...rows, [`and ${left} more`, "", "", "", ""]];
}

function withoutAppended(message: unknown): unknown {
  const appended: readonly string[] = RESERVED_MEMBERS;
  return isRecord(message)
    ? Object.fromEntries(Object.entries(message).filter(([name]) => !appended.includes(name)))
    : {};
}

function scalarsOf(value: unknown, at: string): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[at, value]];
  return Object.entries(value).flatMap(([name, member]) => scalarsOf(member, `${at}/${escapeToken(name)}`));
}

/** Where the leaf's value stands in the raw message. */
function pointerTo(leaf: PlanLeaf, verdict: Judged): string {
  return verdict.shape?.measurements.find(({ path }) => path === leaf.path)?.pointer ?? leaf.pointer;
}

/** `{"value": n}` and a bare n mean the same. */
function leafValue(message: unknown, pointer: string): unknown {
  const value = readPointer(message, parsePointer(pointer) ?? []);
  return isScalar(value) ? value : readPointer(value, ["value"]);
}

/** Whatever it is: an object where a number should be, too. */
const sentAt = (message: unknown, pointer: string) =>
  leafValue(message, pointer) ?? readPointer(message, parsePointer(pointer) ?? []);

const isScalar = (value: unknown) => value !== undefined && (typeof value !== "object" || value === null);

function rangeOf(leaf: PlanLeaf, nominal: Nominal | undefined): string {
  if (leaf.expected_operating !== "") return leaf.expected_operating;
  if (leaf.nominal_max === 0) return leaf.expected_physical || leaf.expected_type;
  const shares = `${percent(leaf.nominal_min)}..${percent(leaf.nominal_max)} %`;
  const middle = nominal?.[leaf.quantity ?? ""];
  if (middle === undefined) return `${shares} of nominal`;
  const inUnit = (share: number) => (share * middle) / leaf.factor;
  const range = printRange(inUnit(leaf.nominal_min), inUnit(leaf.nominal_max), leaf.unit, 5);
  return `${range} (${shares} of ${printNumber(inUnit(1), 5)})`;
}

const percent = (share: number) => printNumber(share * 100, 4);

function words({ code, expected, severity }: Finding): string {
  return `${severity}: ${code}${expected === undefined ? "" : `, expected ${expected}`}`;
}

function layOut(body: Row[]): string[] {
  if (body.length === 0) return [];
  const table = [HEADINGS, ...body].map((row) =>
    row.map((cell, column) => (column === 1 ? clip(shown(cell)) : shown(cell))),
  );
  const widths = HEADINGS.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map(
    (row) =>
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}`,
  );
}

const clip = (cell: string) => (cell.length <= WIDEST ? cell : `${cell.slice(0, WIDEST - 1)}…`);

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A device's text must not move the cursor of whoever looks at it. */
export function shown(text: string): string {
  return text.replace(UNSEEN, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

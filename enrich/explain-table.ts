/** A verdict as a table that a person reads on a terminal: field, value, unit, range, finding. Pure. */
import type { PlanLeaf } from "../registry/plan.ts";
import { parsePointer, readPointer } from "../registry/pointer.ts";
import type { Judged } from "../registry/verdict.ts";
import type { Finding } from "../schemas/enriched.ts";
import type { DeadLetterMessage, EnrichedMessage } from "./enrich.ts";

type Row = [field: string, value: string, unit: string, range: string, finding: string];

const HEADINGS: Row = ["field", "value", "unit", "range", "finding"];
const WIDEST = 48;

export function verdictTable(line: number, result: EnrichedMessage | DeadLetterMessage): string {
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
    ...layOut(rows(verdict, message)),
    "",
  ].join("\n");
}

/** The type's leaves that are there or have a finding, then the findings that belong to none of them. */
function rows(verdict: Judged, message: unknown): Row[] {
  const left = new Set(verdict.findings);
  const leaves = (verdict.type?.leaves ?? []).flatMap((leaf): Row[] => {
    const pointer = pointerTo(leaf, verdict);
    const own = verdict.findings.filter(({ path }) => path === pointer || path === `${pointer}/value`);
    for (const finding of own) left.delete(finding);
    const value = verdict.shape
      ? readPointer(message, ["normalized", "measurements", leaf.group, leaf.name])
      : leafValue(message, pointer);
    if (value === undefined && own.length === 0) return [];
    return [
      [
        leaf.path,
        value === undefined ? "" : JSON.stringify(value),
        leaf.unit ?? "",
        rangeOf(leaf),
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
  return [...leaves, ...others];
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

const isScalar = (value: unknown) => value !== undefined && (typeof value !== "object" || value === null);

function rangeOf(leaf: PlanLeaf): string {
  if (leaf.expected_operating !== "") return leaf.expected_operating;
  if (leaf.nominal_max > 0) return `${percent(leaf.nominal_min)}..${percent(leaf.nominal_max)} % of nominal`;
  return leaf.expected_physical || leaf.expected_type;
}

const percent = (share: number) => Number((share * 100).toPrecision(4));

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

/** A device's text must not move the cursor of whoever looks at it. */
function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A JSON text as lines: findings stand at the right end of their line, added members carry a plus and a tint. */
import type { Finding } from "../../schemas/enriched.ts";
import { count } from "../format.ts";
import { INDENT, type Line, jsonLines } from "../api/json-lines.ts";
import { Rest } from "./disclosure.tsx";
import { SEVERITY_STATUS, State } from "./status.tsx";

export interface JsonProps {
  text: string;
  findings?: readonly Finding[];
  /** Top-level members that were added: marked. */
  added?: readonly string[];
  /** Folds the lines before them, since they stand elsewhere on the page: what is said of them. */
  before?: string;
}

/** `text` must be valid JSON. */
export function JsonView({ text, findings = [], added = [], before }: JsonProps) {
  const lines = jsonLines(text, new Set(findings.map((finding) => finding.path)));
  const isAdded = membership(added);
  const placed = place(lines, findings);
  let sent = 0;
  const marked = lines.map((line, i): Marked => {
    const isNew = isAdded(line);
    return { line, number: isNew ? undefined : ++sent, findings: placed.get(i) ?? [] };
  });
  const first = marked.findIndex(({ number }) => number === undefined);
  if (first <= 0) return <Lines lines={marked} />;
  return (
    <>
      {before === undefined ? (
        <Lines lines={marked.slice(0, first)} />
      ) : (
        <details class="same">
          <summary>
            <b>{first} lines</b> {before} · show
          </summary>
          <Lines lines={marked.slice(0, first)} />
        </details>
      )}
      {members(marked.slice(first)).map((lines) =>
        lines.length > MAX_OPEN_LINES ? (
          <details class="same add">
            <summary>
              <span class="s1">+</span> <code>{lines[0]?.line.parts[0]?.text}</code> {lines.length} lines ·
              show
            </summary>
            <Lines lines={lines} />
          </details>
        ) : (
          <Lines lines={lines} />
        ),
      )}
    </>
  );
}

/** An added member with more lines is folded: what a type measures is long, and the same in each of its messages. */
const MAX_OPEN_LINES = 40;

/** The lines of each top-level member. */
function members(lines: Marked[]): Marked[][] {
  const groups: Marked[][] = [];
  for (const marked of lines) {
    const opens = marked.line.indent === 1 && marked.line.pointers.length > 0;
    if (opens || groups.length === 0) groups.push([]);
    groups.at(-1)?.push(marked);
  }
  return groups;
}

interface Marked {
  line: Line;
  /** The number among the lines that were sent; an added line has none. */
  number: number | undefined;
  findings: Finding[];
}

/** How many characters are shown before lines are folded, a line counting as at least forty: a page stays a few screens long. */
export const OPEN_CHARS = 4_096;
const LEAST_CHARS = 40;
/** A line of more scrolls in a box of its own. */
const LONG_LINE = 1_000;

function Lines({ lines }: { lines: Marked[] }) {
  let chars = 0;
  const cut = lines.findIndex(({ line }) => {
    chars += Math.max(LEAST_CHARS, lengthOf(line));
    return chars > OPEN_CHARS;
  });
  // A line is never cut, and a few more are no reason to fold.
  const shown = Math.max(1, cut);
  if (cut < 0 || lines.length - shown < 10) return <LineList lines={lines} />;
  const rest = lines.slice(shown);
  const findings = rest.reduce((sum, one) => sum + one.findings.length, 0);
  return (
    <>
      <LineList lines={lines.slice(0, shown)} />
      <Rest
        words={`${count(rest.length)} more lines${findings > 0 ? ` with ${count(findings)} findings` : ""}`}
      >
        <LineList lines={rest} />
      </Rest>
    </>
  );
}

const lengthOf = (line: Line): number => line.parts.reduce((sum, { text }) => sum + text.length, 0);

const LineList = ({ lines }: { lines: Marked[] }) => (
  <ol class="json" tabindex={0} aria-label="The message, line by line">
    {lines.map(({ line, number, findings }) => (
      <li
        data-p={line.pointers[0] || undefined}
        data-n={number}
        class={
          number === undefined
            ? "add"
            : findings.some(({ severity }) => severity !== "info")
              ? "hit"
              : undefined
        }
      >
        <pre {...(lengthOf(line) > LONG_LINE && { class: "long", tabindex: 0 })}>
          {INDENT.repeat(line.indent)}
          {line.parts.map((part) => (part.key ? <span class="k">{part.text}</span> : part.text))}
        </pre>
        {findings.map((finding) => (
          <span class="note">
            <State status={SEVERITY_STATUS[finding.severity]}>{finding.code}</State>{" "}
            {finding.expected && <span class="m">{finding.expected}</span>}
          </span>
        ))}
      </li>
    ))}
  </ol>
);

/** Lines come in order, so a line without pointers (a closing bracket) belongs to the member before it. */
function membership(added: readonly string[]): (line: Line) => boolean {
  const names = new Set(added);
  let inside = false;
  return (line) => {
    const pointer = line.pointers[0];
    if (pointer !== undefined) inside = names.has(pointer.split("/")[1] ?? "");
    return inside && line.indent > 0;
  };
}

/** The line of a finding: where its path stands, or, for what is missing, where its nearest parent opens. */
function place(lines: Line[], findings: readonly Finding[]): Map<number, Finding[]> {
  const lineOf = new Map<string, number>();
  lines.forEach((line, i) => {
    for (const pointer of line.pointers) if (!lineOf.has(pointer)) lineOf.set(pointer, i);
  });
  const placed = new Map<number, Finding[]>();
  for (const finding of findings) {
    let pointer = finding.path;
    while (pointer !== "" && !lineOf.has(pointer)) pointer = pointer.slice(0, pointer.lastIndexOf("/"));
    const at = lineOf.get(pointer) ?? 0;
    placed.set(at, [...(placed.get(at) ?? []), finding]);
  }
  return placed;
}

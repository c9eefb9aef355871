/** A value as lines: findings stand at the right end of their line, added members carry a plus and a tint. */
import type { Finding } from "../../schemas/enriched.ts";
import { type Line, jsonLines } from "../json-lines.ts";
import { excerpt } from "../values.ts";
import { SEVERITY_STATUS, State } from "./status.tsx";

interface JsonProps {
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
  const marked = lines.map((line, i): Marked => ({
    line,
    added: isAdded(line),
    findings: placed.get(i) ?? [],
  }));
  const first = marked.findIndex((one) => one.added);
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
  added: boolean;
  findings: Finding[];
}

const Lines = ({ lines }: { lines: Marked[] }) => (
  <ol class="json" tabindex={0} aria-label="The message, line by line">
    {lines.map(({ line, added, findings }) => (
      <li
        data-p={line.pointers[0] || undefined}
        class={added ? "add" : findings.some(({ severity }) => severity !== "info") ? "hit" : undefined}
      >
        <pre>
          {"  ".repeat(line.indent)}
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

const BYTES_A_LINE = 16;
const MAX_BYTES = 4_096;

/** Bytes that are no text, as hexadecimal with what can be read beside it. */
export function BytesView({ bytes }: { bytes: Uint8Array }) {
  const shown = bytes.subarray(0, MAX_BYTES);
  const lines = Array.from({ length: Math.ceil(shown.length / BYTES_A_LINE) }, (_, i) =>
    shown.subarray(i * BYTES_A_LINE, (i + 1) * BYTES_A_LINE),
  );
  return (
    <section class="scroll" aria-label="Bytes of the message">
      <pre class="bytes">
        {lines.map((line, i) => {
          const hex = [...line].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
          const readable = [...line]
            .map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·"))
            .join("");
          return `${(i * BYTES_A_LINE).toString(16).padStart(6, "0")}  ${hex.padEnd(BYTES_A_LINE * 3)} ${readable}\n`;
        })}
        {bytes.length > MAX_BYTES && `… and ${bytes.length - MAX_BYTES} bytes more\n`}
      </pre>
    </section>
  );
}

/** Whatever a value is: JSON in lines, text as text, other bytes as hexadecimal. */
export function ValueView({ value, ...rest }: { value: Uint8Array | null } & Omit<JsonProps, "text">) {
  if (value === null) return <p class="body top m">No value: a tombstone.</p>;
  if (value.length === 0) return <p class="body top m">An empty value.</p>;
  const text = readUtf8(value);
  if (text === undefined) return <BytesView bytes={value} />;
  if (isJson(text)) return <JsonView text={text} {...rest} />;
  return <code class="excerpt body">{excerpt(text, 20_000)}</code>;
}

function readUtf8(value: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(value);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

import { escapeToken } from "../../judge/pointer.ts";
/**
 * Lays out a JSON text in lines without touching its tokens: numbers, escapes and order stay as the producer wrote them.
 *
 * In: a text that JSON.parse accepts. Out: lines with indent, text and the JSON Pointers that they show, so that a
 * finding can stand beside its line. Source: RFC 8259, RFC 6901.
 */

export interface Line {
  indent: number;
  /** Pieces in order; `key` is a member's name with its quotes. */
  parts: { key: boolean; text: string }[];
  /** JSON Pointers of the values on this line; a container stands where it opens. */
  pointers: string[];
}

interface Node {
  key?: string;
  pointer: string;
  /** The token, or `{` / `[` of a container. */
  text: string;
  children?: Node[];
  /** Length when written on one line. */
  width: number;
}

/** A container stands on one line up to this width, with its indent and comma: half of a page 1440 px wide has room for it. */
const ONE_LINE = 72;
/** The indent of one level. */
export const INDENT = "  ";
/** Deeper containers are shown as their text: a message of 100,000 brackets must not end the process. */
const MAX_DEPTH = 40;
const MAX_LINES = 4_000;
/** Values that are read; a page has no room for more, and a megabyte may hold half a million. */
const MAX_VALUES = 16_000;
/** Characters of the place of a container that is read: every value in it has a place that begins with these. */
const MAX_POINTER = 500;
/** Characters of one value. */
const MAX_TOKEN = 65_536;

/** `apart` lists pointers that deserve a line of their own (a finding speaks of them). */
export function jsonLines(text: string, apart: ReadonlySet<string> = new Set()): Line[] {
  const lines: Line[] = [];
  write(new Reader(text).value("", undefined, 0), 0, "", withParents(apart), lines);
  return lines.length > MAX_LINES
    ? [...lines.slice(0, MAX_LINES), { indent: 0, parts: [{ key: false, text: "…" }], pointers: [] }]
    : lines;
}

function withParents(pointers: ReadonlySet<string>): Set<string> {
  const all = new Set<string>();
  for (const pointer of pointers)
    if (pointer.length <= MAX_POINTER)
      for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) all.add(at);
  return all;
}

function write(node: Node, indent: number, after: string, apart: Set<string>, into: Line[]): void {
  const name =
    node.key === undefined
      ? []
      : [
          { key: true, text: node.key },
          { key: false, text: ": " },
        ];
  const { children } = node;
  if (children === undefined || children.length === 0 || fitsOnOneLine(node, indent, apart)) {
    const pointers: string[] = [];
    const parts = [...name, ...inline(node, pointers), { key: false, text: after }];
    into.push({ indent, parts: joined(parts), pointers });
    return;
  }
  into.push({ indent, parts: joined([...name, { key: false, text: node.text }]), pointers: [node.pointer] });
  children.forEach((child, i) => {
    write(child, indent + 1, i < children.length - 1 ? "," : "", apart, into);
  });
  into.push({ indent, parts: [{ key: false, text: closing(node) + after }], pointers: [] });
}

const closing = (node: Node): string => (node.text === "{" ? "}" : "]");

function fitsOnOneLine(node: Node, indent: number, apart: Set<string>): boolean {
  if (node.pointer === "" || INDENT.length * indent + node.width + 1 > ONE_LINE) return false;
  return !node.children?.some((child) => apart.has(child.pointer));
}

function inline(node: Node, pointers: string[]): Line["parts"] {
  pointers.push(node.pointer);
  const { children } = node;
  if (children === undefined) return [{ key: false, text: node.text }];
  if (children.length === 0) return [{ key: false, text: node.text + closing(node) }];
  const inner = children.flatMap((child, i) => [
    ...(i > 0 ? [{ key: false, text: ", " }] : []),
    ...(child.key === undefined
      ? []
      : [
          { key: true, text: child.key },
          { key: false, text: ": " },
        ]),
    ...inline(child, pointers),
  ]);
  return [{ key: false, text: `${node.text} ` }, ...inner, { key: false, text: ` ${closing(node)}` }];
}

/** Neighbours of the same kind become one piece: fewer elements on the page. */
function joined(parts: Line["parts"]): Line["parts"] {
  const result: Line["parts"] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (last !== undefined && last.key === part.key && !part.key) last.text += part.text;
    else if (part.text !== "") result.push({ ...part });
  }
  return result;
}

/** Splits a valid JSON text into nodes. The caller has parsed it before, so no error is looked for. */
class Reader {
  private at = 0;
  private values = 0;
  constructor(private readonly text: string) {}

  value(pointer: string, key: string | undefined, depth: number): Node {
    this.space();
    this.values++;
    const first = this.text[this.at];
    const node =
      (first === "{" || first === "[") && depth < MAX_DEPTH && pointer.length <= MAX_POINTER
        ? this.container(first, pointer, key, depth)
        : this.leaf(pointer, key);
    return node;
  }

  private container(open: string, pointer: string, key: string | undefined, depth: number): Node {
    const children: Node[] = [];
    this.at++;
    this.space();
    const close = open === "{" ? "}" : "]";
    while (this.at < this.text.length && this.text[this.at] !== close) {
      if (this.values >= MAX_VALUES) {
        this.skipRest();
        children.push({ pointer, text: "…", width: 1 });
        break;
      }
      let name: string | undefined;
      let token = String(children.length);
      if (open === "{") {
        name = this.string();
        token = JSON.parse(name) as string;
        this.space();
        this.at++; // the colon
      }
      children.push(this.value(`${pointer}/${escapeToken(token)}`, name, depth + 1));
      this.space();
      if (this.text[this.at] === ",") this.at++;
      this.space();
    }
    this.at++;
    const width = children.reduce((sum, child) => sum + child.width + 2, 2 + (key?.length ?? 0) + 2);
    return { key, pointer, text: open, children, width };
  }

  private leaf(pointer: string, key: string | undefined): Node {
    const start = this.at;
    const first = this.text[start];
    if (first === '"') this.string();
    else if (first === "{" || first === "[") {
      this.at++;
      this.skipRest();
      this.at++;
    } else while (this.at < this.text.length && !/[,\]}\s]/.test(this.text[this.at] ?? "")) this.at++;
    if (this.at === start) this.at++;
    const length = this.at - start;
    const whole = this.text.slice(start, start + Math.min(length, MAX_TOKEN));
    const text = length > MAX_TOKEN ? `${whole}… ${length - MAX_TOKEN} more characters` : whole;
    return { key, pointer, text, width: text.length + (key?.length ?? 0) + 2 };
  }

  private string(): string {
    const start = this.at++;
    while (this.at < this.text.length && this.text[this.at] !== '"')
      this.at += this.text[this.at] === "\\" ? 2 : 1;
    this.at++;
    return this.text.slice(start, this.at);
  }

  /** Skips to the bracket that ends the container in which it stands. */
  private skipRest(): void {
    let open = 0;
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at];
      if (char === '"') {
        this.string();
        this.at--;
      } else if (char === "{" || char === "[") open++;
      else if ((char === "}" || char === "]") && open-- === 0) return;
    }
  }

  private space(): void {
    while (/\s/.test(this.text[this.at] ?? "x")) this.at++;
  }
}
